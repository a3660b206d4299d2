import type { ConversationResult, RoundResult, SuspectResult } from "../run/results.ts";
import { type Assertion, makeAssertion } from "./assertion.ts";
import type { Thresholds } from "./thresholds.ts";

const NAME = "containment";

/**
 * Nothing leaves after isolation. It holds only if a leak would have been seen: the canary saw each suspect before, and
 * the outlet saw every kind of probe while nothing held it back. Any frame out is a failure, whatever the control saw.
 */
export function containing(rounds: readonly RoundResult[], thresholds: Thresholds): Assertion {
  const suspects = rounds.flatMap((r) => r.suspects).filter((s) => s.move !== null);
  const probes = rounds.flatMap((r) => r.containment?.probes ?? []);
  const sum = (pick: (r: RoundResult) => number) => rounds.reduce((n, r) => n + pick(r), 0);
  const leaks = {
    outlet: sum((r) => r.containment?.outletFrames ?? 0),
    canary: sum((r) => r.containment?.canary.after ?? 0),
    uplink: suspects.reduce((n, s) => n + (s.framesAfterCut ?? 0), 0),
    lateral: sum((r) => r.containment?.lateralFrames ?? 0),
  };
  const leaked = leaks.outlet + leaks.canary + leaks.uplink + leaks.lateral;
  const slowest = suspects.reduce((ms, s) => Math.max(ms, s.timeToContainMs ?? 0), 0);
  const afterVerdict = suspects.reduce((n, s) => n + (s.framesAfterVerdict ?? 0), 0);
  const kinds = new Set(probes.map((p) => p.kind));
  const proofs = rounds.flatMap((r) => r.containment?.proof ?? []);
  const waysOut = proofs.flatMap((p) => p.waysOut);
  const open = suspects.flatMap((s) => s.conversations ?? []).filter((c) => c.open);
  const figures = {
    isolated: suspects.length,
    leaked_outlet: leaks.outlet,
    leaked_canary: leaks.canary,
    leaked_uplink: leaks.uplink,
    leaked_lateral: leaks.lateral,
    time_to_contain_ms: slowest,
    time_to_contain_ms_max: thresholds.time_to_contain_ms_max,
    frames_after_verdict: afterVerdict,
    probe_kinds: kinds.size,
    rule_sets_checked: proofs.reduce((n, p) => n + p.checked, 0),
    ways_out: waysOut.length,
    open_conversations: open.length,
    frames_of_open_conversations_after_cut: open.reduce((n, c) => n + c.framesAfterCut, 0),
    frames_missed: sum((r) => r.containment?.missedFrames ?? 0),
    probes_sent: probes.reduce((n, p) => n + p.sent, 0),
    probes_seen_in_control: probes.reduce((n, p) => n + p.control, 0),
  };
  if (leaked > 0) {
    return makeAssertion(
      NAME,
      "fail",
      `${leaked} ${leaked === 1 ? "frame" : "frames"} got out: ${leaks.outlet} at the outlet of isolation, ` +
        `${leaks.uplink} through the uplink after the cut, ${leaks.canary} at the canary, ` +
        `${leaks.lateral} from one isolated instance to another${goingOn(open)}`,
      figures,
    );
  }
  const [way] = waysOut;
  if (way !== undefined) {
    return makeAssertion(
      NAME,
      "fail",
      `no frame was seen to get out, but the rules of isolation would let one: ${way}`,
      figures,
    );
  }
  const missed = sum((r) => r.containment?.missedFrames ?? 0);
  const blind =
    missed > 0
      ? `the captures lost ${missed} ${missed === 1 ? "frame" : "frames"}`
      : blindness(suspects, probes, proofs);
  if (blind !== null) {
    return makeAssertion(
      NAME,
      "inconclusive",
      `nothing was seen to get out, but ${blind}: a leak might have gone unseen`,
      figures,
    );
  }
  const holds = slowest <= thresholds.time_to_contain_ms_max;
  return makeAssertion(
    NAME,
    holds ? "pass" : "fail",
    `${kinds.size} kinds of probes and every suspect were seen outside before, none after, and no rule offers a way out; ` +
      `${suspects.length} contained, the slowest after ${slowest.toFixed(1)} ms ` +
      `(at most ${thresholds.time_to_contain_ms_max}), ${afterVerdict} ${afterVerdict === 1 ? "frame" : "frames"} left between verdict and cut` +
      (open.length === 0 ? "" : `, none after it in ${open.length} open conversations`),
    figures,
  );
}

/** The first conversation that the cut did not end, as the end of a sentence. */
function goingOn(open: readonly ConversationResult[]): string {
  const alive = open.find((c) => c.framesAfterCut > 0);
  if (alive === undefined) return "";
  return `; for instance in the ${alive.protocol} conversation ${alive.client} → ${alive.server}, which was open at the verdict`;
}

/** Conversations that should have been open at the verdict, for the cut to end them, and were not. */
function lacks({ name, conversations, effectsBefore }: SuspectResult): string[] {
  // A guest that has shut itself down holds nothing open.
  if (conversations === null || effectsBefore.some(({ kind }) => kind === "power-off")) return [];
  return (["tcp", "udp", "dns"] as const)
    .filter((protocol) => !conversations.some((c) => c.open && c.protocol === protocol))
    .map((protocol) => `${name} had no ${protocol} conversation open at the verdict`);
}

/** Why a leak might not have been seen, or null when it would have been. */
function blindness(
  suspects: readonly SuspectResult[],
  probes: readonly { kind: string; sent: number; control: number }[],
  proofs: readonly { control: number; checked: number }[],
): string | null {
  if (suspects.length === 0) return "no suspect was isolated";
  const unseen = suspects.find((s) => s.canarySaw === 0);
  if (unseen !== undefined) return `the canary never saw ${unseen.name} before`;
  const lacking = suspects.flatMap(lacks)[0];
  if (lacking !== undefined) return lacking;
  if (probes.length === 0) return "no probe was sent";
  if (proofs.some((p) => p.checked === 0)) return "no rule set was checked";
  if (proofs.some((p) => p.control === 0))
    return "the check of the rules saw no way out where there is nothing but ways out";
  const dead = probes.find((p) => p.control === 0);
  if (dead !== undefined) return `the control saw no probe of the kind ${dead.kind}`;
  const unsent = probes.find((p) => p.sent === 0);
  if (unsent !== undefined) return `no probe of the kind ${unsent.kind} was sent in isolation`;
  return null;
}
