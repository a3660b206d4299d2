import test from "ava";
import { CONTROL_RULES, isolationRules } from "../../src/isolate/isolation-rules.ts";
import { privateRules } from "../../src/isolate/private-rules.ts";
import { formatRules } from "../../src/rule/format.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { PORT } from "../../src/rule/port.ts";
import { fromBridge, toBridge } from "./translate.ts";

const COOKIE = 0x15n;
const station = (port: number) => ({
  port,
  mac: `02:00:00:00:00:0${port}`,
  address: `10.0.0.${port}`,
});
const place = {
  base: 210,
  ports: new Map([
    [2, 12],
    [3, 13],
    [PORT.controller, 19],
  ]),
};

test("a plan's rules get tables, ports and zones of their own", (t) => {
  const rules = parseRules(
    "table=0,priority=50,ip,in_port=2,actions=ct(zone=1,table=1)\ntable=1,actions=normal\n",
  );
  t.is(
    formatRules(toBridge(rules, place, COOKIE)),
    "table=210,cookie=0x15,priority=50,ip,in_port=12,actions=ct(table=211,zone=60001)\n" +
      "table=211,cookie=0x15,actions=ct_clear,resubmit(,60)\n",
  );
});

test("a flood reaches the plan's ports only", (t) => {
  t.is(
    formatRules(toBridge(parseRules(CONTROL_RULES), place, COOKIE)),
    "table=210,cookie=0x15,priority=0,actions=output:12,output:13,output:19\n",
  );
});

test("rules for what is not plugged in are left out", (t) => {
  const rules = parseRules("in_port=7,actions=output:2\nin_port=2,actions=output:7\n");
  t.is(
    formatRules(toBridge(rules, place, COOKIE)),
    "table=210,cookie=0x15,in_port=12,actions=drop\n",
  );
});

test("what a bridge has is read back as the plan's rules", (t) => {
  const network = {
    gatewayMac: "02:00:00:00:00:01",
    gatewayAddress: "10.0.0.1",
    stations: [{ ...station(2), servers: [{ address: "203.0.113.1", port: 80 }] }],
  };
  const stations = [station(2), station(3)];
  for (const text of [
    isolationRules(network),
    privateRules({ uplinkPort: 3, stations, cut: [station(2)] }),
  ]) {
    const rules = parseRules(text);
    const back = fromBridge(toBridge(rules, place, COOKIE), place, COOKIE);
    t.is(
      formatRules(back).replaceAll("output:CONTROLLER", "CONTROLLER"),
      formatRules(rules).replaceAll("output:CONTROLLER", "CONTROLLER"),
    );
  }
});

test("a way into tables that are not the plan's is read as one to everywhere", (t) => {
  const rules = parseRules(
    "table=210,cookie=0x15,in_port=12,actions=resubmit(,30)\ntable=210,cookie=0x16,in_port=13,actions=drop\n",
  );
  t.is(formatRules(fromBridge(rules, place, COOKIE)), "table=0,in_port=2,actions=NORMAL\n");
});
