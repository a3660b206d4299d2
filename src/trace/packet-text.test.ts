import test from "ava";
import fc from "fast-check";
import { InputError } from "../base/errors.ts";
import { isMalformed } from "../wire/malformed.ts";
import { parseFrame, wrongChecksum } from "../wire/packet.ts";
import { buildPacket } from "./build-packet.ts";
import { Conversations } from "./conversation.ts";
import { parsePacket } from "./packet-text.ts";

const refused = test.macro<[text: string, line: string]>({
  exec(t, text, line) {
    const error = t.throws(
      () => parsePacket(text, { origin: "packet 1", ports: new Map([["bot", 1]]) }),
      {
        instanceOf: InputError,
      },
    );
    t.is(error?.line, line);
  },
  title: (_, text) => `refused: ${text.slice(0, 50) || "an empty text"}`,
});

test(
  refused,
  "",
  "packet 1:1: found nothing, expected a packet: flow text such as tcp,nw_dst=10.0.0.2,tp_dst=80, or hexadecimal",
);
test(
  refused,
  "tcp,nw_src=10.0.0",
  'packet 1:12: found "10.0.0", expected an IPv4 address such as 10.0.0.1',
);
test(
  refused,
  "tcp,nw_srx=10.0.0.1",
  'packet 1:5: found "nw_srx", expected a match field (nearest: nw_src)',
);
test(
  refused,
  "tcp,windov=1",
  'packet 1:5: found "windov", expected a field of a packet (nearest: window)',
);
test(
  refused,
  "in_port=bott,tcp",
  'packet 1:9: found "bott", expected a port of the bridge (nearest: bot)',
);
test(refused, "tp_dst=80", "packet 1:1: tp_dst needs tcp or tcp6 in the same match");
test(refused, "ip,nw_src=10.0.0.0/8", "packet 1:19: a packet has exact values, no masks");
test(
  refused,
  "tcp,ct_state=+est",
  "packet 1:5: ct_state is what the switch's conntrack finds; give the packets before this one instead",
);
test(refused, "ip,reg0=1", "packet 1:4: a packet that comes in has no reg0; rules set it");
test(
  refused,
  "tcp,tcp_flags=syn|akc",
  'packet 1:19: found "akc", expected TCP flags such as syn|ack, of fin, syn, rst, psh, ack, urg, ece, cwr, ns',
);
test(refused, "tcp,payload=99999", 'packet 1:13: found "99999", expected at most 9000 bytes');
test(refused, "ip,ip_frag=yes", 'packet 1:12: found "yes", expected no, first or later');
test(refused, "in_port=1,5254000000", "packet 1:1: a frame has 14 to 65550 bytes, this one 5");
test(
  refused,
  "in_port=1,525400000001525400000002080045, tcp",
  "packet 1:43: a packet in hexadecimal takes nothing but in_port= beside it",
);
test(
  refused,
  "525400000001525400000002080",
  "packet 1:1: 27 hexadecimal digits are no whole number of bytes",
);

function build(text: string, conversations = new Conversations()) {
  const bytes = buildPacket(parsePacket(text, { origin: "packet" }), conversations);
  conversations.saw(bytes);
  const frame = parseFrame(bytes);
  if (isMalformed(frame)) throw new Error(frame.malformed);
  return { bytes, frame };
}

test("hexadecimal is taken with blanks, colons, dots or none", (t) => {
  const plain = "52540000000152540000000288b5";
  for (const text of [
    plain,
    "52:54:00:00:00:01 52:54:00:00:00:02 88b5",
    "5254.0000.0001.5254.0000.0002 88 b5",
    `0x${plain}`,
  ]) {
    t.is(Buffer.from(build(`in_port=2,${text}`).bytes).toString("hex"), plain);
  }
});

test("what a text leaves open is filled in, and every checksum is right", (t) => {
  for (const text of [
    "tcp",
    "udp",
    "icmp",
    "tcp6",
    "udp6",
    "icmp6",
    "tcp,dl_vlan=7,dl_vlan_pcp=3",
    "udp,payload=0xabcd",
  ]) {
    const { bytes, frame } = build(text);
    t.is(frame.broken, undefined, text);
    t.is(wrongChecksum(bytes, frame), undefined, text);
  }
  const { frame } = build("tcp,nw_src=10.20.0.2,nw_ttl=9,nw_tos=32,window=100");
  t.is(frame.ethernet.source, "02:00:0a:14:00:02");
  t.is(frame.ipv4?.destination, "10.0.0.2");
  t.is(frame.ipv4?.ttl, 9);
  t.is(frame.ipv4?.dscp, 8);
  t.is(frame.tcp?.window, 100);
  t.is(frame.tcp?.destinationPort, 80);
});

test("an ARP packet asks everybody, and answers one", (t) => {
  t.is(
    build("arp,arp_spa=10.0.0.5,arp_tpa=10.0.0.9").frame.ethernet.destination,
    "ff:ff:ff:ff:ff:ff",
  );
  const { frame } = build("arp,arp_op=2,arp_spa=10.0.0.9,arp_tpa=10.0.0.5");
  t.is(frame.ethernet.destination, "02:00:0a:00:00:05");
  t.is(frame.arp?.senderMac, "02:00:0a:00:00:09");
});

test("segments without flags and numbers are those that a polite peer would send next", (t) => {
  const conversations = new Conversations();
  const there = "tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5000,tp_dst=80";
  const back = "tcp,nw_src=10.0.0.2,nw_dst=10.0.0.1,tp_src=80,tp_dst=5000";
  const segment = (text: string) => {
    const { tcp } = build(text, conversations).frame;
    return [tcp?.flags, tcp?.sequence, tcp?.acknowledgement];
  };
  t.deepEqual(segment(there), [2, 1000, 0]);
  t.deepEqual(segment(back), [18, 5000, 1001]);
  t.deepEqual(segment(`${there},tcp_flags=psh|ack,payload=20`), [24, 1001, 5001]);
  t.deepEqual(segment(back), [16, 5001, 1021]);
  t.deepEqual(segment(`${there},tcp_flags=fin|ack,seq=7,ack=9`), [17, 7, 9]);
});

test("fragments: the first has more to come, a later one has no header", (t) => {
  t.true(build("udp,ip_frag=first").frame.ipv4?.moreFragments);
  const { frame } = build("udp,ip_frag=later");
  t.is(frame.ipv4?.fragmentOffset, 1480);
  t.is(frame.udp, undefined);
});

test("no text makes the parser fail in another way than with a place", (t) => {
  const word = fc.constantFrom(
    "tcp",
    "udp6",
    "arp",
    "in_port",
    "nw_src",
    "tcp_flags",
    "payload",
    "dl_vlan",
    "nd_target",
    "icmp6",
    "icmp_type",
    "ip_frag",
    "=",
    ",",
    "/",
    "|",
    "0x",
    "135",
    "10.0.0.1",
    "fd00::1",
    "ff",
    "(",
    '"',
    " ",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 12 }).map((words) => words.join("")),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        buildPacket(parsePacket(given, { origin: "packet" }), new Conversations());
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { numRuns: 3_000, seed: 1 },
  );
  t.pass();
});
