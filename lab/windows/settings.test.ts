import { readFileSync } from "node:fs";
import test from "ava";
import { InputError } from "../../src/base/errors.ts";
import { parseScenario } from "../../src/scenario/load.ts";
import { guestConf } from "./settings.ts";

const PAPER = new URL("../../scenarios/paper/scenario.yaml", import.meta.url);
const CONF = new URL("guest/bot.conf", import.meta.url);
const paper = parseScenario(readFileSync(PAPER, "utf8"), "scenario.yaml");

test("the guest's settings are those of the paper's scenario, without a real shutdown", (t) => {
  const conf = guestConf(paper, { botId: "win7-1", realShutdown: false });
  t.is(readFileSync(CONF, "utf8"), conf);
  t.regex(conf, /^real-shutdown: false$/m);
});

test("a real shutdown is there for whoever says so", (t) => {
  t.regex(
    guestConf(paper, { botId: "x", realShutdown: true }),
    /^bot-id: x\n[\s\S]*^real-shutdown: true$/m,
  );
});

test("a bot that keeps its connection is refused: the generator has none like it", (t) => {
  const zeus = { ...paper.zeus, connection: "keep-alive" as const };
  const error = t.throws(() => guestConf({ ...paper, zeus }, { botId: "x", realShutdown: false }), {
    instanceOf: InputError,
  });
  t.is(error?.where, "zeus.connection");
});
