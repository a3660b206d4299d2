import test from "ava";
import { Random } from "../base/random.ts";
import type { Volume } from "../host/guest.ts";
import { HttpClient } from "../host/http-client.ts";
import type { Reply } from "../host/http-server.ts";
import { serveHttp } from "../host/http-server.ts";
import { MemoryWorld } from "../program/memory-network.ts";
import { type Program, runProgram } from "../program/program.ts";
import type { ZeusBehaviour } from "./behaviour.ts";
import { sealAnswer, sealConfig } from "./message.ts";
import type { BotProgram, CncProgram } from "./program.ts";
import { createVolume, FIRST_HOMEPAGE } from "./volume.ts";

const CNC = { address: "203.0.113.10", port: 80 };
const KEY = "isoreplay-lab";
const protocol = {
  host: "cnc.example",
  gatePath: "/gate.php",
  configPath: "/config.bin",
  key: KEY,
};
const traffic = {
  answerBytes: { mean: 600, sd: 120, min: 192, max: 4096 },
  answerSpread: 0.2,
  requests: { mean: 8, sd: 2, min: 3, max: 40 },
};
const behaviours: Record<string, ZeusBehaviour> = {
  "cookie-theft": { ...traffic, command: "user_cookies_get" },
  "homepage-set": { ...traffic, command: "user_homepage_set", homepage: "http://start.example/" },
  "os-shutdown": { ...traffic, command: "os_shutdown" },
};
const bot: BotProgram = {
  kind: "bot",
  protocol,
  cnc: CNC,
  connection: "per-request",
  sessions: 1,
  sessionGapS: 120,
  pollIntervalS: { mean: 4, sd: 1.5, min: 0.5, max: 20 },
};

function cnc(bots: Record<string, string>): CncProgram {
  const configBytes = { mean: 6000, sd: 1500, min: 1024, max: 30_000 };
  return { kind: "cnc", protocol, port: 80, configBytes, behaviours, bots };
}

const newVolume = (botId: string): Volume => createVolume(botId, 24, Random.from(botId));

/** One bot against the emulated C&C. */
async function play(behaviour: string, program: BotProgram = bot, seed = "test") {
  const world = new MemoryWorld(seed);
  const volume = newVolume("vm-1");
  const vm = world.host("vm-1", "10.10.0.5", volume);
  void runProgram(cnc({ "vm-1": behaviour }), world.host("cnc", CNC.address));
  await world.run(runProgram(program, vm));
  return { world, volume, vm };
}

/** What a bot asked, in order. */
function requests(world: MemoryWorld): string[] {
  return world.events
    .filter((e) => e.kind === "bot.request" && e.outcome === "answered")
    .map((e) => `${e.method} ${e.uri}`);
}

test("cookie theft: the cookies of the guest's jar arrive at the C&C in several posts", async (t) => {
  const { world, volume } = await play("cookie-theft");
  t.deepEqual(
    world.effects.map((e) => e.kind),
    ["cookies-posted"],
  );
  const reports = world.events.filter((e) => e.kind === "cnc.report");
  t.true(reports.length >= 2);
  t.true(reports.every((e) => e.about === "cookies"));
  t.is(world.effects[0]?.detail, `${volume.cookies.length} cookies in ${reports.length} posts`);
});

test("homepage set: the guest's homepage is the one in the command, and the C&C is told", async (t) => {
  const { world, volume } = await play("homepage-set");
  t.is(volume.homepage, "http://start.example/");
  t.deepEqual(
    world.effects.map((e) => e.kind),
    ["homepage-set"],
  );
  t.true(world.events.some((e) => e.kind === "cnc.report" && e.about === "homepage"));
});

test("OS shutdown: the guest is off after the acknowledgement, and says nothing more", async (t) => {
  const { world, volume, vm } = await play("os-shutdown", { ...bot, sessions: 3 });
  t.false(vm.isOn);
  t.deepEqual(
    world.effects.map((e) => e.kind),
    ["power-off"],
  );
  t.is(volume.homepage, FIRST_HOMEPAGE);
  t.is(world.events.at(-1)?.outcome, "powered-off");
});

