import test from "ava";
import fc from "fast-check";
import { extractKey } from "./key.ts";
import { W, WORDS } from "./layout.ts";
import { Packet } from "./packet.ts";
import { CLIENT, makeSwitch, SERVER, tcp, udp } from "./switch.fixture.ts";

function keyOf(bytes: Uint8Array): Int32Array {
  const key = new Int32Array(WORDS);
  extractKey(new Packet(bytes), key);
  return key;
}

test("the fields of a TCP segment are read", (t) => {
  const key = keyOf(tcp(CLIENT, SERVER, "SA"));
  t.is(key[W.ethType], 0x0800);
  t.is(key[W.ipSrc], 0x0a000001);
  t.is(key[W.ipDst], 0x0a000002);
  t.is(key[W.nwProto], 6);
  t.is(key[W.nwTtl], 64);
  t.is(key[W.tpSrc], 40_000);
  t.is(key[W.tpDst], 80);
  t.is(key[W.tcpFlags], 0x12);
});

test("a packet cut off has the fields of the layers that are whole", (t) => {
  const whole = udp(CLIENT, SERVER, "hello");
  t.is(keyOf(whole)[W.tpDst], 80);
  const noPayload = keyOf(whole.subarray(0, 43));
  t.is(noPayload[W.ethType], 0x0800);
  t.is(noPayload[W.nwProto], 0);
  t.is(keyOf(whole.subarray(0, 13))[W.ethType], 0);
});

test("no bytes, whatever they are, make the switch fail", (t) => {
  const rules =
    "table=0,ip,actions=ct(commit,nat(dst=192.0.2.1),table=1)\ntable=0,ipv6,actions=ct(commit,table=1)\n" +
    "table=0,arp,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],set_field:2->arp_op,set_field:10.0.0.9->arp_spa,in_port\n" +
    "table=0,priority=1,actions=mod_vlan_vid:5,normal\n" +
    "table=1,icmp,actions=set_field:1->icmp_type,set_field:10.0.0.7->ip_src,output:2\n" +
    "table=1,tcp,actions=mod_tp_src:5,mod_nw_tos:8,dec_ttl,output:2\ntable=1,udp,actions=mod_tp_dst:5,output:2\n" +
    "table=1,ipv6,actions=set_field:fd00::1->ipv6_src,set_field:0x5->ipv6_label,dec_ttl,output:2\ntable=1,priority=1,actions=output:3";
  const head = fc.constantFrom("0800", "86dd", "0806", "81000005" + "0800", "0010").chain((type) =>
    fc.uint8Array({ maxLength: 120 }).map((rest) => {
      const start = Buffer.from(`525400000002525400000001${type}`, "hex");
      return new Uint8Array(Buffer.concat([start, rest]));
    }),
  );
  const bent = fc
    .tuple(
      fc.constantFrom(tcp(CLIENT, SERVER, "S"), udp(CLIENT, SERVER, "abcdefgh")),
      fc.nat(60),
      fc.nat(255),
      fc.nat(70),
    )
    .map(([frame, at, value, length]) => {
      const copy = new Uint8Array(frame.subarray(0, Math.max(length, 20)));
      if (at < copy.length) copy[at] = value;
      return copy;
    });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 80 }), head, bent), { minLength: 5 }),
      (frames) => {
        const bridge = makeSwitch(rules);
        for (const frame of frames) {
          const before = new Uint8Array(frame);
          bridge.receive(1, frame);
          t.deepEqual(frame, before);
        }
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});
