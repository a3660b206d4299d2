import test from "ava";
import { privateRules } from "../../src/isolate/private-rules.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { cuts } from "./cut.ts";

const station = (port: number) => ({
  port,
  mac: `02:00:00:00:00:0${port}`,
  address: `10.0.0.${port}`,
});
const network = { uplinkPort: 1, stations: [station(2), station(3)] };

test("a cut instance's two drops come first", (t) => {
  t.deepEqual(cuts(parseRules(privateRules({ ...network, cut: [station(2)] }))), [
    { table: 0, priority: 1000, what: { inPort: 2 } },
    { table: 0, priority: 1000, what: { ethDst: Uint8Array.of(2, 0, 0, 0, 0, 2) } },
  ]);
});

test("no other rule is put in force ahead of the rest", (t) => {
  t.deepEqual(cuts(parseRules(privateRules({ ...network, cut: [] }))), []);
  t.deepEqual(cuts(parseRules("table=0,priority=5,tcp,in_port=1,actions=drop")), []);
  t.deepEqual(cuts(parseRules("priority=5,in_port=1,actions=output:2")), []);
  t.deepEqual(
    cuts(parseRules("priority=5,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=drop")),
    [],
  );
});
