import test from "ava";
import { HttpClient } from "../host/http-client.ts";
import { MemoryWorld } from "../program/memory-network.ts";
import { runProgram } from "../program/program.ts";
import type { CncProgram } from "./program.ts";

const CNC = { address: "203.0.113.10", port: 80 };
const program: CncProgram = {
  kind: "cnc",
  protocol: {
    host: "cnc.example",
    gatePath: "/gate.php",
    configPath: "/config.bin",
    key: "test-key",
  },
  port: 80,
  configBytes: { mean: 6000, sd: 1500, min: 1024, max: 30_000 },
  behaviours: {
    "homepage-set": {
      command: "user_homepage_set",
      homepage: "http://start.example/",
      answerBytes: { mean: 600, sd: 120, min: 192, max: 4096 },
      answerSpread: 0.2,
      requests: { mean: 8, sd: 2, min: 3, max: 40 },
    },
  },
  bots: { "vm-1": "homepage-set", "vm-2": "homepage-set" },
};

/** Ask the C&C for the targets in order. Returns status and body length of each answer. */
async function ask(uris: readonly string[], seed = "test") {
  const world = new MemoryWorld(seed);
  void runProgram(program, world.host("cnc", CNC.address));
  const client = new HttpClient(world.host("x", "10.10.0.5"), CNC, { keepAlive: true });
  const answers: string[] = [];
  const all = async () => {
    for (const uri of uris) {
      const { response } = await client.request({ method: "GET", uri, host: "cnc.example" });
      answers.push(`${response?.status} ${response?.body.length}`);
    }
  };
  await world.run(all());
  return { answers, events: world.events };
}

const gate = (bot: string, n: number) => `/gate.php?id=${bot}&n=${n}`;

test("a request that is sent again gets the same answer again", async (t) => {
  const { answers, events } = await ask([1, 1, 2, 2, 3].map((n) => gate("vm-1", n)));
  t.is(answers[0], answers[1]);
  t.is(answers[2], answers[3]);
  t.is(events.filter((e) => e.kind === "cnc.session").length, 1);
});

test("a report-in after others begins a new session, with answers of its own", async (t) => {
  const once = [1, 2, 3].map((n) => gate("vm-1", n));
  const { answers, events } = await ask([...once, ...once]);
  t.notDeepEqual(answers.slice(0, 3), answers.slice(3));
  t.is(events.filter((e) => e.kind === "cnc.session").length, 2);
});

test("two bots of one behaviour have different sessions; the order in which they ask does not matter", async (t) => {
  const turns = await ask([1, 2, 3].flatMap((n) => [gate("vm-1", n), gate("vm-2", n)]));
  const after = await ask(["vm-2", "vm-1"].flatMap((bot) => [1, 2, 3].map((n) => gate(bot, n))));
  const first = turns.answers.filter((_, i) => i % 2 === 0);
  const second = turns.answers.filter((_, i) => i % 2 === 1);
  t.notDeepEqual(first, second);
  t.deepEqual(after.answers, [...second, ...first]);
});

test("another seed gives other answers, the same seed the same", async (t) => {
  const uris = ["/config.bin", gate("vm-1", 1), gate("vm-1", 2)];
  t.deepEqual((await ask(uris)).answers, (await ask(uris)).answers);
  t.notDeepEqual((await ask(uris)).answers, (await ask(uris, "other")).answers);
});

test("strangers and other paths get 404, and are reported", async (t) => {
  const uris = ["/", "/gate.php", gate("constructor", 1), gate("vm-1", 0), "/gate.php?id=%zz&n=x"];
  const { answers, events } = await ask(uris);
  t.true(answers.every((answer) => answer === "404 0"));
  t.is(events.filter((e) => e.kind === "cnc.refused").length, uris.length);
});
