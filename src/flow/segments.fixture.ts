import type { Frame } from "../wire/frame.ts";

/** Segments for tests: bare IPv4 (link type 101), checksums left zero. */
export interface SegmentFields {
  readonly from: "client" | "server";
  readonly sequence: number;
  readonly acknowledgement?: number;
  /** Letters of the flags: S, A, F, R, P. */
  readonly flags: string;
  readonly payload?: string | Uint8Array;
  readonly timeNs?: bigint;
  readonly ports?: readonly [client: number, server: number];
}

export const RAW_IP = 101;

const FLAG_BITS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 };

export function segment(fields: SegmentFields): Frame {
  const { payload = "", ports = [40_000, 80] } = fields;
  const data = typeof payload === "string" ? Buffer.from(payload, "latin1") : payload;
  const bytes = new Uint8Array(40 + data.length);
  const view = new DataView(bytes.buffer);
  const isClient = fields.from === "client";
  view.setUint16(0, 0x4500);
  view.setUint16(2, bytes.length);
  view.setUint16(8, 0x4006);
  view.setUint32(12, isClient ? 0x0a000001 : 0xc0000202);
  view.setUint32(16, isClient ? 0xc0000202 : 0x0a000001);
  view.setUint16(20, isClient ? ports[0] : ports[1]);
  view.setUint16(22, isClient ? ports[1] : ports[0]);
  view.setUint32(24, fields.sequence >>> 0);
  view.setUint32(28, (fields.acknowledgement ?? 0) >>> 0);
  view.setUint8(32, 0x50);
  let flags = 0;
  for (const letter of fields.flags) flags |= FLAG_BITS[letter] ?? 0;
  view.setUint8(33, flags);
  bytes.set(data, 40);
  return { timeNs: fields.timeNs ?? 0n, bytes };
}

/** A whole conversation: what each side says in turn, cut into segments of at most `size` bytes. */
export function conversation(
  turns: readonly (readonly ["client" | "server", string])[],
  size = 100,
  isn: readonly [number, number] = [1_000, 9_000],
): Frame[] {
  const frames: Frame[] = [];
  const next = { client: isn[0] + 1, server: isn[1] + 1 };
  const peerOf = { client: "server", server: "client" } as const;
  let timeNs = 0n;
  const add = (from: "client" | "server", flags: string, payload = "") => {
    timeNs += 1_000_000n;
    frames.push(
      segment({
        from,
        flags,
        payload,
        sequence: next[from],
        acknowledgement: next[peerOf[from]],
        timeNs,
      }),
    );
    next[from] += payload.length + (flags.includes("F") ? 1 : 0);
  };
  frames.push(segment({ from: "client", flags: "S", sequence: isn[0], timeNs: 0n }));
  frames.push(
    segment({ from: "server", flags: "SA", sequence: isn[1], acknowledgement: next.client }),
  );
  add("client", "A");
  for (const [from, text] of turns) {
    for (let at = 0; at < text.length; at += size) add(from, "PA", text.slice(at, at + size));
    add(peerOf[from], "A");
  }
  add("client", "FA");
  add("server", "FA");
  add("client", "A");
  return frames;
}
