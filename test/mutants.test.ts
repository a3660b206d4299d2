/**
 * Each assertion of the loop has mutants: the smallest sabotage of the system that it must notice. The unharmed system,
 * with the same scenario and seed, passes everything; it is the positive control of this file.
 */
import test from "ava";
import { parts as real } from "../src/cli/parts.ts";
import type { Transaction } from "../src/http/transaction.ts";
import { REPLAYER } from "../src/isolate/isolation-rules.ts";
import type { Parts } from "../src/run/parts.ts";
import type { ReplayWay } from "../src/run/way.ts";
import { playLoop, shippedScenario } from "./loop.fixture.ts";

const SEED = 11;
const scenario = shippedScenario("paper", (text) => text.replaceAll("suspects: 2", "suspects: 1"));

test.serial("the unharmed system passes every assertion", async (t) => {
  const { verdicts } = await playLoop(scenario, SEED);
  t.deepEqual(new Set(Object.values(verdicts)), new Set(["pass"]));
});

interface Mutant {
  readonly parts: Partial<Parts>;
  readonly assertion: string;
  readonly verdict: "fail" | "inconclusive";
}

const notices = test.macro(async (t, { parts, assertion, verdict }: Mutant) => {
  const { assertions } = await playLoop(scenario, SEED, parts);
  const found = assertions.find((a) => a.name === assertion);
  t.is(found?.verdict, verdict, found?.evidence);
});

/** The system with one of its ways of replay changed. */
const withWay = (name: keyof Parts["ways"], change: Partial<ReplayWay>): Partial<Parts> => ({
  ways: { ...real.ways, [name]: { ...real.ways[name], ...change } },
});
const { packet } = real.ways;

const without = (rules: string, pattern: RegExp) =>
  rules
    .split("\n")
    .filter((line) => !pattern.test(line))
    .join("\n");

test.serial("a skipped cut is noticed", notices, {
  parts: { privateRules: (network) => real.privateRules({ ...network, cut: [] }) },
  assertion: "containment",
  verdict: "fail",
});

test.serial("a cut without its outgoing drop rule is noticed", notices, {
  parts: {
    privateRules: (network) => without(real.privateRules(network), /priority=1000,in_port/),
  },
  assertion: "containment",
  verdict: "fail",
});

test.serial("a default drop that became a way out is noticed", notices, {
  parts: withWay("packet", {
    rules: (network) =>
      packet
        .rules(network)
        .replace("table=0,priority=0,actions=drop", "table=0,priority=0,actions=output:2"),
  }),
  assertion: "containment",
  verdict: "fail",
});

test.serial("an isolation whose ARP is switched as usual is noticed", notices, {
  parts: withWay("packet", {
    rules: (network) => `${packet.rules(network)}table=0,priority=120,arp,actions=normal\n`,
  }),
  assertion: "containment",
  verdict: "fail",
});

test.serial("isolated instances that can reach each other are noticed", notices, {
  parts: withWay("packet", {
    rules: (network) => {
      const everybody = network.stations.map((s) => `output:${s.port}`).join(",");
      const rule = `table=0,priority=90,udp,actions=${everybody}\n`;
      return `${packet.rules(network)}${everybody === "" ? "" : rule}`;
    },
  }),
  assertion: "containment",
  verdict: "fail",
});

test.serial("a replay that falls through to the network is noticed", notices, {
  parts: withWay("packet", {
    rules: (network) =>
      packet.rules(network).replaceAll(`output:${REPLAYER}`, `output:${REPLAYER},output:2`),
  }),
  assertion: "containment",
  verdict: "fail",
});

test.serial("a way out that no probe takes is noticed", notices, {
  parts: withWay("packet", {
    rules: (network) => {
      const rules = packet.rules(network);
      const [station] = network.stations;
      if (station === undefined) return rules;
      const secret = `table=0,priority=500,tcp,in_port=${station.port},nw_dst=198.51.100.77,tp_dst=31337`;
      return `${rules}${secret},actions=output:2\n`;
    },
  }),
  assertion: "containment",
  verdict: "fail",
});

test.serial("a check of the rules that sees nothing leaves the containment open", notices, {
  parts: { waysOut: () => [] },
  assertion: "containment",
  verdict: "inconclusive",
});

test.serial("a control that sees no probe leaves the containment open", notices, {
  parts: { controlRules: "table=0,priority=0,actions=drop\n" },
  assertion: "containment",
  verdict: "inconclusive",
});

test.serial("a canary that nothing can reach leaves the containment open", notices, {
  parts: {
    privateRules: (network) =>
      `${real.privateRules(network)}table=0,priority=900,ip,nw_dst=203.0.113.250,actions=drop\n`,
  },
  assertion: "containment",
  verdict: "inconclusive",
});

test.serial("swapped labels are noticed", notices, {
  parts: {
    judge: (model, observation) => {
      const judgement = real.judge(model, observation);
      const swap = new Map([
        ["cookie-theft", "os-shutdown"],
        ["os-shutdown", "cookie-theft"],
      ]);
      return { ...judgement, label: swap.get(judgement.label) ?? judgement.label };
    },
  },
  assertion: "judgement",
  verdict: "fail",
});

test.serial("a judge that takes everybody for a bot is noticed", notices, {
  parts: {
    judge: (model, observation) => ({ ...real.judge(model, observation), verdict: "known" }),
  },
  assertion: "judgement",
  verdict: "fail",
});

test.serial("a clustering with one cluster too few is noticed", notices, {
  parts: { fit: (set, options, previous) => real.fit(set, { ...options, k: 2 }, previous) },
  assertion: "cluster separation",
  verdict: "fail",
});

test.serial("a clustering by columns that tell nothing is noticed", notices, {
  parts: {
    fit: (set, options, previous) =>
      real.fit(set, { ...options, columns: ["failed_share", "response_bytes_cv"] }, previous),
  },
  assertion: "cluster separation",
  verdict: "fail",
});

test.serial("a replayer that stays silent is noticed", notices, {
  parts: withWay("packet", {
    serve: () => ({
      account: () => ({
        answers: 0,
        misses: 0,
        bytes: { recorded: 0, substituted: 0, refused: 0 },
      }),
    }),
  }),
  assertion: "manifestation",
  verdict: "fail",
});

test.serial("a replayer that changes a byte and calls it recorded is noticed", notices, {
  parts: withWay("packet", {
    serve: (request) => packet.serve({ ...request, recorded: request.recorded.map(forged) }),
  }),
  assertion: "replay",
  verdict: "fail",
});

function forged(transaction: Transaction): Transaction {
  if (transaction.raw === undefined) return transaction;
  const response = transaction.raw.response.slice();
  const last = response.length - 1;
  response[last] = (response[last] ?? 0) ^ 0x20;
  return { ...transaction, raw: { ...transaction.raw, response } };
}

test.serial("an update that poisons the model is noticed", notices, {
  parts: {
    update: (...given) => {
      const updated = real.update(...given);
      const labels = updated.model.clusters.map((c) => c.label);
      const clusters = updated.model.clusters.map((c, i) => ({
        ...c,
        label: labels[(i + 1) % labels.length] ?? c.label,
      }));
      return { ...updated, model: { ...updated.model, clusters } };
    },
  },
  assertion: "feedback",
  verdict: "fail",
});
