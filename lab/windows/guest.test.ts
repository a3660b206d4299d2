import { mkdtempSync, rmSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Timers } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import type { ProgramEvent, ProgramHost } from "../../src/host/host.ts";
import { runProgram } from "../../src/program/program.ts";
import type { ZeusBehaviour } from "../../src/zeus/behaviour.ts";
import { openReport, sealAnswer, sealConfig, sealReport } from "../../src/zeus/message.ts";
import type { CncProgram } from "../../src/zeus/program.ts";
import { rc4 } from "../../src/zeus/rc4.ts";
import { createVolume } from "../../src/zeus/volume.ts";
import { hasPrograms } from "../../test/programs.fixture.ts";
import { RealNetwork } from "../host/network.ts";
import { MonoGuest } from "./guest.fixture.ts";

const KEY = "isoreplay-lab";
const LOOPBACK = ["127.0.0.0/8"];
const traffic = {
  answerBytes: { mean: 600, sd: 120, min: 192, max: 4096 },
  answerSpread: 0.2,
  requests: { mean: 8, sd: 2, min: 3, max: 40 },
};
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

const build = mkdtempSync(join(tmpdir(), "isoreplay-mono-"));
let program: Promise<string> | undefined;
test.after.always(() => rmSync(build, { recursive: true, force: true }));

async function guestOf(t: ExecutionContext): Promise<MonoGuest | null> {
  if (!hasPrograms(t, ["mono", "mcs"])) return null;
  program ??= MonoGuest.compile(build);
  return MonoGuest.create(t, await program);
}

