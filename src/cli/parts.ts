import { Random } from "../base/random.ts";
import { fitSet } from "../cluster/fit.ts";
import { judge } from "../cluster/judge.ts";
import { update } from "../cluster/update.ts";
import { portText } from "../contain/finding.ts";
import { staticFindings } from "../contain/static.ts";
import { CONTROL_RULES, isolationRules } from "../isolate/isolation-rules.ts";
import { privateRules } from "../isolate/private-rules.ts";
import { PROBE_KINDS, recogniseProbe } from "../program/probe.ts";
import { PacketReplayer } from "../replay/packet-replayer.ts";
import { Tape } from "../replay/tape.ts";
import { parseDumpedFlows } from "../rule/parse-dump.ts";
import type { Parts } from "../run/parts.ts";

/** The system as it is: every part the real one. */
export const parts: Parts = {
  privateRules,
  isolationRules,
  controlRules: CONTROL_RULES,
  waysOut: (rules, ports, egress) =>
    staticFindings(parseDumpedFlows(rules), [...new Set([...ports, ...egress.keys()])], egress).map(
      ({ kind, from, what }) => `${kind}, from ${portText(from)}: ${what}`,
    ),
  fit: fitSet,
  update,
  judge,
  replay: (port, recorded, { miss, seed }) =>
    new PacketReplayer(port, Tape.record(recorded), { miss, random: Random.from(seed) }),
  probes: {
    kinds: PROBE_KINDS.map(({ kind }) => kind),
    program: (marker, targets) => ({ kind: "probe", marker, targets }),
    recognise: recogniseProbe,
  },
};
