import test from "ava";
import { InputError } from "../base/errors.ts";
import { parseRules } from "../rule/parse.ts";
import { CONTROL_RULES, isolationRules } from "./isolation-rules.ts";
import { natRules } from "./nat-rules.ts";
import { privateRules } from "./private-rules.ts";

const gateway = { gatewayMac: "02:00:00:00:00:fe", gatewayAddress: "10.20.0.1" };
const station = { port: 10, mac: "02:00:00:00:00:0a", address: "10.20.0.10" };
const responder = { port: 11, mac: "02:00:00:00:00:0b", address: "10.20.0.11" };
const server = { address: "203.0.113.10", port: 80, playedAt: 8001 };
const stations = [{ ...station, servers: [server] }];

test("the packet way asks for nothing that Open vSwitch 2.5 did not have", (t) => {
  const rules = [
    isolationRules({ ...gateway, stations }),
    privateRules({ uplinkPort: 1, stations: [station, responder], cut: [station] }),
    CONTROL_RULES,
  ];
  for (const text of rules) t.notThrows(() => parseRules(text, { version: "2.5" }));
});

test("the NAT way is refused for Open vSwitch 2.5, with the action and its version", (t) => {
  const text = natRules({ ...gateway, stations, responder });
  t.notThrows(() => parseRules(text));
  const error = t.throws(() => parseRules(text, { version: "2.5", origin: "isolation" }), {
    instanceOf: InputError,
  });
  t.regex(error?.message ?? "", /^nat came with Open vSwitch 2\.6, and this is for 2\.5$/);
  t.regex(error?.where ?? "", /^isolation:3:/);
});