test("a training instance is switched on again after each shutdown, and holds all its sessions", async (t) => {
  const { world, vm } = await play("os-shutdown", { ...bot, sessions: 3, reboots: true });
  t.true(vm.isOn);
  t.deepEqual(
    world.effects.map((e) => e.kind),
    ["power-off", "power-off", "power-off"],
  );
});

for (const connection of ["per-request", "keep-alive"] as const) {
  test(`a session has as many requests as the C&C decided (${connection})`, async (t) => {
    const { world } = await play("cookie-theft", { ...bot, connection, sessions: 4 });
    const planned = world.events.filter((e) => e.kind === "cnc.session").map((e) => e.requests);
    const held = world.events.filter((e) => e.kind === "bot.session").map((e) => e.requests);
    t.is(planned.length, 4);
    t.deepEqual(held, planned);
  });
}

test("the sessions of a bot do not depend on which other bots there are", async (t) => {
  const alone = await play("cookie-theft");
  const world = new MemoryWorld();
  const bots = { "vm-1": "cookie-theft", "vm-2": "os-shutdown", "vm-3": "homepage-set" };
  void runProgram(cnc(bots), world.host("cnc", CNC.address));
  const running = Object.keys(bots).map((id, i) =>
    runProgram(bot, world.host(id, `10.10.0.${5 + i}`, newVolume(id))),
  );
  await world.run(Promise.all(running));
  const own = (w: MemoryWorld) =>
    w.events
      .filter((e) => e.kind === "bot.request" && e.host === "vm-1")
      .map((e) => [e.uri, e.bytes]);
  t.deepEqual(own(world), own(alone.world));
});

for (const behaviour of Object.keys(behaviours)) {
  test(`a freshly booted bot that gets the recorded answers of ${behaviour} does the same again`, async (t) => {
    // Record: what was answered to which request, in order.
    const recorded = await play(behaviour);
    const first = requests(recorded.world);
    // Replay: another seed, so other pauses; the same volume as at the start; nobody decides anything.
    const tape = new MemoryWorld();
    const answers: Reply[] = [];
    void runProgram(cnc({ "vm-1": behaviour }), tape.host("cnc", CNC.address));
    const client = tape.host("recorder", "10.10.0.9");
    await tape.run(collect(client, first, answers));

    const replay = new MemoryWorld("another seed");
    let asked = 0;
    void serveHttp(replay.host("replayer", CNC.address), 80, () => {
      return answers[asked++] ?? { silence: true, close: true };
    });
    await replay.run(runProgram(bot, replay.host("iso-1", "10.20.0.5", newVolume("vm-1"))));
    t.deepEqual(requests(replay), first);
    t.deepEqual(
      replay.effects.map((e) => [e.kind, e.detail]),
      recorded.world.effects.map((e) => [e.kind, e.detail]),
    );
    t.is(asked, answers.length);
  });
}

/** Send the requests and keep the answers. */
async function collect(
  host: ReturnType<MemoryWorld["host"]>,
  lines: readonly string[],
  into: Reply[],
): Promise<void> {
  const http = new HttpClient(host, CNC, { keepAlive: false });
  for (const line of lines) {
    const [method = "", uri = ""] = line.split(" ");
    const { response } = await http.request({ method, uri, host: "cnc.example" });
    if (response !== null)
      into.push({ response: { status: response.status, body: response.body } });
  }
}

