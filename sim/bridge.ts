import type { PacketPort } from "../src/base/packet-port.ts";
import { PORT } from "../src/rule/port.ts";
import type { Nic } from "./link/nic.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Switch } from "./switch/switch.ts";

/** A switch with cables in its ports: what the switch puts out goes where the port is plugged in. */
export class Bridge {
  readonly switch: Switch;
  readonly #nics = new Map<number, Nic>();
  #onControllerFrame: (frame: Uint8Array) => void = () => {};
  /** Frames that were received from ports, and frames that were sent to them. */
  readonly counts = { received: 0, sent: 0 };

  constructor(bridge: Switch) {
    this.switch = bridge;
  }

  /** The interface of a new port. */
  plug(port: number, name: string): Nic {
    this.switch.addPort(port, name);
    const nic: Nic = { receive: (bytes) => this.#receive(port, bytes), onSend: null };
    this.#nics.set(port, nic);
    return nic;
  }

  /** The CONTROLLER port, which has no cable: the analysis side holds it. */
  controller(scheduler: Scheduler): PacketPort {
    return {
      timers: scheduler,
      send: (frame) => this.#receive(PORT.controller, frame),
      onFrame: (handler) => {
        this.#onControllerFrame = handler;
      },
    };
  }

  #receive(port: number, bytes: Uint8Array): void {
    this.counts.received++;
    for (const output of this.switch.receive(port, bytes)) {
      if (output.port === "LOCAL") continue;
      this.counts.sent++;
      if (output.port === "CONTROLLER") this.#onControllerFrame(output.bytes);
      else this.#nics.get(output.port)?.onSend?.(output.bytes);
    }
  }
}
