import type { Figure11Report } from "./claim.ts";
import type { ChainStep, ObservedCall } from "./figure-11.ts";

const SIGNS = { pass: "✔", fail: "✘", inconclusive: "?" } as const;
const CONNECTIONS_MAX = 3;

/** The report on figure 11, line by line. */
export function figure11Text(report: Figure11Report): string[] {
  const { run, guest, connections } = report;
  const left = report.steps.map(expected);
  const width = Math.max(...left.map((text) => text.length), "expected".length) + 3;
  const speed = guest.isAccelerated ? "KVM" : "an emulated processor";
  return [
    `${SIGNS[report.verdict]} ${report.claim}  ${report.verdict}: ${report.why}`,
    `  ${report.title}`,
    "",
    `  ${"expected".padEnd(width)}observed`,
    ...report.steps.map((step, i) => `  ${(left[i] ?? "").padEnd(width)}${found(step)}`),
    "",
    "  one commit of the replay, as the kernel was traced:",
    ...report.observed.map((call) => `    ${traced(call)}`),
    "",
    `  the kernel's conntrack, zone ${report.zone}: ${connections.length} connections of the replay`,
    ...connections.slice(0, CONNECTIONS_MAX).map((line) => `    ${line}`),
    "",
    `  the loop ${loop(run)}`,
    ...(run.complaint === "" ? [] : [`    ${run.complaint}`]),
    `  Linux ${report.kernel}, ${report.openVSwitch}, in a guest on ${speed}: up after ${guest.bootS.toFixed(1)} s, ` +
      `${guest.totalS.toFixed(0)} s in all, ${guest.memoryMiB} MiB`,
  ];
}

function loop({ overall, isKernelDatapath, passed, assertions }: Figure11Report["run"]): string {
  if (overall === "ended early") return "in the guest ended before it was over";
  const where = isKernelDatapath ? "the kernel's datapath" : "another datapath";
  return `on ${where}: ${overall}, ${passed} of ${assertions} assertions hold`;
}

function expected({ depth, function: name }: ChainStep): string {
  return `${"  ".repeat(depth)}${name}`;
}

function found({ seen, evidence }: ChainStep): string {
  switch (seen) {
    case "called":
      return `✔ ${evidence}`;
    case "inlined":
      return `✔ inlined: ${evidence}`;
    case "missing":
      return "✘ not seen";
  }
}

function traced({ depth, function: name, module, notes }: ObservedCall): string {
  const noted = Object.entries(notes).map(([key, value]) => ` ${key}=${value}`);
  return `${"  ".repeat(depth)}${name}${module === null ? "" : ` [${module}]`}${noted.join("")}`;
}
