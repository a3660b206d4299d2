import { NS_PER_MS } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { emitTcpFrame, emitUdpFrame, parseFrame, wrongChecksum } from "../../src/wire/packet.ts";
import { type Output, Switch, type SwitchOptions } from "./switch.ts";

/** A clock that stands still until it is told to go on. */
export class ManualClock {
  #ms = 0;

  nowNs(): bigint {
    return BigInt(this.#ms) * NS_PER_MS;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}

/** A switch with ports 1 to 4, named p1 to p4. */
export function makeSwitch(rules: string, options: Partial<SwitchOptions> = {}): Switch {
  const bridge = new Switch({
    name: "br0",
    clock: new ManualClock(),
    random: Random.from(1),
    ...options,
  });
  for (const port of [1, 2, 3, 4]) bridge.addPort(port, `p${port}`);
  bridge.setFlows(parseRules(rules, { ports: bridge.ports }));
  return bridge;
}

export function mac(n: number): string {
  return `52:54:00:00:00:${n.toString(16).padStart(2, "0")}`;
}

export interface End {
  readonly mac: string;
  readonly address: string;
  readonly port: number;
}

export const CLIENT: End = { mac: mac(1), address: "10.0.0.1", port: 40_000 };
export const SERVER: End = { mac: mac(2), address: "10.0.0.2", port: 80 };

const FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;

export interface Segment {
  readonly seq?: number;
  readonly ack?: number;
  readonly payload?: string;
  readonly window?: number;
}

/** A TCP frame; flags as letters: `SA` is a SYN+ACK. */
export function tcp(from: End, to: End, flags: string, segment: Segment = {}): Uint8Array {
  return emitTcpFrame({
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: from.address,
    destination: to.address,
    tcp: {
      sourcePort: from.port,
      destinationPort: to.port,
      sequence: segment.seq ?? 0,
      acknowledgement: segment.ack ?? 0,
      flags: [...flags].reduce((sum, f) => sum | FLAGS[f as keyof typeof FLAGS], 0),
      window: segment.window ?? 65_535,
    },
    payload: new TextEncoder().encode(segment.payload ?? ""),
  });
}

export function udp(from: End, to: End, payload = ""): Uint8Array {
  return emitUdpFrame({
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: from.address,
    destination: to.address,
    udp: { sourcePort: from.port, destinationPort: to.port },
    payload: new TextEncoder().encode(payload),
  });
}

/** The ports in the order in which something left through them. */
export function portsOf(outputs: readonly Output[]): (number | string)[] {
  return outputs.map(({ port }) => port);
}

/** The layer whose checksum is wrong, `undefined` if all are right. */
export function badChecksum(bytes: Uint8Array): string | undefined {
  const frame = parseFrame(bytes);
  if ("malformed" in frame) return "malformed";
  return wrongChecksum(bytes, frame);
}
