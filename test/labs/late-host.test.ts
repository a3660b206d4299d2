/** A machine that does not let a host run tears its sessions apart. The run has to say so, instead of finding fault with the loop. */
import test from "ava";
import { incidents } from "../../src/report/incidents.ts";
import type { Plan } from "../../src/run/plan.ts";
import { hasMininet } from "../labs.fixture.ts";
import { assertFault, playFault, stopHost } from "./faults.fixture.ts";

const DEADLINE_MS = 120_000;
const BOT = "bot-cookie-theft-1";
/** Longer than a pause may grow at this speed (1.4 s): the silence ends the bot's window. */
const STOP_MS = 2_500;
/** What the bot has asked for before it is stopped. */
const REQUESTS = 3;

test.serial(
  "a bot that stands still within its sessions is named, and what it spoils is open",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasMininet(t)) return;
    let cloud: Plan | null = null;
    let stops = 0;
    const run = await playFault(
      (_lab, plan) => {
        cloud = plan;
        return {};
      },
      {
        event: (host, _timeNs, event) => {
          const isMiddle = host === BOT && event.kind === "bot.request" && event.n === REQUESTS;
          if (!isMiddle || cloud === null) return;
          stops++;
          stopHost(cloud, BOT, STOP_MS).catch((error: unknown) => t.fail(String(error)));
        },
      },
    );
    t.true(stops > 0);
    const bot = run.round.lateness?.who.find(({ name }) => name === BOT);
    t.is(bot?.kind, "host");
    t.true((bot?.latestMs ?? 0) > 0.9 * STOP_MS, `${bot?.latestMs} ms`);
    t.regex(incidents(run).join(), new RegExp(`${BOT} was 2\\.\\d+ s late, .* lower --speed`));
    for (const { name, verdict, evidence } of run.assertions.values())
      t.not(verdict, "fail", `${name}: ${evidence}`);
    t.is(run.assertions.get("containment")?.verdict, "pass");
    t.is(run.assertions.get("cluster separation")?.verdict, "inconclusive");
    // Had nobody measured it, the loop would be found at fault.
    const unmeasured = assertFault(run.rounds.map(({ lateness: _, ...round }) => round));
    t.is(unmeasured.get("cluster separation")?.verdict, "fail");
  },
);
