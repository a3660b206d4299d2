import { InputError } from "../base/errors.ts";
import { PORT, reservedPort } from "../rule/port.ts";
import type { CasePort, SwitchCase } from "./case.ts";
import type { DevicePort, PacketOutPort } from "./device.ts";

/** A case that contradicts itself is no difference of the device. */
export class CasePortError extends InputError {}

/** What the case calls its ports. */
export class CasePorts {
  readonly #byName: ReadonlyMap<string, number>;

  constructor({ ports }: SwitchCase) {
    this.#byName = new Map(ports.map(({ no, name }) => [name, no]));
  }

  /** A port through which frames come and go. */
  device(port: CasePort, where: string): DevicePort {
    const found = this.ingress(port, where);
    if (found !== "CONTROLLER" && found !== "NONE") return found;
    throw new CasePortError(`no frame comes or goes through ${found}`, { where });
  }

  ingress(port: CasePort, where: string): PacketOutPort {
    const number = typeof port === "number" ? port : (this.#byName.get(port) ?? reservedPort(port));
    switch (number) {
      case PORT.local:
        return "LOCAL";
      case PORT.controller:
        return "CONTROLLER";
      case PORT.none:
        return "NONE";
    }
    if (number !== undefined && [...this.#byName.values()].includes(number)) return number;
    throw new CasePortError(`the case has no port ${port}`, { where });
  }
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
