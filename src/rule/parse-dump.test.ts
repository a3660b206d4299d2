import test from "ava";
import { InputError } from "../base/errors.ts";
import { formatRules } from "./format.ts";
import { parseDumpedFlows } from "./parse-dump.ts";

test("what dump-flows prints becomes rules, with statistics read over", (t) => {
  const rules = parseDumpedFlows(`OFPST_FLOW reply (OF1.5) (xid=0x2):
 cookie=0x5, duration=0.019s, table=0, n_packets=3, n_bytes=180, idle_age=0, priority=10,ip,in_port=1 actions=output:2
 cookie=0x0, duration=0.019s, table=3, n_packets=0, n_bytes=0, idle_timeout=60, hard_timeout=100, send_flow_rem check_overlap no_packet_counts importance=4, idle_age=0, hard_age=2, priority=5,arp,in_port=2 actions=CONTROLLER:65535
 cookie=0x0, duration=0.019s, table=4, n_packets=0, n_bytes=0, idle_age=0, actions=drop
`);
  t.is(
    formatRules(rules),
    `table=0,cookie=0x5,priority=10,ip,in_port=1,actions=output:2
table=3,idle_timeout=60,hard_timeout=100,priority=5,importance=4,send_flow_rem,check_overlap,no_packet_counts,arp,in_port=2,actions=CONTROLLER:65535
table=4,actions=drop
`,
  );
});

test("the names of ports that dump-flows prints become numbers", (t) => {
  const ports = new Map([
    ["p1", 1],
    ["vm-2", 7],
  ]);
  const text = ` cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, in_port=p1 actions=output:"vm-2"`;
  t.is(formatRules(parseDumpedFlows(text, { ports })), "table=0,in_port=1,actions=output:7\n");
});

test("hidden rules of bridge/dump-flows are rules, those of table 254 are not", (t) => {
  const rules =
    parseDumpedFlows(`duration=1s, n_packets=0, n_bytes=0, priority=180008,tcp,nw_src=127.0.0.1,tp_src=6653,actions=NORMAL
table_id=3, duration=0s, n_packets=0, n_bytes=0, n_offload_packets=0, n_offload_bytes=0, ,actions=resubmit(,4),set_field:0x5->reg1
table_id=254, duration=3s, n_packets=0, n_bytes=0, priority=2,recirc_id=0,actions=drop
table_id=254, duration=3s, n_packets=0, n_bytes=0, priority=0,reg0=0x1,actions=controller(reason=)
`);
  t.deepEqual(
    rules.map(({ table, priority }) => [table, priority]),
    [
      [0, 180_008],
      [3, 32_768],
    ],
  );
});

test("a part of a field that only a switch prints with a mask is read", (t) => {
  const [rule] = parseDumpedFlows(" cookie=0x0, ip actions=set_field:2/0x3->nw_ecn,output:1");
  t.is(rule?.actions.length, 2);
});

test("a line that is no rule is an error, not a rule less", (t) => {
  const error = t.throws(
    () => parseDumpedFlows("\novs-ofctl: br0 is not a bridge", { origin: "br0.txt" }),
    { instanceOf: InputError },
  );
  t.is(error?.line, "br0.txt:2:31: the rule has no actions=…");
});
