import { z } from "zod";
import { WAY_NAMES } from "../scenario/way.ts";

/**
 * What a run found: `results.json`. Everything in it is a function of the scenario, the lab's time and the seed; no
 * wall clock, no path of the machine, so that on the simulator the same seed gives the same bytes.
 *
 * Units are last in a name: `S` seconds and `Ms` milliseconds of the lab's time since the run began, `Bytes` bytes.
 * `null` always means "could not be known", never zero.
 */
export const RESULTS_FORMAT = "isoreplay-results";
export const RESULTS_VERSION = 1;

const count = z.int().nonnegative();
const seconds = z.number();

export const outcomeSchema = z.enum(["pass", "fail", "inconclusive"]);

/** One question that the run answers, with what speaks for the answer. */
export const assertionSchema = z.strictObject({
  name: z.string().min(1),
  verdict: outcomeSchema,
  /** One readable sentence with the numbers. */
  evidence: z.string(),
  figures: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
});

const observationSchema = z.strictObject({
  client: z.string(),
  server: z.string(),
  /** Seen while recording on `private`, or while replaying on `isolation`. */
  phase: z.enum(["record", "isolation"]),
  /** Ground truth: the behaviour that the emulation drew, "benign", or null where nobody knows (a real capture). */
  behaviour: z.string().nullable(),
  /** null: seen, but not put before the model (for instance in isolation, where it is only learned from). */
  judgement: z
    .strictObject({ verdict: z.enum(["known", "unknown", "benign"]), label: z.string() })
    .nullable(),
  /** Raw values by column name, as `src/feature` gives them. */
  values: z.record(z.string(), z.number()),
});

const clusterSchema = z.strictObject({
  label: z.string(),
  benign: z.boolean(),
  /** In standardised units, one number for each of the model's columns. */
  centre: z.array(z.number()),
  /** In standardised units: an observation farther away is not of this cluster. */
  radius: z.number().nonnegative(),
  /** Observations that it was fitted on. */
  size: count,
});

const modelSchema = z.strictObject({
  /** Column names; the paper's two come first: x the length of the responses, y the number of `*.php` requests. */
  columns: z.array(z.string()).min(1),
  /** Standardised = (raw - mean) / sd, column by column. */
  mean: z.array(z.number()),
  sd: z.array(z.number()),
  clusters: z.array(clusterSchema),
  metrics: z.strictObject({
    silhouette: z.number().nullable(),
    daviesBouldin: z.number().nullable(),
    purity: z.number().nullable(),
    ari: z.number().nullable(),
  }),
});

const effectSchema = z.strictObject({
  kind: z.string(),
  timeS: seconds,
  network: z.string(),
  detail: z.string(),
});

const moveSchema = z.strictObject({
  method: z.enum(["volume-move", "migration"]),
  target: z.string(),
  startS: seconds,
  durationS: seconds,
  hashBefore: z.string(),
  hashAfter: z.string(),
  hashEqual: z.boolean(),
  memoryLost: z.boolean(),
  steps: z.array(z.string()),
});

const replaySchema = z.strictObject({
  startS: seconds.nullable(),
  /** Requests that were answered from the tape or by the miss policy. */
  answers: count,
  /** Bytes sent to the guest, by where they came from. */
  bytes: z.strictObject({ recorded: count, substituted: count, refused: count }),
  /** Requests that no recorded answer fitted. */
  misses: count,
  /**
   * Answers seen on the isolation tap; how many of them have the status and body length of a recorded one; and how many
   * are byte for byte a recorded one.
   */
  seen: count,
  alike: count,
  identical: count,
  /** Requests recorded, and how many of them were made again in isolation. */
  requestsRecorded: count,
  requestsRepeated: count,
});

/** A conversation with the outside that a suspect had when it was judged, or not long before. */
const conversationSchema = z.strictObject({
  protocol: z.enum(["tcp", "udp", "dns"]),
  client: z.string(),
  server: z.string(),
  /** At the verdict. */
  open: z.boolean(),
  /** The last frame that left in it before the cut and after it; `null` where none did. */
  lastBeforeCutS: seconds.nullable(),
  lastAfterCutS: seconds.nullable(),
  framesAfterVerdict: count,
  framesAfterCut: count,
});

const suspectSchema = z.strictObject({
  name: z.string(),
  address: z.string(),
  behaviour: z.string().nullable(),
  /** null: it was never judged. */
  verdict: z.enum(["known", "unknown", "benign"]).nullable(),
  label: z.string().nullable(),
  reason: z.string(),
  verdictTimeS: seconds.nullable(),
  /** From the first packet of the conversation to the verdict. */
  timeToDetectS: seconds.nullable(),
  /** From the verdict to the last packet that left, in the network's time; 0 when none did. */
  timeToContainMs: z.number().nullable(),
  framesAfterVerdict: count.nullable(),
  /** Frames that left once the rules were in force: each one is a leak. */
  framesAfterCut: count.nullable(),
  /** null: nothing held any on purpose, or it was never judged malicious. */
  conversations: z.array(conversationSchema).nullable().default(null),
  /** Packets of it that the canary saw before: 0 proves nothing. */
  canarySaw: count,
  move: moveSchema.nullable(),
  replay: replaySchema.nullable(),
  effectsBefore: z.array(effectSchema),
  effectsInIsolation: z.array(effectSchema),
});

