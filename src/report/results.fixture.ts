import { Random } from "../base/random.ts";
import {
  type ClusterResult,
  type ObservationResult,
  RESULTS_FORMAT,
  RESULTS_VERSION,
  type Results,
  type RoundResult,
  type SuspectResult,
} from "../run/results.ts";

/** A made-up run in the shape of `paper`: figures that look like a run's, for tests of what is done with them. */

const COLUMNS = ["response_bytes_mean", "php_requests"];
const MEAN = [1500, 12];
const SD = [700, 6];
const BEHAVIOURS = [
  { name: "cookie-theft", bytes: 900, requests: 19, effect: "cookies-posted" },
  { name: "homepage-set", bytes: 1500, requests: 11, effect: "homepage-set" },
  { name: "os-shutdown", bytes: 2500, requests: 5, effect: "power-off" },
] as const;

export function resultsFixture(overrides: Partial<Results> = {}): Results {
  return {
    format: RESULTS_FORMAT,
    version: RESULTS_VERSION,
    scenario: "paper",
    title: "The paper's three behaviours together",
    lab: "sim",
    seed: 1,
    replayWay: "packet",
    overall: "inconclusive",
    assertions: [
      {
        name: "separation",
        verdict: "pass",
        evidence: "3 clusters, silhouette 0.71 (at least 0.5), adjusted Rand index 0.97.",
        figures: { clusters: 3, silhouette: 0.7123456, ari: 0.97 },
      },
      {
        name: "judgement",
        verdict: "pass",
        evidence: "3 of 3 bots were judged malicious; 0 of 6 benign clients were.",
        figures: { recall: 1, falsePositives: 0 },
      },
      {
        name: "containment",
        verdict: "pass",
        evidence:
          "The control saw all 5 kinds of probe leave; under the isolation's rules 0 of 60 probes left. " +
          "The longest time to contain was 3.1 ms, with 2 packets after the verdict.",
        figures: { leaked: 0, timeToContainMs: 3.1, framesAfterVerdict: 2 },
      },
      {
        name: "manifestation",
        verdict: "fail",
        evidence: "homepage-set did not happen again in isolation within 120 s (bot-2).",
        figures: { manifested: 2, expected: 3 },
      },
      {
        name: "feedback",
        verdict: "inconclusive",
        evidence: "The second round has no ground truth to compare with.",
        figures: { before: 0.97, after: null },
      },
    ],
    rounds: [roundFixture(1), roundFixture(2)],
    topology: topologyFixture(),
    counts: { packetsSwitched: 48211, virtualSeconds: 312.25 },
    ...overrides,
  };
}

export function roundFixture(round: number): RoundResult {
  return {
    round,
    observations: observations(Random.from(round)),
    model: {
      columns: COLUMNS,
      mean: MEAN,
      sd: SD,
      clusters: BEHAVIOURS.map(
        (b): ClusterResult => ({
          label: b.name,
          benign: false,
          centre: [(b.bytes - 1500) / 700, (b.requests - 12) / 6],
          radius: 0.62,
          size: 14,
        }),
      ).concat([{ label: "benign", benign: true, centre: [-0.9, -1.7], radius: 0.5, size: 10 }]),
      metrics: { silhouette: 0.71, daviesBouldin: 0.43, purity: 0.98, ari: 0.97 },
    },
    suspects: BEHAVIOURS.map(suspect),
    containment: {
      probes: ["arp", "icmp", "dns", "tcp-syn", "udp"].map((kind) => ({
        kind,
        sent: 12,
        control: 12,
        leaked: 0,
      })),
      canary: { before: 24, after: 0 },
      proof: { control: 2, checked: 3, waysOut: [] },
      outletFrames: 0,
      missedFrames: 0,
      lateralFrames: 0,
    },
    feedback:
      round === 1 ? null : { observations: 53, correctFirst: 50, correctUpdated: 51, learned: 9 },
  };
}

function observations(random: Random): ObservationResult[] {
  const list: ObservationResult[] = [];
  const add = (
    truth: string,
    phase: ObservationResult["phase"],
    bytes: number,
    requests: number,
    judgement: ObservationResult["judgement"],
  ) =>
    list.push({
      client: `10.10.0.${11 + list.length}`,
      server: "203.0.113.10:80",
      phase,
      behaviour: truth,
      judgement,
      values: { response_bytes_mean: bytes, php_requests: requests },
    });
  BEHAVIOURS.forEach((b, i) => {
    for (let n = 0; n < 14; n++) {
      const wrong = i === 1 && n === 3;
      const label = wrong ? "cookie-theft" : b.name;
      add(
        b.name,
        n < 11 ? "record" : "isolation",
        random.normal(b.bytes, 130),
        Math.round(random.normal(b.requests, 1.4)),
        n === 7 && i === 2 ? { verdict: "unknown", label } : { verdict: "known", label },
      );
    }
  });
  for (let n = 0; n < 10; n++)
    add("benign", "record", random.normal(880, 120), random.int(0, 3), {
      verdict: "benign",
      label: "benign",
    });
  add("benign", "record", 48_000, 4, { verdict: "benign", label: "benign" });
  return list;
}

