import type { Random } from "../src/base/random.ts";
import { classicPcap, ETHERNET, pcap, type Wrap } from "./capture-files.ts";
import { type GoldenCase, pcapCase } from "./golden-case.ts";
import * as link from "./link-layers.ts";
import { answer, filler, get } from "./messages.ts";
import { Talk, type TalkOptions } from "./talk.ts";
import { Tape } from "./tape.ts";
import { authenticated, geneve, gre, greFragments, gtp, sixInFour, vxlan } from "./tunnels.ts";

const IPV6: TalkOptions = { client: "2001:db8::10", server: "2001:db8::20" };
const { LINKTYPE } = link;

/** The conversation of most of these cases: one GET, 40 bytes of answer, and its end; eight packets. */
function oneGet(random: Random, options: TalkOptions = {}, tape = new Tape()): Tape {
  new Talk(tape, random, options)
    .open()
    .say("client", get("/gate.php"))
    .say("server", answer(filler(random, 40)))
    .close();
  return tape;
}

/** The same over IPv4, then over IPv6. */
function bothFamilies(random: Random): Tape {
  return oneGet(random, IPV6, oneGet(random));
}

const tagged =
  (...tags: readonly link.Tag[]): Wrap =>
  ({ bytes, isFromClient }) =>
    link.ethernet(bytes, isFromClient, tags);

function wlanFrames(random: Random): Uint8Array {
  const tape = new Tape();
  tape.add(link.wlanBeacon(), false);
  oneGet(random, {}, tape);
  const secret = new Talk(tape, random, { clientPort: 40_002 });
  secret.open().say("client", get("/not-in-clear"));
  const plainPackets = 9;
  const wrap: Wrap = ({ bytes, isFromClient }, i) => {
    if (i === 0) return bytes;
    const isProtected = i >= plainPackets;
    // The frame says that it is encrypted; that its bytes are not is only so that a reader who does not look is caught.
    return link.wlan(bytes, isFromClient, { isQos: !isFromClient, isProtected });
  };
  return pcap(tape, wrap, LINKTYPE.wlan);
}

function radiotapFrames(random: Random): Uint8Array {
  const fcs = random.bytes(4);
  const wrap: Wrap = ({ bytes, isFromClient }) => {
    const frame = link.wlan(bytes, isFromClient, { isQos: true });
    return link.radiotap(frame, 26, fcs);
  };
  return pcap(oneGet(random), wrap, LINKTYPE.radiotap);
}

/** Two connections with equal addresses, ports and sequence numbers, packet by packet in turn. */
function twins(random: Random): { tape: Tape; isFirst: (index: number) => boolean } {
  const sequences = { client: 0x2000_0000, server: 0x3000_0000 };
  const tape = new Tape();
  const first = new Talk(tape, random, { sequences });
  const second = new Talk(tape, random, { sequences });
  const each = (step: (talk: Talk, name: string) => void) => {
    step(first, "one");
    step(second, "two");
  };
  each((talk) => talk.syn("client"));
  each((talk) => talk.synAck("server"));
  each((talk) => talk.ack("client"));
  each((talk, name) => talk.say("client", get(`/${name}`)));
  first.say("server", answer(filler(random, 11)));
  second.say("server", answer(filler(random, 22)));
  each((talk) => talk.fin("client"));
  each((talk) => talk.fin("server"));
  return { tape, isFirst: (index) => index % 2 === 0 };
}

function vlanTwins(random: Random): Uint8Array {
  const { tape, isFirst } = twins(random);
  return pcap(tape, (packet, i) => tagged({ tpid: 0x8100, vlan: isFirst(i) ? 10 : 20 })(packet, i));
}

function vxlanTwins(random: Random): Uint8Array {
  const { tape, isFirst } = twins(random);
  return pcap(tape, ({ bytes, isFromClient }, i) =>
    vxlan(bytes, isFromClient, isFirst(i) ? 100 : 200),
  );
}

function greInFragments(random: Random): Uint8Array {
  const tape = new Tape();
  for (const [i, { bytes, isFromClient }] of oneGet(random).packets.entries()) {
    for (const part of greFragments(bytes, isFromClient, i)) tape.add(part, isFromClient);
  }
  return pcap(tape);
}

