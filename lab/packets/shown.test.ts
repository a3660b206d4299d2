import { setImmediate as turn } from "node:timers/promises";
import test from "ava";
import { Shown } from "./shown.ts";

/** A capture that answers when it is told to. */
function slowTap() {
  const asked: PromiseWithResolvers<number>[] = [];
  const tap = {
    drained: () => {
      const question = Promise.withResolvers<number>();
      asked.push(question);
      return question.promise;
    },
  };
  return { tap, asked };
}

test("what a capture still holds is not taken for shown, however late it is", async (t) => {
  const { tap, asked } = slowTap();
  const clock = { ns: 10n };
  const shown = new Shown(tap, { nowNs: () => clock.ns }, () => t.fail());
  t.is(shown.untilNs(), 0n);
  clock.ns = 5_000n;
  t.is(shown.untilNs(), 0n);
  t.is(asked.length, 1);
  asked[0]?.resolve(0);
  await turn();
  // What has passed since the question may not be there yet.
  t.is(shown.untilNs(), 10n);
  asked[1]?.resolve(0);
  await turn();
  t.is(shown.untilNs(), 5_000n);
});

test("a capture that has died is told at once, not waited for", async (t) => {
  const { tap, asked } = slowTap();
  const failures: unknown[] = [];
  const shown = new Shown(tap, { nowNs: () => 1n }, (error) => failures.push(error));
  shown.untilNs();
  asked[0]?.reject(new Error("dead"));
  await turn();
  t.is(failures.length, 1);
});
