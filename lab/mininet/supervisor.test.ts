import test from "ava";
import { Supervisor } from "./supervisor.ts";

/** A switch whose changes take as long as the test wants. */
class SlowSwitch {
  inForce = "";
  isDead = false;
  readonly made: string[] = [];
  readonly #waiting: (() => void)[] = [];

  async replaceFlows(_bridge: string, rules: string): Promise<void> {
    if (this.isDead) throw new Error("it is dead");
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.inForce = rules;
    this.made.push(rules);
  }

  async forgetOldRules(): Promise<void> {}

  async isGone(): Promise<boolean> {
    return this.isDead;
  }

  async startSwitch(): Promise<void> {
    this.isDead = false;
    this.inForce = "";
  }

  async bridgeIsUp(): Promise<void> {}

  /** Let the last change that was begun come into force before the others, until none is left. */
  async finish(): Promise<void> {
    for (let turn = 0; turn < 100; turn++) {
      await new Promise(setImmediate);
      this.#waiting.pop()?.();
    }
  }
}

const fail = (error: Error) => {
  throw error;
};

test("of two rule sets that are set at once the later stays, whichever takes longer", async (t) => {
  const slow = new SlowSwitch();
  const supervisor = new Supervisor(slow, fail);
  const set = Promise.all([
    supervisor.setRules("private", "one is cut"),
    supervisor.setRules("private", "two are cut"),
  ]);
  await slow.finish();
  await set;
  t.is(slow.inForce, "two are cut");
});

test("the short way to a cut waits for no other change, and is taken again after it", async (t) => {
  const slow = new SlowSwitch();
  const supervisor = new Supervisor(slow, fail);
  let drops = 0;
  const first = supervisor.setRules("private", "one is cut");
  await new Promise(setImmediate);
  const second = supervisor.setRules("private", "two are cut", async () => {
    drops++;
  });
  await new Promise(setImmediate);
  t.is(drops, 1);
  await slow.finish();
  await Promise.all([first, second]);
  // As soon as the other change is in force, for it may have undone the cut.
  t.is(drops, 2);
  t.is(slow.inForce, "two are cut");
});

test("what is set while a change is made comes into force together", async (t) => {
  const slow = new SlowSwitch();
  const supervisor = new Supervisor(slow, fail);
  const first = supervisor.setRules("private", "one is cut");
  await new Promise(setImmediate);
  const others = ["two are cut", "three are cut", "four are cut"].map((rules) =>
    supervisor.setRules("private", rules),
  );
  await slow.finish();
  await Promise.all([first, ...others]);
  t.deepEqual(slow.made, ["one is cut", "four are cut"]);
});

test("a switch that dies before its rules are set comes back with the new ones", async (t) => {
  const slow = new SlowSwitch();
  const supervisor = new Supervisor(slow, fail);
  slow.isDead = true;
  const set = supervisor.setRules("private", "one is cut");
  await slow.finish();
  await set;
  t.is(slow.inForce, "one is cut");
  t.is(supervisor.restarts, 1);
});

test("rules that a living switch refuses are an error, and do not keep the next ones out", async (t) => {
  let refuses = true;
  let inForce = "";
  const picky = {
    replaceFlows: async (_bridge: string, rules: string) => {
      if (refuses) throw new Error("refused");
      inForce = rules;
    },
    forgetOldRules: async () => {},
    isGone: async () => false,
    startSwitch: async () => {},
    bridgeIsUp: async () => {},
  };
  const supervisor = new Supervisor(picky, fail);
  await t.throwsAsync(supervisor.setRules("private", "bad"), { message: "refused" });
  refuses = false;
  await supervisor.setRules("private", "good");
  t.is(inForce, "good");
  t.is(supervisor.restarts, 0);
});
