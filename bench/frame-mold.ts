import { adjustChecksum } from "../src/wire/checksum.ts";
import { emitTcpFrame } from "../src/wire/packet.ts";

/** Where things stand in a TCP frame without VLAN tag and IP options. */
const AT = {
  ipChecksum: 24,
  source: 26,
  destination: 30,
  sourcePort: 34,
  destinationPort: 36,
} as const;
const TCP_CHECKSUM = 50;
const PORTS = 64_000;
const PORT_MIN = 1_024;

/**
 * One TCP segment cast for any of a million connections: copying and correcting costs the same for each, where building
 * or keeping a million frames would be measured instead of the switch.
 */
export class FrameMold {
  readonly #bytes: Uint8Array;
  readonly #addressAt: number;
  readonly #portAt: number;

  /** `isFromClient`: the connection's number goes into the source; otherwise into the destination. */
  constructor(isFromClient: boolean, frame: Parameters<typeof emitTcpFrame>[0]) {
    this.#bytes = emitTcpFrame(frame);
    this.#addressAt = isFromClient ? AT.source : AT.destination;
    this.#portAt = isFromClient ? AT.sourcePort : AT.destinationPort;
  }

  /** The segment of the connection with that number. */
  cast(connection: number): Uint8Array {
    const bytes = this.#bytes.slice();
    put(bytes, this.#addressAt + 2, Math.floor(connection / PORTS), AT.ipChecksum);
    put(bytes, this.#portAt, PORT_MIN + (connection % PORTS), 0);
    return bytes;
  }
}

function put(bytes: Uint8Array, at: number, value: number, ipChecksum: number): void {
  const old = (bytes[at]! << 8) | bytes[at + 1]!;
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
  correct(bytes, TCP_CHECKSUM, old, value);
  if (ipChecksum > 0) correct(bytes, ipChecksum, old, value);
}

function correct(bytes: Uint8Array, at: number, old: number, value: number): void {
  const sum = adjustChecksum((bytes[at]! << 8) | bytes[at + 1]!, old, value);
  bytes[at] = sum >>> 8;
  bytes[at + 1] = sum & 0xff;
}
