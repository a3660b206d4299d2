import type { Outcome, ProbeResult, Results, SuspectResult } from "../run/results.ts";

export const SIGN: Readonly<Record<Outcome, string>> = { pass: "✔", fail: "✘", inconclusive: "?" };

/** "known: cookie-theft", "unknown (nearest: cookie-theft)", "benign", "not judged". */
export function judged(
  judgement: { readonly verdict: string | null; readonly label: string | null } | null,
): string {
  switch (judgement?.verdict ?? null) {
    case null:
      return "not judged";
    case "known":
      return `known: ${judgement?.label}`;
    case "unknown":
      return judgement?.label ? `unknown (nearest: ${judgement.label})` : "unknown";
    default:
      return String(judgement?.verdict);
  }
}

/** Who gave the recorded answers. */
export const ANSWERED: Readonly<Record<Results["replayWay"], string>> = {
  packet: "packet by packet by the analysis side, on the switch's controller port; nothing listens",
  nat: "by a responder in a namespace of its own, behind conntrack's destination NAT",
  proxy: "by a redirecting proxy in a namespace of its own, behind conntrack's destination NAT",
};

/** What one kind of probe proves. A probe that the control did not see leave proves nothing. */
export function probeOutcome(probe: ProbeResult): Outcome {
  if (probe.leaked > 0) return "fail";
  return probe.control > 0 && probe.sent > 0 ? "pass" : "inconclusive";
}

/** The kinds of effect with how often each happened: "cookies-posted, power-off ×2"; "nothing" without any. */
export function effects(list: SuspectResult["effectsBefore"]): string {
  const times = new Map<string, number>();
  for (const effect of list) times.set(effect.kind, (times.get(effect.kind) ?? 0) + 1);
  if (times.size === 0) return "nothing";
  return [...times].map(([kind, n]) => (n === 1 ? kind : `${kind} ×${n}`)).join(", ");
}

/** A command line that can be pasted into a shell. */
export function commandLine(args: readonly string[]): string {
  return args
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
