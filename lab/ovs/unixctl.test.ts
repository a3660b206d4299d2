import test from "ava";
import fc from "fast-check";
import { parsePacketIns } from "./packet-in-monitor.ts";
import { JsonSplitter } from "./unixctl.ts";

test("answers are the same however the stream is cut", (t) => {
  const value = fc.record({ id: fc.nat(), result: fc.string(), error: fc.constant(null) });
  fc.assert(
    fc.property(fc.array(value), fc.array(fc.nat({ max: 30 })), (values, cuts) => {
      const stream = Buffer.from(values.map((one) => JSON.stringify(one)).join(""));
      const splitter = new JsonSplitter();
      const read: unknown[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        read.push(...splitter.push(stream.subarray(at, at + cut)).map((text) => JSON.parse(text)));
        at = Math.min(stream.length, at + cut);
      }
      t.deepEqual(read, values);
    }),
  );
});

test("a packet-in is read with its metadata and its bytes", (t) => {
  const text = [
    "NXT_PACKET_IN (xid=0x0): table_id=1 cookie=0x0 total_len=20 ct_state=new|trk,ip,in_port=1 (via action) data_len=20 (unbuffered)",
    "udp,vlan_tci=0x0000,dl_src=50:54:00:00:00:01",
    "00000000  50 54 00 00 00 02 50 54-00 00 00 01 08 00 45 00 |PT....PT......E.|",
    "00000010  00 1c 00 01                                     |....            |",
    "OFPT_BARRIER_REPLY (xid=0x7):",
  ].join("\n");
  const [first, ...more] = parsePacketIns(text);
  t.is(
    first?.meta,
    "table_id=1 cookie=0x0 total_len=20 ct_state=new|trk,ip,in_port=1 (via action)",
  );
  t.is(Buffer.from(first?.bytes ?? []).toString("hex"), "50540000000250540000000108004500001c0001");
  t.deepEqual(more, []);
});
