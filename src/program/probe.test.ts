import test from "ava";
import { decode } from "dns-packet";
import fc from "fast-check";
import { Random } from "../base/random.ts";
import type { ProgramEvent, ProgramHost } from "../host/host.ts";
import { emitEthernet, parseEthernet } from "../wire/ethernet.ts";
import { isMalformed } from "../wire/malformed.ts";
import { type ParsedFrame, parseFrame, wrongChecksum } from "../wire/packet.ts";
import { crc32c } from "./crc32c.ts";
import { MemoryWorld } from "./memory-network.ts";
import {
  markerTag,
  PROBE_KINDS,
  type ProbeKindName,
  type ProbeProgram,
  recogniseProbe,
  runProbe,
} from "./probe.ts";

const MAC = "52:54:00:00:00:0b";
const GATEWAY_MAC = "52:54:00:00:00:01";
const CANARY = { address: "203.0.113.9", port: 9_000 };

const program: ProbeProgram = { kind: "probe", marker: "iso-1", targets: { canary: CANARY } };

async function run(options: Partial<ProbeProgram> = {}, gatewayMac: string | null = GATEWAY_MAC) {
  const world = new MemoryWorld();
  const frames: Uint8Array[] = [];
  const events: ProgramEvent[] = [];
  const host: ProgramHost = {
    ...world.host("iso-1", "10.20.0.11"),
    timers: { nowNs: () => 0n, sleep: async () => {}, after: () => () => {} },
    random: Random.from(1),
    mac: MAC,
    gatewayMac: () => gatewayMac,
    sendFrame: (bytes) => frames.push(bytes),
    report: (event) => events.push(event),
  };
  await runProbe({ ...program, ...options }, host);
  return { frames, events };
}

function parsed(frame: Uint8Array): ParsedFrame {
  const layers = parseFrame(frame);
  if (isMalformed(layers)) throw new Error(layers.malformed);
  return layers;
}

const { frames } = await run();
const ofKind = (kind: ProbeKindName) => frames.filter((f) => recogniseProbe(f)?.kind === kind);

test("every kind of probe is sent, and each of its frames is recognised with its marker", async (t) => {
  const { events } = await run();
  t.deepEqual(
    events.map((event) => event.probe),
    PROBE_KINDS.map(({ kind }) => kind),
  );
  const seen = new Map<string, number>();
  for (const frame of frames) {
    const probe = recogniseProbe(frame);
    t.is(probe?.marker, "iso-1");
    seen.set(probe?.kind ?? "", (seen.get(probe?.kind ?? "") ?? 0) + 1);
  }
  for (const event of events) t.is(seen.get(String(event.probe)), Number(event.frames));
  t.is(seen.size, PROBE_KINDS.length);
});

test("the same seed and marker give the same bytes, another marker others", async (t) => {
  t.deepEqual((await run()).frames, frames);
  t.notDeepEqual((await run({ marker: "iso-2" })).frames, frames);
});

test("every probe fits a link of 1500 bytes", (t) => {
  for (const frame of frames) {
    const { tags } = parsed(frame).ethernet;
    t.true(frame.length <= 1_514 + 4 * tags.length, recogniseProbe(frame)?.kind);
  }
});

test("every probe but the runt is well formed, with the right checksums", (t) => {
  for (const frame of frames) {
    const kind = recogniseProbe(frame)?.kind;
    const layers = parsed(frame);
    if (kind === "runt") t.not(layers.broken, undefined);
    else t.is(layers.broken, undefined, kind);
    if (layers.broken === undefined) t.is(wrongChecksum(frame, layers), undefined, kind);
  }
});

test("a probe is known again with more or fewer VLAN tags, other MAC addresses and a lower TTL", (t) => {
  for (const frame of frames) {
    const expected = recogniseProbe(frame);
    const ethernet = parseEthernet(frame);
    if (isMalformed(ethernet)) throw new Error(ethernet.malformed);
    const payload = ethernet.payload.slice();
    // No router forwards the runt: where its TTL should be stands the mark.
    if (ethernet.etherType === 0x0800 && expected?.kind !== "runt") payload[8] = 3;
    const tag = { tpid: 0x8100, priority: 0, dropEligible: false, vlan: 7 };
    const routed = { source: "02:00:00:00:00:01", destination: "02:00:00:00:00:02" };
    const untagged = emitEthernet({ ...ethernet, ...routed, tags: [], payload });
    const retagged = emitEthernet({ ...ethernet, tags: [tag, ...ethernet.tags], payload });
    t.deepEqual(recogniseProbe(untagged), expected);
    t.deepEqual(recogniseProbe(retagged), expected);
  }
});

test("a probe that an ICMP error quotes is recognised", (t) => {
  const [probe] = ofKind("udp-canary");
  const quoted = new Uint8Array(200);
  quoted.set(probe?.subarray(14) ?? [], 42);
  t.is(recogniseProbe(quoted)?.kind, "udp-canary");
});