const REAL_TIME: Timers = {
  nowNs: () => process.hrtime.bigint(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The project's own C&C on a free port of loopback; ended with the test. */
async function startCnc(t: ExecutionContext, behaviour: ZeusBehaviour, port: number) {
  const events: ProgramEvent[] = [];
  const network = new RealNetwork("127.0.0.1", REAL_TIME);
  const listeners: { close(): void }[] = [];
  t.teardown(() => {
    for (const listener of listeners) listener.close();
  });
  const host: ProgramHost = {
    name: "cnc",
    network: {
      address: network.address,
      timers: network.timers,
      connect: (to, timeoutMs) => network.connect(to, timeoutMs),
      listen: (on) => {
        const listener = network.listen(on);
        listeners.push(listener);
        return listener;
      },
      datagrams: (on) => network.datagrams(on),
    },
    timers: REAL_TIME,
    random: Random.from("cnc"),
    guest: null,
    mac: "52:54:00:00:00:01",
    gatewayMac: () => null,
    sendFrame: () => {},
    report: (event) => events.push(event),
  };
  const program: CncProgram = {
    kind: "cnc",
    protocol: { host: "cnc.example", gatePath: "/gate.php", configPath: "/config.bin", key: KEY },
    port,
    configBytes: { mean: 6000, sd: 1500, min: 1024, max: 30_000 },
    behaviours: { it: behaviour },
    bots: { "win7-1": "it" },
  };
  void runProgram(program, host);
  return events;
}

const session = test.macro<
  [port: number, behaviour: ZeusBehaviour, outcome: string, effect: object]
>({
  async exec(t, port, behaviour, outcome, effect) {
    const guest = await guestOf(t);
    if (guest === null) return;
    const cnc = await startCnc(t, behaviour, port);
    await guest.provision(
      { "cnc-address": "127.0.0.1", "cnc-port": `${port}`, speed: "100" },
      LOOPBACK,
    );
    const { stdout } = await guest.run("run", guest.folder);
    t.is(stdout, outcome);
    const events = await guest.events();
    t.deepEqual(
      events.filter(({ kind }) => kind === "bot.effect"),
      [{ kind: "bot.effect", ...effect } as never],
    );
    // As many requests as the C&C has planned, besides the configuration's. A loaded machine may answer one late.
    const answered = events.filter((event) => event.outcome === "answered");
    t.is(answered.length - 1, Number(cnc.find(({ kind }) => kind === "cnc.session")?.requests));
    const about = {
      user_cookies_get: "cookies",
      user_homepage_set: "homepage",
      os_shutdown: "shutdown",
    };
    const reports = cnc.filter(({ kind }) => kind === "cnc.report");
    t.true(
      reports.length >= 1 && reports.every((event) => event.about === about[behaviour.command]),
    );
    const homepage =
      behaviour.command === "user_homepage_set" ? behaviour.homepage : "http://home.example/";
    t.is((await guest.run("homepage", guest.folder)).stdout, homepage);
  },
  title: (_, _port, { command }) =>
    `${command}: the Windows generator holds a session with the project's own C&C`,
});
test(
  session,
  47_101,
  { ...traffic, command: "user_homepage_set", homepage: "http://start.example/" },
  "slept",
  {
    effect: "homepage-set",
    homepage: "http://start.example/",
  },
);
test(session, 47_102, { ...traffic, command: "os_shutdown" }, "powered-off", {
  effect: "power-off",
});

test("cookies: every cookie of the jar arrives, as the emulated bot sends them", async (t) => {
  const guest = await guestOf(t);
  if (guest === null) return;
  const posts: string[] = [];
  const network = new RealNetwork("127.0.0.1", REAL_TIME);
  const listener = network.listen(47_103);
  t.teardown(() => listener.close());
  const answers = [
    sealConfig("/gate.php", 2000, KEY),
    sealAnswer({ next: "continue", order: { command: "user_cookies_get", posts: 3 } }, 300, KEY),
    sealAnswer({ next: "continue", order: null }, 300, KEY),
    sealAnswer({ next: "continue", order: null }, 300, KEY),
    sealAnswer({ next: "sleep", order: null }, 300, KEY),
  ];
  const serve = async () => {
    for (const answer of answers) {
      const socket = await listener.accept();
      let request = Buffer.alloc(0);
      for (;;) {
        request = Buffer.concat([request, (await socket.read()) ?? Buffer.alloc(0)]);
        const head = request.indexOf("\r\n\r\n");
        const length = Number(/Content-Length: (\d+)/.exec(request.toString("latin1"))?.[1] ?? 0);
        if (head >= 0 && request.length >= head + 4 + length) break;
      }
      posts.push(request.toString("latin1"));
      await socket.write(
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`),
      );
      await socket.write(answer);
      socket.end();
    }
  };
  const served = serve();
  await guest.provision(
    { "cnc-address": "127.0.0.1", "cnc-port": "47103", speed: "100" },
    LOOPBACK,
  );
  t.is((await guest.run("run", guest.folder)).stdout, "slept");
  await served;

  const { cookies } = createVolume("win7-1", 24, Random.from("win7-1"));
  const jar = await readFile(join(guest.folder, "cookies.txt"), "utf8");
  t.deepEqual(
    jar.trim().split("\n"),
    cookies.map((c) => `${c.site} ${c.name}=${c.value}`),
  );
  const expected = [0, 8, 16].map((from, i) => {
    const text = cookies
      .slice(from, from + 8)
      .map((c) => `${c.site} ${c.name}=${c.value}`)
      .join("; ");
    const body = sealReport({ about: "cookies", part: i + 1, text }, KEY);
    return [
      `POST /gate.php?id=win7-1&n=${i + 2} HTTP/1.1`,
      "Host: cnc.example",
      "Content-Type: application/octet-stream",
      "Connection: close",
      `Content-Length: ${body.length}`,
      "",
      Buffer.from(body).toString("latin1"),
    ].join("\r\n");
  });
  t.deepEqual(posts.slice(2), expected);
  t.is(posts[0], "GET /config.bin HTTP/1.1\r\nHost: cnc.example\r\nConnection: close\r\n\r\n");
});

test("the cipher and the messages are the project's own", async (t) => {
  const guest = await guestOf(t);
  if (guest === null) return;
  for (const length of [1, 5, 16, 256]) {
    const random = Random.from(`rc4 ${length}`);
    const [key, text] = [random.bytes(length), random.bytes(300)];
    t.is((await guest.run("rc4", base64(key), base64(text))).stdout, base64(rc4(key, text)));
  }
  // RFC 6229 section 2, a key of 40 bits.
  const zeros = base64(new Uint8Array(16));
  const vector = await guest.run("rc4", base64(Buffer.from("0102030405", "hex")), zeros);
  t.is(Buffer.from(vector.stdout, "base64").toString("hex"), "b2396305f03dc027ccc3524a0a1118a8");

  const answer = sealAnswer(
    { next: "sleep", order: { command: "user_cookies_get", posts: 7 } },
    400,
    KEY,
  );
  t.like(await guest.run("open", KEY, base64(answer), "next"), {
    exitStatus: 0,
    stdout: "next=sleep\ncommand=user_cookies_get\nposts=7",
  });
  const damaged = answer.slice();
  damaged[3] = (damaged[3] ?? 0) ^ 1;
  t.is((await guest.run("open", KEY, base64(damaged), "next")).exitStatus, 3);
  t.is((await guest.run("open", "another key", base64(answer), "next")).exitStatus, 3);
  t.is(
    (await guest.run("open", KEY, base64(sealConfig("/x.php", 200, KEY)), "next")).exitStatus,
    4,
  );
  t.is(openReport(answer, KEY), null);
});

const refused = test.macro<
  [why: string, spoil: (guest: MonoGuest) => Promise<unknown>, address: string, says: RegExp]
>({
  async exec(t, _why, spoil, address, says) {
    const guest = await guestOf(t);
    if (guest === null) return;
    await guest.provision({ "cnc-address": address }, ["127.0.0.0/8", "10.10.0.0/24", "8.0.0.0/8"]);
    await spoil(guest);
    const { exitStatus, stdout } = await guest.run("run", guest.folder);
    t.is(exitStatus, 3);
    t.regex(stdout, says);
    // Not even its log was begun.
    await t.throwsAsync(() => guest.events(), { code: "ENOENT" });
  },
  title: (_, why) => `the generator refuses to run: ${why}`,
});
const marker = (guest: MonoGuest) => join(guest.folder, "lab.marker");
const asIs = async () => {};
const disagree = /^this is no lab: HKLM.* do not agree$/;
const elsewhere = /^\S+ is in none of the lab's networks$/;
test(
  refused,
  "no marker",
  (guest) => rm(marker(guest)),
  "127.0.0.1",
  /^this is no lab: there is no/,
);
test(refused, "an empty marker", (guest) => writeFile(marker(guest), ""), "127.0.0.1", disagree);
test(refused, "no registry key", (guest) => guest.register({}), "127.0.0.1", disagree);
test(
  refused,
  "another lab's key",
  (guest) => guest.register({ Lab: "1".repeat(36) }),
  "127.0.0.1",
  disagree,
);
test(refused, "a C&C in another network", asIs, "192.0.2.1", elsewhere);
test(refused, "a C&C by name", asIs, "cnc.example", elsewhere);
test(refused, "an address in disguise", asIs, "0x7f.0.0.1", elsewhere);
test(
  refused,
  "a public C&C, whatever the marker says",
  asIs,
  "8.8.8.8",
  /^8\.8\.8\.8 may be somebody's/,
);
