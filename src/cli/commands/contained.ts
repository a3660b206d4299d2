import { confirmOnSwitch } from "../../../sim/contain/confirm.ts";
import { EXIT, type ExitStatus, UsageError } from "../../base/errors.ts";
import { parseDoors } from "../../contain/doors.ts";
import { parseEgress } from "../../contain/egress.ts";
import { type Proof, prove } from "../../contain/exact.ts";
import type { Finding } from "../../contain/finding.ts";
import { portsIn, withNumbers } from "../../contain/port-names.ts";
import { renderFindings, renderProof, type Words, wordsOf } from "../../contain/render.ts";
import { staticFindings } from "../../contain/static.ts";
import { counted } from "../../report/number.ts";
import { parseRules } from "../../rule/parse.ts";
import { parseDumpedFlows } from "../../rule/parse-dump.ts";
import { readText } from "../files.ts";
import type { Io } from "../io.ts";

export interface ContainedOptions {
  readonly egress: readonly string[];
  readonly door: readonly string[];
  readonly exact?: boolean;
  readonly json?: boolean;
}

/** What a real switch prints of a rule, and nobody writes. */
const DUMPED = /\b(?:duration|n_packets|n_bytes)=/;

/**
 * Whether a rule set lets nothing out but what is declared. 0: it does not; 1: it does, with the rules on the way (and with
 * --exact, the packets); 2: it could not be decided.
 */
export async function contained(
  file: string,
  options: ContainedOptions,
  io: Io,
): Promise<ExitStatus> {
  const text = await readText(file);
  const read = DUMPED.test(text)
    ? parseDumpedFlows(text, { origin: file })
    : parseRules(text, { origin: file });
  const numbered = withNumbers(read);
  const { rules, names } = numbered;
  const egress = parseEgress(options.egress, names);
  const doors = parseDoors(options.door, names);
  const ports = [...new Set([...portsIn(rules), ...egress.keys()])].sort((a, b) => a - b);
  const words = wordsOf(numbered);
  if (options.exact === true) {
    if (doors.size > 0)
      throw new UsageError("--exact asks only through which port a packet leaves, not as what", {
        mend: "--door without --exact",
      });
    const proof = prove(rules, ports, egress, confirmOnSwitch(rules, ports));
    if (options.json === true) io.out.line(proofJson(proof, words));
    else for (const line of renderProof(proof, words)) io.out.line(line);
    await io.out.flush();
    return { contained: EXIT.pass, open: EXIT.failed, undecided: EXIT.inconclusive }[proof.outcome];
  }
  const findings = staticFindings(rules, ports, egress, doors);
  if (options.json === true) io.out.line(findingsJson(findings, words));
  else {
    for (const line of renderFindings(findings, words)) io.out.line(line);
    if (findings.length === 0)
      io.out.line(
        `✔ contained: ${counted(rules.length, "rule")}, ${counted(ports.length, "port")}, ` +
          "no way out whatever the packets are",
      );
    else io.note("isoreplay: --exact tells false alarms from real ways out");
  }
  await io.out.flush();
  return findings.length === 0 ? EXIT.pass : EXIT.failed;
}

function findingsJson(findings: readonly Finding[], words: Words): string {
  const outcome = findings.length === 0 ? "contained" : "open";
  const list = findings.map((finding) => ({ ...finding, path: finding.path.map(words.rule) }));
  return JSON.stringify({ mode: "static", outcome, findings: list }, null, 2);
}

function proofJson({ outcome, waysOut, reasons, steps }: Proof, words: Words): string {
  const ways = waysOut.map(({ path, packets, ...way }) => ({
    ...way,
    path: path.map(words.rule),
    packets: packets.map(({ from, bytes }) => ({ from, hex: Buffer.from(bytes).toString("hex") })),
  }));
  return JSON.stringify({ mode: "exact", outcome, waysOut: ways, reasons, steps }, null, 2);
}