test("what is no probe is not taken for one", (t) => {
  t.is(recogniseProbe(new Uint8Array(0)), null);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      t.is(recogniseProbe(bytes), null);
    }),
  );
  // The fixed bytes alone, a kind that there is not, a marker with strange bytes, a mark that is cut.
  const mark = (kind: number, tag: string) =>
    Uint8Array.from([...new Uint8Array(14), 0xf1, 0x50, 0xb5, kind, ...Buffer.from(tag, "latin1")]);
  t.is(recogniseProbe(mark(0, "iso-1\0\0\0\0\0\0\0"))?.kind, "arp-gateway");
  t.is(recogniseProbe(mark(200, "iso-1\0\0\0\0\0\0\0")), null);
  t.is(recogniseProbe(mark(0, "iso\x01\0\0\0\0\0\0\0\0")), null);
  t.is(recogniseProbe(mark(0, "\0\0\0\0\0\0\0\0\0\0\0\0")), null);
  t.is(recogniseProbe(mark(0, "iso-1\0\0")), null);
});

test("a long marker is told by its hash", async (t) => {
  const marker = "control-iso-user_cookies_get-1";
  t.is(markerTag(marker).length, 12);
  t.is(markerTag("iso-1"), "iso-1");
  t.not(markerTag(marker), markerTag(`${marker}1`));
  const { frames: long } = await run({ marker });
  for (const frame of long) t.is(recogniseProbe(frame)?.marker, markerTag(marker));
});

test("without a known next hop, frames for other networks go to everybody", async (t) => {
  const { frames: blind } = await run({}, null);
  const [syn] = blind.filter((frame) => recogniseProbe(frame)?.kind === "tcp-syn");
  t.is(parsed(syn ?? new Uint8Array(0)).ethernet.destination, "ff:ff:ff:ff:ff:ff");
});

test("a known MAC address of the canary is tried, too", async (t) => {
  const canaryMac = "52:54:00:00:00:99";
  const { frames: more } = await run({ targets: { canary: CANARY, canaryMac } });
  const macs = more
    .filter((frame) => recogniseProbe(frame)?.kind === "udp-canary")
    .map((frame) => parsed(frame).ethernet.destination);
  t.deepEqual(macs, [GATEWAY_MAC, canaryMac]);
});

test("gateway and neighbours can be named", async (t) => {
  const targets = { canary: CANARY, gateway: "10.20.0.254", neighbours: ["10.20.0.12"] };
  const { frames: named } = await run({ targets });
  const to = (kind: ProbeKindName) =>
    named.filter((f) => recogniseProbe(f)?.kind === kind).map((f) => parsed(f));
  t.is(to("arp-gateway")[0]?.arp?.targetAddress, "10.20.0.254");
  t.deepEqual(
    to("udp-neighbour").map(({ ipv4 }) => ipv4?.destination),
    ["10.20.0.254", "10.20.0.12"],
  );
});

test("the fragments make one datagram, in either order", (t) => {
  const offsets = (kind: ProbeKindName) => ofKind(kind).map((f) => parsed(f).ipv4?.fragmentOffset);
  t.deepEqual(offsets("ipv4-fragments"), [0, 48]);
  t.deepEqual(offsets("ipv4-fragments-reversed"), [48, 0]);
});

test("tags are as announced", (t) => {
  const tpids = (kind: ProbeKindName) =>
    ofKind(kind).map((f) => parsed(f).ethernet.tags.map(({ tpid }) => tpid));
  t.deepEqual(tpids("vlan"), [[0x8100]]);
  t.deepEqual(tpids("qinq"), [[0x88a8, 0x8100]]);
});

test("TCP probes have the flags of their kind and go to the canary", (t) => {
  const flags = (kind: ProbeKindName) => ofKind(kind).map((f) => parsed(f).tcp?.flags);
  t.deepEqual(flags("tcp-syn"), [2, 2]);
  t.deepEqual(flags("tcp-ack"), [16]);
  t.deepEqual(flags("tcp-psh"), [24]);
  t.deepEqual(flags("tcp-rst"), [4, 20]);
  t.deepEqual(flags("tcp-fin"), [17]);
  for (const frame of ofKind("tcp-syn")) {
    t.like(parsed(frame), {
      ipv4: { destination: CANARY.address },
      tcp: { destinationPort: 9_000 },
    });
  }
});

test("spoofed probes lie about one address only", (t) => {
  const [mac] = ofKind("spoofed-mac").map(parsed);
  t.not(mac?.ethernet.source, MAC);
  t.is(mac?.ipv4?.source, "10.20.0.11");
  for (const { ethernet, ipv4 } of ofKind("spoofed-ip").map(parsed)) {
    t.is(ethernet.source, MAC);
    t.not(ipv4?.source, "10.20.0.11");
  }
});

test("the DNS query asks for a name that holds the mark", (t) => {
  const [query] = ofKind("dns-query").map((f) => decode(Buffer.from(parsed(f).payload)));
  t.regex(query?.questions?.[0]?.name ?? "", /^f150b5[0-9a-f]{26}\.invalid$/);
});

test("CRC-32C has the known check value, and SCTP's checksum is right by it", (t) => {
  t.is(crc32c(Buffer.from("123456789")), 0xe306_9283);
  const [frame] = ofKind("sctp");
  const packet = (frame ?? new Uint8Array(0)).slice(34);
  const sent = Buffer.from(packet).readUInt32LE(8);
  packet.fill(0, 8, 12);
  t.is(crc32c(packet), sent);
});
