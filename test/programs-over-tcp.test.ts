import test from "ava";
import { pair, play } from "../sim/host/test-lab.ts";
import { Random } from "../src/base/random.ts";
import { createGuest, type Effect } from "../src/host/guest.ts";
import type { ProgramEvent, ProgramHost } from "../src/host/host.ts";
import { type Program, runProgram } from "../src/program/program.ts";
import type { ZeusBehaviour } from "../src/zeus/behaviour.ts";
import { createVolume } from "../src/zeus/volume.ts";

// The programs over the simulator's own TCP, on a link that loses, doubles and reorders frames.
const FAULTS = { delayMs: 2, jitterMs: 0.5, loss: 0.03, duplication: 0.01, reordering: 0.02 };
const CNC = { address: "10.0.0.2", port: 80 };

const protocol = {
  host: "cnc.example",
  gatePath: "/gate.php",
  configPath: "/config.bin",
  key: "isoreplay-lab",
};
const traffic = {
  answerBytes: { mean: 1200, sd: 400, min: 192, max: 4096 },
  answerSpread: 0.2,
  requests: { mean: 12, sd: 2, min: 3, max: 40 },
};
const behaviours: Record<string, ZeusBehaviour> = {
  "cookies-posted": { ...traffic, command: "user_cookies_get" },
  "homepage-set": { ...traffic, command: "user_homepage_set", homepage: "http://start.example/" },
  "power-off": { ...traffic, command: "os_shutdown" },
};

type SimulatedHost = ReturnType<typeof pair>["alice"];

/** Run programs on the two hosts of a link. Returns when the one on `alice` has ended. */
async function meet(onBob: readonly Program[], onAlice: Program, seed: number) {
  const { scheduler, alice, bob } = pair(FAULTS, seed);
  const events: ProgramEvent[] = [];
  const effects: Effect[] = [];
  const { promise: off, resolve: onPowerOff } = Promise.withResolvers<void>();
  const programHost = (host: SimulatedHost): ProgramHost => ({
    name: host.name,
    network: host.network,
    timers: host.timers,
    random: Random.from(`${seed}/${host.name}`),
    guest: createGuest(createVolume("vm-1", 24, Random.from(seed)), {
      nowNs: () => scheduler.nowNs(),
      network: () => "private",
      onEffect: (effect) => effects.push(effect),
      onPowerOff: () => {
        host.halt();
        onPowerOff();
      },
    }),
    mac: host.mac,
    gatewayMac: () => host.gatewayMac(),
    sendFrame: (bytes) => host.sendFrame(bytes),
    report: (event) => events.push(event),
  });
  for (const program of onBob) void runProgram(program, programHost(bob));
  await play(scheduler, Promise.race([off, runProgram(onAlice, programHost(alice))]));
  return { events, effects };
}

for (const [effect, behaviour] of Object.entries(behaviours)) {
  for (const connection of ["per-request", "keep-alive"] as const) {
    test(`${effect} manifests over a faulty link, and no request is asked twice (${connection})`, async (t) => {
      for (let seed = 1; seed <= 5; seed++) {
        const { events, effects } = await meet(
          [
            {
              kind: "cnc",
              protocol,
              port: 80,
              configBytes: { mean: 20_000, sd: 3000, min: 1024, max: 30_000 },
              behaviours: { it: behaviour },
              bots: { "vm-1": "it" },
            },
          ],
          {
            kind: "bot",
            protocol,
            cnc: CNC,
            connection,
            sessions: 1,
            sessionGapS: 120,
            pollIntervalS: { mean: 4, sd: 1.5, min: 0.5, max: 20 },
          },
          seed,
        );
        t.deepEqual(
          effects.map((e) => e.kind),
          [effect],
        );
        const asked = events.filter((e) => e.kind === "bot.request");
        t.true(asked.every((e) => e.outcome === "answered" && e.attempt === 1));
        const planned = events.find((e) => e.kind === "cnc.session")?.requests;
        t.is(events.find((e) => e.kind === "bot.session")?.requests, planned);
      }
    });
  }
}

test("a benign visit over a faulty link has no failure", async (t) => {
  const { events } = await meet(
    [
      {
        kind: "web-site",
        site: "php-site",
        port: 80,
        pageBytes: { mean: 14_000, sd: 4000, min: 400, max: 30_000 },
      },
    ],
    {
      kind: "browser",
      site: "php-site",
      server: CNC,
      host: "site.example",
      sessions: 3,
      sessionGapS: 120,
      requests: { mean: 5, sd: 2, min: 1, max: 40 },
      thinkTimeS: { mean: 6, sd: 4, min: 0.5, max: 40 },
    },
    1,
  );
  t.deepEqual(
    events.filter((e) => e.kind === "browser.failed" || e.kind === "http.fault"),
    [],
  );
  t.is(events.filter((e) => e.kind === "browser.session").length, 3);
});