const probeSchema = z.strictObject({
  /** For instance "tcp-syn", "dns", "icmp", "arp". */
  kind: z.string(),
  sent: count,
  /** How many were seen to leave while nothing held them back: the positive control. 0 proves nothing. */
  control: count,
  /** How many left under the isolation's rules. */
  leaked: count,
});

const containmentSchema = z.strictObject({
  probes: z.array(probeSchema),
  /** Packets of the canary seen outside, before and after isolation. */
  canary: z.strictObject({ before: count, after: count }),
  /** The rules of `isolation`, as its switch listed them after each change, before any packet. */
  proof: z.strictObject({
    /** Ways out that the check saw in the rules that hold nothing back: the positive control. 0 proves nothing. */
    control: count,
    checked: count,
    waysOut: z.array(z.string()),
  }),
  /** Frames at the outlet of `isolation` under its rules, whatever they were: each one is a leak. */
  outletFrames: count,
  /** Frames that passed a tap and could not be captured: each one might have been a leak. */
  missedFrames: count,
  /** Frames that an isolated instance got from anybody but the replayer and the switch's ARP answers. */
  lateralFrames: count,
});

/** The same observations put before the first model and before the one that has learned since. */
const feedbackSchema = z.strictObject({
  observations: count,
  correctFirst: count,
  correctUpdated: count,
  /** Observations from isolation that the model has learned from so far. */
  learned: count,
});

/** How late those that take part were. Milliseconds of real time, whatever the lab's speed. */
const latenessSchema = z.strictObject({
  /** By how much a pause within a session may grow before its window ends. */
  allowedMs: z.number(),
  /** Those that were late at all, the latest first; `times`: delays that were long enough to count. */
  who: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(["host", "run", "sensor"]),
      latestMs: z.number().nonnegative(),
      times: count,
    }),
  ),
});

const roundSchema = z.strictObject({
  round: z.int().positive(),
  observations: z.array(observationSchema),
  /** The model that judged in this round; the next round's has learned from this one's observations. */
  model: modelSchema,
  suspects: z.array(suspectSchema),
  containment: containmentSchema.nullable(),
  /** null in the first round, or where the truth is not known. */
  feedback: feedbackSchema.nullable(),
  /** Not where the lab's time is virtual: there nobody is ever late. */
  lateness: latenessSchema.optional(),
});

const nodeSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(["host", "bridge", "router", "replayer"]),
  /** For hosts: their role in the plan. */
  role: z.string(),
  /** The bridge that a host belongs to; null for bridges and the router, which has several. */
  bridge: z.string().nullable(),
  address: z.string().nullable(),
});

const linkSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** `cut`: the cable is there, the rules let nothing through. `move`: where an instance's volume went. */
  state: z.enum(["up", "cut", "move", "replay"]),
});

const topologySchema = z.strictObject({
  nodes: z.array(nodeSchema),
  before: z.array(linkSchema),
  after: z.array(linkSchema),
});

export const resultsSchema = z.strictObject({
  format: z.literal(RESULTS_FORMAT),
  version: z.literal(RESULTS_VERSION),
  scenario: z.string().min(1),
  title: z.string().optional(),
  lab: z.enum(["sim", "mininet", "devstack"]),
  seed: z.int(),
  /** The base name of the capture that drove the loop, where one did. */
  capture: z.string().optional(),
  /** Who gave the recorded answers. Runs from before there was a choice do not say: it was `packet`. */
  replayWay: z.enum(WAY_NAMES).default("packet"),
  overall: outcomeSchema,
  assertions: z.array(assertionSchema),
  rounds: z.array(roundSchema),
  topology: topologySchema,
  /** Numbers for the reader: `virtualSeconds`, `packetsSwitched` and whatever else the lab counts. */
  counts: z.record(z.string(), z.number()),
});

export type Outcome = z.infer<typeof outcomeSchema>;
export type Assertion = z.infer<typeof assertionSchema>;
export type Results = z.infer<typeof resultsSchema>;
export type RoundResult = z.infer<typeof roundSchema>;
export type ObservationResult = z.infer<typeof observationSchema>;
export type ModelResult = z.infer<typeof modelSchema>;
export type ClusterResult = z.infer<typeof clusterSchema>;
export type SuspectResult = z.infer<typeof suspectSchema>;
export type ConversationResult = z.infer<typeof conversationSchema>;
export type EffectResult = z.infer<typeof effectSchema>;
export type MoveResult = z.infer<typeof moveSchema>;
export type ReplayResult = z.infer<typeof replaySchema>;
export type ProbeResult = z.infer<typeof probeSchema>;
export type FeedbackResult = z.infer<typeof feedbackSchema>;
export type TopologyResult = z.infer<typeof topologySchema>;
export type TopologyNode = z.infer<typeof nodeSchema>;
export type TopologyLink = z.infer<typeof linkSchema>;

/** The bytes of `results.json`. Throws a ZodError when the value is not what the schema says (a bug, hence 70). */
export function formatResults(results: Results): string {
  return `${JSON.stringify(resultsSchema.parse(results), null, 2)}\n`;
}