function suspect(behaviour: (typeof BEHAVIOURS)[number], index: number): SuspectResult {
  const volume = "5f".repeat(32);
  const effect = {
    kind: behaviour.effect,
    timeS: 40.5,
    network: "private",
    detail: "shop.example",
  };
  return {
    name: `bot-${index + 1}`,
    address: `10.10.0.${11 + index}`,
    behaviour: behaviour.name,
    verdict: index === 2 ? "unknown" : "known",
    label: behaviour.name,
    reason: `0.31 from ${behaviour.name}, whose radius is 0.62`,
    verdictTimeS: 72.5 + index,
    timeToDetectS: 61.25,
    timeToContainMs: [3.1, 0, 2.4][index] ?? null,
    framesAfterVerdict: [2, 0, 1][index] ?? null,
    framesAfterCut: 0,
    conversations: (["tcp", "udp", "dns"] as const).map((protocol) => ({
      protocol,
      client: `10.10.0.${11 + index}:40001`,
      server: `203.0.113.250:${protocol === "dns" ? 53 : 4701}`,
      open: true,
      lastBeforeCutS: 72.4 + index,
      lastAfterCutS: null,
      framesAfterVerdict: protocol === "tcp" ? ([2, 0, 1][index] ?? 0) : 0,
      framesAfterCut: 0,
    })),
    canarySaw: 24,
    move: {
      method: index === 1 ? "migration" : "volume-move",
      target: `iso-${index + 1}`,
      startS: 73,
      durationS: 8.25,
      hashBefore: volume,
      hashAfter: volume,
      hashEqual: true,
      memoryLost: true,
      steps: ["stop bot", "detach volume", "attach volume", "boot"],
    },
    replay: {
      startS: 82.5,
      seen: 21,
      alike: 21,
      answers: 21,
      identical: index === 1 ? 18 : 20,
      requestsRecorded: 21,
      requestsRepeated: index === 1 ? 19 : 21,
      bytes: { recorded: 24_117, substituted: 1810, refused: index === 1 ? 96 : 0 },
      misses: index === 1 ? 2 : 0,
    },
    effectsBefore: [effect],
    effectsInIsolation: index === 1 ? [] : [{ ...effect, timeS: 101, network: "isolation" }],
  };
}

function topologyFixture(): Results["topology"] {
  const host = (name: string, role: string, bridge: string, address: string | null) => ({
    name,
    kind: "host" as const,
    role,
    bridge,
    address,
  });
  const bots = [1, 2, 3];
  const nodes: Results["topology"]["nodes"] = [
    ...["outside", "private", "isolation"].map((name) => ({
      name,
      kind: "bridge" as const,
      role: "bridge",
      bridge: null,
      address: null,
    })),
    { name: "router", kind: "router", role: "router", bridge: null, address: null },
    host("cnc", "server", "outside", "203.0.113.10"),
    host("shop", "server", "outside", "203.0.113.80"),
    host("canary", "canary", "outside", "203.0.113.250"),
    ...bots.map((n) => host(`bot-${n}`, "instance", "private", `10.10.0.${10 + n}`)),
    ...[1, 2, 3, 4, 5, 6].map((n) =>
      host(`client-${n}`, "benign-client", "private", `10.10.0.${100 + n}`),
    ),
    { name: "replayer", kind: "replayer", role: "replayer", bridge: "isolation", address: null },
    ...bots.map((n) => host(`iso-${n}`, "isolation-instance", "isolation", `10.20.0.${10 + n}`)),
    host("outlet", "outlet", "isolation", "10.20.0.254"),
  ];
  const links = (after: boolean): Results["topology"]["before"] => [
    { from: "router", to: "outside", state: "up" },
    { from: "router", to: "private", state: "up" },
    ...nodes
      .filter((node) => node.bridge !== null)
      .map((node) => {
        const served = after && (node.role === "isolation-instance" || node.kind === "replayer");
        const cut = node.bridge === "isolation" ? !served : after && node.role === "instance";
        const state = served ? ("replay" as const) : cut ? ("cut" as const) : ("up" as const);
        return { from: node.name, to: node.bridge as string, state };
      }),
  ];
  return {
    nodes,
    before: links(false),
    after: [
      ...links(true),
      ...bots.map((n) => ({ from: `bot-${n}`, to: `iso-${n}`, state: "move" as const })),
    ],
  };
}