export const LINK_CASES: readonly GoldenCase[] = [
  pcapCase("link-ethernet-padding", (random) => {
    const tape = new Tape();
    new Talk(tape, random)
      .open()
      .say("client", "GET / HTTP/1.0\r\n")
      .say("client", "\r\n")
      .say("server", "HTTP/1.0 200 OK\r\n\r\n")
      .say("server", "abc")
      .fin("server")
      .fin("client");
    return pcap(tape, (packet, i) => link.padded(ETHERNET(packet, i)));
  }),
  pcapCase("link-vlan", (random) => pcap(oneGet(random), tagged({ tpid: 0x8100, vlan: 42 }))),
  pcapCase("link-vlan-priority-only", (random) =>
    pcap(oneGet(random), (packet, i) =>
      packet.isFromClient
        ? tagged({ tpid: 0x8100, vlan: 0, priority: 5 })(packet, i)
        : ETHERNET(packet, i),
    ),
  ),
  pcapCase("link-qinq-three-tags", (random) =>
    pcap(
      oneGet(random),
      tagged(
        { tpid: 0x88a8, vlan: 100, priority: 3 },
        { tpid: 0x9100, vlan: 200 },
        { tpid: 0x8100, vlan: 300 },
      ),
    ),
  ),
  pcapCase("link-vlan-same-five-tuple", vlanTwins),
  pcapCase("link-cooked-v1", (random) =>
    pcap(
      bothFamilies(random),
      (packet) => link.cooked(packet.bytes, packet.isFromClient),
      LINKTYPE.cooked,
    ),
  ),
  pcapCase("link-cooked-v2", (random) =>
    pcap(
      bothFamilies(random),
      (packet) => link.cooked2(packet.bytes, packet.isFromClient),
      LINKTYPE.cooked2,
    ),
  ),
  pcapCase("link-raw-ip", (random) =>
    pcap(bothFamilies(random), (packet) => packet.bytes, LINKTYPE.raw),
  ),
  pcapCase("link-null-little-endian", (random) =>
    // 30 is AF_INET6 of macOS.
    pcap(bothFamilies(random), ({ bytes }) => link.loopback(bytes, true, 30), LINKTYPE.null),
  ),
  pcapCase("link-null-big-endian", (random) =>
    // 24 is AF_INET6 of NetBSD and OpenBSD.
    classicPcap(
      bothFamilies(random),
      { little: false, magic: 0xa1b2c3d4 },
      ({ bytes }) => link.loopback(bytes, false, 24),
      LINKTYPE.null,
    ),
  ),
  pcapCase("link-loop", (random) =>
    pcap(bothFamilies(random), ({ bytes }) => link.loopback(bytes, false, 24), LINKTYPE.loop),
  ),
  pcapCase("link-nflog", (random) =>
    pcap(bothFamilies(random), ({ bytes }) => link.nflog(bytes), LINKTYPE.nflog),
  ),
  pcapCase("link-nflog-big-endian", (random) =>
    pcap(bothFamilies(random), ({ bytes }) => link.nflog(bytes, false), LINKTYPE.nflog),
  ),
  pcapCase("link-ipv4", (random) => pcap(oneGet(random), (packet) => packet.bytes, LINKTYPE.ipv4)),
  pcapCase("link-ipv6", (random) =>
    pcap(oneGet(random, IPV6), (packet) => packet.bytes, LINKTYPE.ipv6),
  ),
  pcapCase("link-pppoe", (random) =>
    pcap(bothFamilies(random), ({ bytes, isFromClient }) => link.pppoe(bytes, isFromClient, 9)),
  ),
  pcapCase("link-80211", wlanFrames),
  pcapCase("link-radiotap-padded", radiotapFrames),
  pcapCase("link-mpls", (random) =>
    pcap(bothFamilies(random), ({ bytes, isFromClient }) =>
      link.mpls(bytes, isFromClient, isFromClient ? [16_001, 17] : [18]),
    ),
  ),
  pcapCase("tunnel-vxlan", vxlanTwins),
  pcapCase("tunnel-6in4", (random) =>
    pcap(oneGet(random, IPV6), ({ bytes, isFromClient }) => sixInFour(bytes, isFromClient)),
  ),
  pcapCase("tunnel-gre", (random) =>
    pcap(bothFamilies(random), ({ bytes, isFromClient }, i) => gre(bytes, isFromClient, 7, i)),
  ),
  pcapCase("tunnel-gre-fragments", greInFragments),
  pcapCase("tunnel-geneve", (random) =>
    pcap(bothFamilies(random), ({ bytes, isFromClient }, i) =>
      geneve(bytes, isFromClient, 77, i % 2 === 1),
    ),
  ),
  pcapCase("tunnel-gtp-u", (random) =>
    pcap(bothFamilies(random), ({ bytes, isFromClient }, i) => gtp(bytes, isFromClient, i)),
  ),
  pcapCase("tunnel-authentication-header", (random) =>
    pcap(bothFamilies(random), ({ bytes, isFromClient }, i) =>
      authenticated(bytes, isFromClient, i + 1),
    ),
  ),
];
