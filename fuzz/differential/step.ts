import fc from "fast-check";
import { TALKS } from "./hosts.ts";

/** What happens next, in words that still mean something when other steps are left out. */
export type PlanStep =
  | {
      readonly op: "say";
      /** Which of the sequence's talks. */
      readonly talk: number;
      readonly act: Act;
      /** Chooses among variants of the act. */
      readonly variant: number;
      readonly twist: Twist;
    }
  | { readonly op: "warp"; readonly ms: number }
  | { readonly op: "flush"; readonly args: readonly string[] };

export const ACTS = [
  "next",
  "client-data",
  "server-data",
  "client-ack",
  "server-ack",
  "client-fin",
  "server-fin",
  "client-reset",
  "server-reset",
  "syn-again",
  "client-again",
  "server-again",
  "strange-sequence",
  "strange-ack",
  "strange-flags",
  "error-to-client",
  "error-to-server",
  "stranger",
] as const;
export type Act = (typeof ACTS)[number];

export const TWISTS = [
  "none",
  "transport-checksum",
  "network-checksum",
  "no-checksum",
  "tagged",
  "ttl-1",
  "ttl-0",
  "tos",
  "padded",
  "cut",
  "other-port",
  "fragments",
] as const;
export type Twist = (typeof TWISTS)[number];

export interface PlanSequence {
  /** Numbers of TALKS. */
  readonly talks: readonly number[];
  readonly steps: readonly PlanStep[];
}

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Act>("next") },
  { weight: 10, arbitrary: fc.constantFrom(...ACTS) },
);

/**
 * Milliseconds. None is short: Open vSwitch sweeps what is over at most every 5 s, and until then a translated
 * connection that is over is still half there.
 */
const WARPS = [5_000, 15_001, 29_999, 30_000, 30_001, 45_001, 60_001, 900_001];

/** What a sequence may have. */
export interface SequenceChoice {
  /** Packets may come in pieces. */
  readonly fragments: boolean;
  /** The caches are emptied after each packet. */
  readonly patient: boolean;
}

function planStep({ fragments, patient }: SequenceChoice): fc.Arbitrary<PlanStep> {
  const twists = TWISTS.filter((name) => {
    if (name === "fragments") return fragments;
    // A packet whose header is cut off is left alone, unless Open vSwitch has a flow cached for a whole one.
    return name !== "cut" || patient;
  });
  const say = fc.record({
    op: fc.constant("say" as const),
    talk: fc.nat(2),
    act,
    variant: fc.nat(255),
    twist: fc.oneof(
      { weight: fragments ? 4 : 16, arbitrary: fc.constant<Twist>("none") },
      { weight: 1, arbitrary: fc.constantFrom<Twist>(...twists) },
      ...(fragments ? [{ weight: 3, arbitrary: fc.constant<Twist>("fragments") }] : []),
    ),
  });
  const warp = fc.record({ op: fc.constant("warp" as const), ms: fc.constantFrom(...WARPS) });
  const flush = fc.record({
    op: fc.constant("flush" as const),
    args: fc.constantFrom<readonly string[]>([], ["zone=1"], ["zone=2"]),
  });
  return fc.oneof(
    { weight: 40, arbitrary: say },
    // A fragment that has waited too long leaves Open vSwitch after all, with ct fields that are not initialised.
    { weight: fragments ? 0 : 2, arbitrary: warp },
    { weight: 1, arbitrary: flush },
  );
}

export function planSequence(choice: SequenceChoice): fc.Arbitrary<PlanSequence> {
  return fc.record({
    talks: fc.tuple(talk, talk, talk),
    steps: fc.array(planStep(choice), { minLength: 6, maxLength: 16, size: "max" }),
  });
}

const talk = fc.nat(TALKS.length - 1);
