import test from "ava";
import fc from "fast-check";
import { dissect } from "./dissect.ts";
import { Dissection, OUTCOME, OUTCOME_NAMES } from "./dissection.ts";

const bytesOf = (...parts: (readonly number[] | Uint8Array | string)[]) =>
  new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        typeof part === "string" ? Buffer.from(part.replaceAll(" ", ""), "hex") : Buffer.from(part),
      ),
    ),
  );

/** TCP 4660 -> 80, sequence 1, acknowledgement 2, flags PSH ACK, payload "hi". */
const TCP = "1234 0050 00000001 00000002 5018 ffff 0000 0000 6869";
const IPV4 = bytesOf("4500 002a 0000 4000 4006 0000 0a000001 0a000002", TCP);
const IPV6_ADDRESSES = "20010db8000000000000000000000001 20010db8000000000000000000000002";
const IPV6 = bytesOf(`6000 0000 0016 0640 ${IPV6_ADDRESSES}`, TCP);
const MACS = "020000000002 020000000001";
const ETHERNET = bytesOf(MACS, "0800", IPV4);
const udp = (port: string, payload: Uint8Array) => {
  const length = (n: number) => [n >> 8, n & 0xff];
  const datagram = bytesOf("1000", port, length(payload.length + 8), "0000", payload);
  return bytesOf(
    "4500",
    length(datagram.length + 20),
    "0000 0000 4011 0000 0a090001 0a090002",
    datagram,
  );
};

function run(linkType: number, bytes: Uint8Array, wireLength = bytes.length) {
  const d = new Dissection();
  // Packets stand somewhere in a larger buffer.
  const shifted = bytesOf([1, 2, 3], bytes, [9, 9]);
  dissect(d, linkType, shifted, 3, 3 + bytes.length, wireLength);
  return { d, bytes: shifted };
}

const reaches = test.macro((t, linkType: number, bytes: Uint8Array, realm: string = "") => {
  const { d, bytes: all } = run(linkType, bytes);
  t.is(OUTCOME_NAMES[d.outcome], "tcp");
  t.is(d.sourcePort, 4660);
  t.is(d.destinationPort, 80);
  t.is(d.sequence, 1);
  t.is(d.acknowledgement, 2);
  t.is(d.flags, 24);
  t.is(Buffer.from(all.subarray(d.payloadStart, d.payloadEnd)).toString(), "hi");
  t.is(d.cutBytes, 0);
  t.is(d.realmText(), realm);
});

test("Ethernet", reaches, 1, ETHERNET);
test("Ethernet with padding", reaches, 1, bytesOf(ETHERNET, [0, 0, 0, 0, 0, 0]));
test("IPv6", reaches, 1, bytesOf(MACS, "86dd", IPV6));
test("one VLAN", reaches, 1, bytesOf(MACS, "8100 000a 0800", IPV4), "10");
test("priority tag", reaches, 1, bytesOf(MACS, "8100 e000 0800", IPV4));
test("two VLANs", reaches, 1, bytesOf(MACS, "88a8 0014 8100 000a 0800", IPV4), "20.10");
test("three VLANs", reaches, 1, bytesOf(MACS, "9100 0001 8100 0002 8100 0003 86dd", IPV6), "1.2.3");
test("MPLS", reaches, 1, bytesOf(MACS, "8847 00010040 00020140", IPV4));
test(
  "Ethernet over MPLS with a control word",
  reaches,
  1,
  bytesOf(MACS, "8847 00020140 00000000", ETHERNET),
);
test("PPPoE", reaches, 1, bytesOf(MACS, "8864 1100 0001 002c 0021", IPV4));
test("802.3 with SNAP", reaches, 1, bytesOf(MACS, "0032 aaaa03 000000 0800", IPV4));
test("Linux cooked", reaches, 113, bytesOf("0000 0001 0006 020000000001 0000 0800", IPV4));
test(
  "Linux cooked with VLAN",
  reaches,
  113,
  bytesOf("0000 0001 0006 020000000001 0000 8100 0005 0800", IPV4),
  "5",
);
test(
  "Linux cooked version 2",
  reaches,
  276,
  bytesOf("0800 0000 00000001 0001 00 06 020000000001 0000", IPV4),
);
test("raw IP, version 4", reaches, 101, IPV4);
test("raw IP, version 6", reaches, 101, IPV6);
test("raw IP under older numbers", reaches, 12, IPV4);
test("loopback, little endian", reaches, 0, bytesOf("02000000", IPV4));
test("loopback, big endian", reaches, 0, bytesOf("0000001e", IPV6));
test("OpenBSD loopback", reaches, 108, bytesOf("00000002", IPV4));
test("PPP", reaches, 9, bytesOf("ff03 0021", IPV4));
test("PPP with compressed protocol", reaches, 9, bytesOf("21", IPV4));
test("NFLOG", reaches, 239, bytesOf("02 00 0000 0800 0100 08000301 2e00 0900", IPV4));
test(
  "802.11 data",
  reaches,
  105,
  bytesOf("0802 0000", MACS, "020000000003 0000 aaaa03 000000 0800", IPV4),
);
test(
  "802.11 QoS data behind radiotap",
  reaches,
  127,
  bytesOf(
    "00 00 0900 02000000 00",
    "8801 0000",
    MACS,
    "020000000003 0000 0000 aaaa03 000000 0800",
    IPV4,
  ),
);
test("VXLAN", reaches, 101, udp("12b5", bytesOf("08000000 000005 00", ETHERNET)), "vni5");
test("Geneve", reaches, 101, udp("17c1", bytesOf("0000 6558 000007 00", ETHERNET)), "vni7");
test("GTP", reaches, 101, udp("0868", bytesOf("30 ff 002a 00000001", IPV4)));
test(
  "GRE with key",
  reaches,
  101,
  bytesOf("4500 005a 0000 0000 402f 0000 0a090001 0a090002 2000 0800 00000001", IPV4),
);
test("IP in IP", reaches, 101, bytesOf("4500 003e 0000 0000 4004 0000 0a090001 0a090002", IPV4));
test(
  "IPv6 in IPv4",
  reaches,
  101,
  bytesOf("4500 0052 0000 0000 4029 0000 0a090001 0a090002", IPV6),
);
test(
  "IPv6 extension headers and a fragment header that divides nothing",
  reaches,
  101,
  bytesOf(
    `6000 0000 002e 0040 ${IPV6_ADDRESSES}`,
    "3c00 0104 00000000",
    "2c00 0104 00000000",
    "0600 0000 00000007",
    TCP,
  ),
);
test(
  "a total length of zero, as segmenting cards leave it",
  reaches,
  101,
  bytesOf("4500 0000", IPV4.subarray(4)),
);

