import { readFileSync } from "node:fs";
import test from "ava";
import { InputError } from "../../src/base/errors.ts";
import { parseScenario } from "../../src/scenario/load.ts";
import { guestConf } from "./settings.ts";

const PAPER = new URL("../../scenarios/paper/scenario.yaml", import.meta.url);
const CONF = new URL("guest/bot.conf", import.meta.url);
const paper = parseScenario(readFileSync(PAPER, "utf8"), "scenario.yaml");

test("the guest's settings are those of the paper's scenario, without a real shutdown", (t) => {
  const conf = guestConf(paper, "win7-1");
  t.is(readFileSync(CONF, "utf8"), conf);
  t.regex(conf, /^real-shutdown: false$/m);
});

test("a guest is really switched off where the scenario says so", (t) => {
  const zeus = { ...paper.zeus, real_shutdown: true };
  t.regex(guestConf({ ...paper, zeus }, "x"), /^bot-id: x\n[\s\S]*^real-shutdown: true$/m);
});

test("a bot that keeps its connection is refused: the generator has none like it", (t) => {
  const zeus = { ...paper.zeus, connection: "keep-alive" as const };
  const error = t.throws(() => guestConf({ ...paper, zeus }, "x"), {
    instanceOf: InputError,
  });
  t.is(error?.where, "zeus.connection");
});
