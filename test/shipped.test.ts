import { readFile } from "node:fs/promises";
import test from "ava";
import { parts } from "../src/cli/parts.ts";
import { formatModel } from "../src/cluster/model.ts";
import { playLoop, shippedScenario } from "./loop.fixture.ts";

for (const name of ["zeus-cookie-theft", "zeus-homepage-set", "zeus-os-shutdown"]) {
  test.serial(`${name} passes`, async (t) => {
    const { verdicts } = await playLoop(shippedScenario(name), 1);
    t.deepEqual(new Set(Object.values(verdicts)), new Set(["pass"]));
  });
}

test.serial("migration contains and replays as well as the move of a volume", async (t) => {
  const scenario = shippedScenario(
    "zeus-cookie-theft",
    (text) => `${text}\nisolation: { move: migration }\n`,
  );
  const { verdicts, rounds } = await playLoop(scenario, 1);
  t.deepEqual(new Set(Object.values(verdicts)), new Set(["pass"]));
  const moves = rounds.flatMap((r) => r.suspects).map((s) => s.move);
  t.true(moves.length > 0);
  t.true(moves.every((move) => move?.method === "migration" && move.hashEqual));
});

test.serial(
  "the model that is shipped is the one that the paper scenario's first round learns",
  async (t) => {
    const fitted: string[] = [];
    await playLoop(shippedScenario("paper"), 1, {
      fit: (...given) => {
        const fit = parts.fit(...given);
        fitted.push(formatModel(fit.model));
        return fit;
      },
    });
    const shipped = await readFile(new URL("../models/zeus.json", import.meta.url), "utf8");
    t.is(fitted[0], shipped);
  },
);
