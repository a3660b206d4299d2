import { fitSet } from "../cluster/fit.ts";
import { judge } from "../cluster/judge.ts";
import { update } from "../cluster/update.ts";
import { portText } from "../contain/finding.ts";
import { staticFindings } from "../contain/static.ts";
import { CONTROL_RULES } from "../isolate/isolation-rules.ts";
import { privateRules } from "../isolate/private-rules.ts";
import { PROBE_KINDS, recogniseProbe } from "../program/probe.ts";
import { parseDumpedFlows } from "../rule/parse-dump.ts";
import type { Parts } from "../run/parts.ts";
import { ways } from "../way/ways.ts";

/** The system as it is: every part the real one. */
export const parts: Parts = {
  privateRules,
  controlRules: CONTROL_RULES,
  waysOut: (rules, ports, egress, doors) =>
    staticFindings(
      parseDumpedFlows(rules),
      [...new Set([...ports, ...egress.keys()])],
      egress,
      doors,
    ).map(({ kind, from, what }) => `${kind}, from ${portText(from)}: ${what}`),
  fit: fitSet,
  update,
  judge,
  ways,
  probes: {
    kinds: PROBE_KINDS.map(({ kind }) => kind),
    program: (marker, targets) => ({ kind: "probe", marker, targets }),
    recognise: recogniseProbe,
  },
};
