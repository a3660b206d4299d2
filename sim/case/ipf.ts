import { InputError } from "../../src/base/errors.ts";
import type { FragmentFamily, Fragments } from "../switch/conntrack/fragments.ts";

/** The smallest "minimum size" that Open vSwitch accepts. */
const SIZE_MIN = { v4: 400, v6: 1_280 } as const;

/** A `dpctl/ipf-…` command: the reassembly of fragments. */
export function runIpf(fragments: Fragments, command: string, args: readonly string[]): string {
  switch (command) {
    case "ipf-set-enabled":
    case "ipf-set-disabled": {
      const enabled = command === "ipf-set-enabled";
      fragments[version(args[0])].enabled = enabled;
      return `${enabled ? "enabling" : "disabling"} fragmentation reassembly successful\n`;
    }
    case "ipf-set-min-frag": {
      const name = version(args[0]);
      const size = number(args[1], "minimum fragment size");
      if (size < SIZE_MIN[name]) throw new InputError("requested minimum fragment size too small");
      fragments[name].sizeMin = size;
      return "setting minimum fragment size successful\n";
    }
    case "ipf-set-max-nfrags":
      fragments.max = number(args[0], "max number of fragments");
      return "setting maximum fragments successful\n";
    case "ipf-get-status":
      return status(fragments);
    default:
      throw new InputError(`the simulator does not know the command dpctl/${command}`);
  }
}

function status(fragments: Fragments): string {
  const { v4, v6, max, held } = fragments;
  const counts = (name: string, family: FragmentFamily) => [
    `min ${name} frag size: ${family.sizeMin}`,
    `${name} frags accepted: ${family.accepted}`,
    `${name} frags completed: ${family.completed}`,
    `${name} frags expired: ${family.expired}`,
    `${name} frags too small: ${family.tooSmall}`,
    `${name} frags overlapped: ${family.overlapped}`,
    `${name} frags purged: 0`,
  ];
  return [
    "Fragmentation Module Status",
    "---------------------------",
    `v4 enabled: ${Number(v4.enabled)}`,
    `v6 enabled: ${Number(v6.enabled)}`,
    `max num frags (v4/v6): ${max}`,
    `num frag: ${held}`,
    ...counts("v4", v4),
    ...counts("v6", v6),
  ]
    .map((line) => `        ${line}\n`)
    .join("");
}

function version(text: string | undefined): "v4" | "v6" {
  if (text === "v4" || text === "v6") return text;
  throw new InputError("invalid family: it is v4 or v6");
}

function number(text: string | undefined, what: string): number {
  if (text === undefined || !/^\d+$/.test(text))
    throw new InputError(`${what} missing or malformed`);
  return Number(text);
}