/** A server that fails in one way, then works. */
const survives = test.macro({
  async exec(t, failures: readonly Reply[]) {
    const world = new MemoryWorld();
    const real = world.host("cnc-real", "203.0.113.11");
    void runProgram(cnc({ "vm-1": "homepage-set" }), real);
    const front = world.host("cnc", CNC.address);
    const queue = [...failures];
    const answers: Reply[] = [];
    // The recorded answers of a whole session, so that the front can answer by itself.
    const backend = new HttpClient(
      front,
      { address: "203.0.113.11", port: 80 },
      { keepAlive: false },
    );
    const load = async () => {
      const config = await backend.request({ method: "GET", uri: "/config.bin", host: "" });
      answers.push({ response: { status: 200, body: config.response?.body ?? new Uint8Array() } });
      for (let n = 1; n <= 40; n++) {
        const { response } = await backend.request({
          method: "GET",
          uri: `/gate.php?id=vm-1&n=${n}`,
          host: "",
        });
        answers.push({ response: { status: 200, body: response?.body ?? new Uint8Array() } });
      }
    };
    await world.run(load());
    void serveHttp(front, 80, (request) => {
      const failure = queue.shift();
      if (failure !== undefined) return failure;
      const n = Number(/n=(\d+)/.exec(request.uri)?.[1] ?? 0);
      return answers[n] ?? { silence: true, close: true };
    });
    await world.run(runProgram(bot, world.host("vm-1", "10.10.0.5", newVolume("vm-1"))));
    t.deepEqual(
      world.effects.map((e) => e.kind),
      ["homepage-set"],
    );
    t.is(world.events.at(-1)?.outcome, "slept");
  },
  title: (title) => `the bot goes on after ${title}`,
});

const EMPTY: Reply = { response: { status: 200 } };
const CLOSE: Reply = { silence: true, close: true };
const HANGS: Reply = { silence: true, close: false };
const text = (t: string) => new TextEncoder().encode(t);

test("empty answers", survives, [EMPTY, EMPTY]);
test("closed connections", survives, [CLOSE, CLOSE]);
test("an answer that never comes", survives, [HANGS]);
test("another status", survives, [{ response: { status: 503 } }]);
test("a body that is garbage", survives, [
  { response: { status: 200, body: text("<html>hello") } },
]);
test("an answer that is no HTTP", survives, [{ raw: text("SSH-2.0-x\r\n\r\n"), close: true }]);
test("an answer under another key", survives, [
  { response: { status: 200, body: sealAnswer({ next: "sleep", order: null }, 400, "other") } },
]);

test("without a C&C the bot gives each session up after a few tries, and sleeps between them", async (t) => {
  const world = new MemoryWorld();
  await world.run(
    runProgram({ ...bot, sessions: 2 }, world.host("vm-1", "10.20.0.5", newVolume("vm-1"))),
  );
  const tries = world.events.filter((e) => e.kind === "bot.request");
  t.true(tries.every((e) => e.outcome === "ECONNREFUSED"));
  t.is(tries.length, 6);
  const ends = world.events.filter((e) => e.kind === "bot.session");
  t.deepEqual(
    ends.map((e) => e.outcome),
    ["abandoned", "abandoned"],
  );
  t.true((ends[1]?.timeMs ?? 0) - (ends[0]?.timeMs ?? 0) >= 120_000);
});

test("a shutdown is carried out even when its acknowledgement is never answered", async (t) => {
  const order = sealAnswer({ next: "continue", order: { command: "os_shutdown" } }, 400, KEY);
  const world = new MemoryWorld();
  const config = sealConfig("/gate.php", 2000, KEY);
  void serveHttp(world.host("cnc", CNC.address), 80, (request) => {
    if (request.method === "POST") return CLOSE;
    return { response: { status: 200, body: request.uri === "/config.bin" ? config : order } };
  });
  const vm = world.host("vm-1", "10.10.0.5", newVolume("vm-1"));
  await world.run(runProgram(bot, vm));
  t.false(vm.isOn);
  t.is(world.effects[0]?.kind, "power-off");
});

test("a bot whose host loses its power stops at once and leaves no effect", async (t) => {
  const world = new MemoryWorld();
  void runProgram(cnc({ "vm-1": "homepage-set" }), world.host("cnc", CNC.address));
  const vm = world.host("vm-1", "10.10.0.5", newVolume("vm-1"));
  world.after(500, () => vm.powerOff());
  await world.run(runProgram({ ...bot, sessions: 5 }, vm));
  t.deepEqual(world.effects, []);
  t.false(world.events.some((e) => e.kind === "bot.session"));
});

test("every program is plain JSON", (t) => {
  const programs: Program[] = [bot, cnc({ "vm-1": "os-shutdown" })];
  t.deepEqual(JSON.parse(JSON.stringify(programs)), programs);
});
