import type { PacketPort } from "../base/packet-port.ts";
import { readMac } from "../wire/mac.ts";

/**
 * One analysis port shared by all isolated guests: frames are told apart by their source MAC address (the rules of
 * `isolation` bind it to the guest's port), so that each guest has a replayer of its own.
 */
export class StationPorts {
  readonly #port: PacketPort;
  readonly #handlers = new Map<string, (frame: Uint8Array) => void>();
  /** Frames from a MAC address that no replayer serves. */
  strangers = 0;

  constructor(port: PacketPort) {
    this.#port = port;
    port.onFrame((frame) => {
      const handler = this.#handlers.get(readMac(frame, 6));
      if (handler === undefined) this.strangers++;
      else handler(frame);
    });
  }

  /** The part of the port that belongs to the guest with this MAC address. */
  of(mac: string): PacketPort {
    return {
      timers: this.#port.timers,
      send: (frame) => this.#port.send(frame),
      onFrame: (handler) => {
        this.#handlers.set(mac, handler);
      },
    };
  }
}
