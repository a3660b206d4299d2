import { formatRule } from "../rule/format.ts";
import { formatPort } from "../rule/port.ts";
import type { Rule } from "../rule/rule.ts";
import type { PortNumber } from "./egress.ts";
import type { Proof, WayOut } from "./exact.ts";
import type { Finding } from "./finding.ts";
import type { NumberedRules } from "./port-names.ts";

/** How ports and rules are called: as whoever wrote the rules did. */
export interface Words {
  readonly port: (port: PortNumber) => string;
  readonly rule: (rule: Rule) => string;
}

export function wordsOf({ names, written }: NumberedRules): Words {
  const byNumber = new Map([...names].map(([name, number]) => [number, name]));
  const port = (number: PortNumber) => byNumber.get(number) ?? formatPort(number);
  return {
    port: (number) => (/^\d+$/.test(port(number)) ? `port ${number}` : port(number)),
    rule: (rule) => formatRule(written.get(rule) ?? rule),
  };
}

export function renderFindings(findings: readonly Finding[], words: Words): string[] {
  return findings.flatMap(({ kind, from, to, what, path }) => [
    kind === "way out" && to !== null
      ? `✘ ${words.port(from)} gets out through ${words.port(to)}`
      : `✘ ${kind}, from ${words.port(from)}: ${what}`,
    ...path.map((rule) => `    ${words.rule(rule)}`),
  ]);
}

export function renderProof({ outcome, waysOut, reasons, steps }: Proof, words: Words): string[] {
  const count = steps.toLocaleString("en");
  switch (outcome) {
    case "contained":
      return [`✔ contained: no packet whatsoever gets out (exact, ${count} steps)`];
    case "undecided":
      return ["? undecided:", ...reasons.map((reason) => `    ${reason}`)];
    case "open":
      return waysOut.flatMap((way) => renderWay(way, words));
  }
}

function renderWay({ from, to, path, verdict, packets }: WayOut, words: Words): string[] {
  const tracked = verdict === null ? "" : `, as a packet that conntrack calls ${verdict}`;
  return [
    `✘ ${words.port(from)} gets out through ${words.port(to)}${tracked}: seen on the simulated switch`,
    ...path.map((rule) => `    ${words.rule(rule)}`),
    ...packets.map(
      ({ from: port, bytes }, i) =>
        `    ${i === packets.length - 1 ? "this gets out" : "first"}, in ${words.port(port)}: ${Buffer.from(bytes).toString("hex")}`,
    ),
  ];
}
