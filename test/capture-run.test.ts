import { existsSync, readdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import type { Results } from "../src/run/results.ts";
import { isoreplay, scratch } from "./cli.fixture.ts";

const FOREIGN = fileURLToPath(new URL("../../shared/captures/other-malware/", import.meta.url));

async function resultsOf(out: string): Promise<Results> {
  return JSON.parse(await readFile(join(out, "latest", "results.json"), "utf8")) as Results;
}

function verdictsOf(results: Results): Record<string, string> {
  return Object.fromEntries(results.assertions.map((a) => [a.name, a.verdict]));
}

test.serial(
  "a recorded conversation drives the loop: contained, replayed, and the same requests made again",
  async (t) => {
    const out = await scratch();
    await isoreplay("run", "zeus-cookie-theft", "--out", out);
    const capture = join(out, "latest", "round-2-uplink.pcap");

    const filler = await isoreplay("run", "--capture", capture, "--out", join(out, "filler"));
    t.is(filler.status, 2, filler.stderr);
    const withFiller = await resultsOf(join(out, "filler"));
    t.like(verdictsOf(withFiller), {
      "cluster separation": "inconclusive",
      judgement: "inconclusive",
      containment: "pass",
      replay: "pass",
      manifestation: "pass",
      feedback: "inconclusive",
    });
    const suspect = withFiller.rounds[0]?.suspects[0];
    t.is(suspect?.label, "cookie-theft");
    t.is(suspect?.replay?.bytes.recorded, 0, "filler must not be called recorded");
    t.true((suspect?.replay?.requestsRecorded ?? 0) > 5);

    const kept = await isoreplay(
      "run",
      "--capture",
      capture,
      "--keep-bodies",
      "--out",
      join(out, "kept"),
    );
    t.is(kept.status, 2, kept.stderr);
    const replay = (await resultsOf(join(out, "kept"))).rounds[0]?.suspects[0]?.replay;
    t.is(replay?.bytes.substituted, 0);
    t.is(replay?.identical, replay?.seen);
    await rm(out, { recursive: true });
  },
);

test.serial(
  "a client that the capture does not have is refused, and those that it has are named",
  async (t) => {
    const out = await scratch();
    await isoreplay("run", "zeus-cookie-theft", "--out", out);
    const capture = join(out, "latest", "round-2-uplink.pcap");
    const said = await isoreplay(
      "run",
      "--capture",
      capture,
      "--client",
      "192.0.2.1",
      "--out",
      join(out, "no"),
    );
    t.is(said.status, 65);
    t.regex(said.stderr, /no HTTP request of the client 192\.0\.2\.1.*10\.10\.0\./);
    t.false(existsSync(join(out, "no")));
    await rm(out, { recursive: true });
  },
);

const foreign = existsSync(FOREIGN) ? readdirSync(FOREIGN) : [];
if (foreign.length === 0) {
  test.serial("captures of others", (t) => {
    t.log("skipped: ../shared/captures/other-malware is absent");
    t.pass();
  });
}
for (const name of foreign) {
  test.serial(`${name} drives the loop without a failed assertion`, async (t) => {
    const out = await scratch();
    const said = await isoreplay("run", "--capture", join(FOREIGN, name), "--out", out);
    t.is(said.status, 2, said.stdout + said.stderr);
    t.like(verdictsOf(await resultsOf(out)), {
      containment: "pass",
      replay: "pass",
      manifestation: "pass",
    });
    await rm(out, { recursive: true });
  });
}
