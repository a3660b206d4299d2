import type { Volume } from "../../../src/host/guest.ts";
import type { Program } from "../../../src/program/program.ts";
import type { AgentReport } from "../../host/protocol.ts";

/** What a guest of a cloud runs, in this order, as soon as its gateway answers. */
export interface GuestStart {
  readonly id: number;
  readonly label: string;
  readonly program: Program;
}

/** What a guest is told when it boots, on its config drive. */
export interface GuestConfig {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  readonly gateway: string;
  readonly network: string;
  /** Seconds of the lab in one of the guest's. */
  readonly speed: number;
  readonly seed: string;
  /** What is on its disk where nothing is yet; null for a guest that has to find it there. */
  readonly volume: Volume | null;
  readonly starts: readonly GuestStart[];
}

/** What a guest says, a line each, on its serial port: the only way out that it has. */
export type GuestReport =
  | AgentReport
  /** The guest's state on its disk: as it was found, and each time that it was written. */
  | { readonly op: "state"; readonly hash: string };

/** Before each report. A line may be the kernel's. */
export const REPORT_MARK = "isoreplay";
/** The first line of what belongs to a guest of ours. */
const HEAD = "#isoreplay-guest";

/** The data of a server: a head, the address for the first process's shell, and everything for the agent. */
export function userData(config: GuestConfig, prefixLength: number, mtu: number): string {
  const { address, gateway } = config;
  return `${HEAD}\n${address}/${prefixLength} ${gateway} ${mtu}\n${JSON.stringify(config)}\n`;
}

/** The agent's part of a server's data. */
export function readUserData(text: string): GuestConfig {
  const [, , json = ""] = text.split("\n");
  return JSON.parse(json) as GuestConfig;
}

/** The reports in a piece of console, with their numbers. What else stands there is left out. */
export function readConsole(text: string): { number: number; report: GuestReport }[] {
  return text.split("\n").flatMap((line) => {
    const [, number, json] =
      new RegExp(`\\b${REPORT_MARK} (\\d+) (\\{.*\\})\\s*$`).exec(line) ?? [];
    if (number === undefined || json === undefined) return [];
    try {
      return [{ number: Number(number), report: JSON.parse(json) as GuestReport }];
    } catch (error) {
      // The log ends in the middle of a line, or the kernel spoke in between: the report is missed, and its number tells.
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}