const ends = test.macro((t, outcome: keyof typeof OUTCOME, linkType: number, bytes: Uint8Array) => {
  t.is(run(linkType, bytes).d.outcome, OUTCOME[outcome]);
});

test("ARP is no IP", ends, "notIp", 1, bytesOf(MACS, "0806 0001"));
test(
  "ICMP is other IP",
  ends,
  "otherIp",
  101,
  bytesOf("4500 001c 0000 0000 4001 0000 0a000001 0a000002 0800 0000 0000 0000"),
);
test(
  "encrypted 802.11 is named",
  ends,
  "encrypted",
  105,
  bytesOf("0842 0000", MACS, "020000000003 0000 00000000"),
);
test("an unknown link type is named", ends, "unknownLinkType", 999, IPV4);
test("a cut Ethernet header is named", ends, "cutLinkHeader", 1, bytesOf(MACS));
test("a cut IP header is named", ends, "cutIpHeader", 101, IPV4.subarray(0, 19));
test("a wrong IP version is named", ends, "badIpVersion", 1, bytesOf(MACS, "0800", IPV6));
test(
  "a wrong IP header length is named",
  ends,
  "badIpHeaderLength",
  101,
  bytesOf("44", IPV4.subarray(1)),
);
test(
  "a total length below the header is named",
  ends,
  "badIpLength",
  101,
  bytesOf("4500 0013", IPV4.subarray(4)),
);
test("a cut TCP header is named", ends, "cutTransportHeader", 101, IPV4.subarray(0, 30));
test(
  "a wrong TCP header length is named",
  ends,
  "badTcpHeaderLength",
  101,
  bytesOf(IPV4.subarray(0, 32), "f0", IPV4.subarray(33)),
);
test(
  "tunnels without end are named",
  ends,
  "tooManyHeaders",
  101,
  bytesOf(...Array.from({ length: 60 }, () => "4500 0000 0000 0000 4004 0000 0a090001 0a090002")),
);

test("what the capture cut off is told", (t) => {
  const bytes = bytesOf("4500 05dc", IPV4.subarray(4));
  t.is(run(101, bytes, 1_500).d.cutBytes, 1_500 - 42);
});

test("a fragment is told with its place", (t) => {
  const { d } = run(101, bytesOf("4500 002a 0007 2003 4006 0000 0a000001 0a000002", TCP));
  t.is(d.outcome, OUTCOME.fragment);
  t.is(d.fragmentOffset, 24);
  t.true(d.moreFragments);
  t.is(d.fragmentId, 7);
});

test("no bytes, under no link type, throw or point outside of the packet", (t) => {
  const seeds = [IPV4, IPV6, ETHERNET, bytesOf(MACS, "8100 000a 8847 00020140", ETHERNET)];
  const linkTypes = [
    0, 1, 9, 12, 50, 51, 101, 104, 105, 108, 113, 117, 119, 127, 192, 228, 239, 258, 276,
  ];
  const d = new Dissection();
  fc.assert(
    fc.property(
      fc.constantFrom(...linkTypes),
      fc.oneof(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(...seeds)),
      fc.array(fc.tuple(fc.nat({ max: 119 }), fc.nat({ max: 255 })), { maxLength: 4 }),
      fc.nat({ max: 120 }),
      (linkType, base, changes, cut) => {
        const bytes = base.slice(0, Math.max(0, base.length - (cut > 60 ? 0 : cut)));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const outcome = dissect(d, linkType, bytes, 0, bytes.length, bytes.length);
        t.not(outcome, OUTCOME.inner);
        if (outcome === OUTCOME.tcp || outcome === OUTCOME.fragment) {
          t.true(d.payloadEnd - d.payloadStart >= 0 && d.cutBytes >= 0);
          t.true(d.payloadStart === d.payloadEnd || d.payloadEnd <= bytes.length);
        }
      },
    ),
    { numRuns: 5_000 },
  );
});
