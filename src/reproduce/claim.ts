import type { ChainFinding } from "./figure-11.ts";

/** A figure or table of the paper that can be reproduced. */
export interface Claim {
  readonly name: string;
  readonly title: string;
  /** What it takes. */
  readonly needs: string;
}

export const CLAIMS = {
  fig11: {
    name: "fig11",
    title: "figure 11: the functions of the kernel that commit a connection",
    needs: "QEMU; a guest that is built from Debian's packages at the first use; some minutes",
  },
} as const satisfies Readonly<Record<string, Claim>>;

/** What was found about figure 11, as `--json` prints it. */
export interface Figure11Report extends ChainFinding {
  readonly claim: "fig11";
  readonly title: string;
  /** Of the guest. */
  readonly kernel: string;
  readonly openVSwitch: string;
  readonly zone: number;
  /** The run of the loop during which the kernel was traced. */
  readonly run: {
    readonly overall: "pass" | "fail" | "inconclusive" | "ended early";
    readonly passed: number;
    readonly assertions: number;
    readonly isKernelDatapath: boolean;
    /** What it said when it ended early. */
    readonly complaint: string;
  };
  /** Connections of the replay in the kernel's conntrack, as `conntrack -E` prints them. */
  readonly connections: readonly string[];
  readonly guest: {
    readonly bootS: number;
    readonly totalS: number;
    readonly memoryMiB: number;
    readonly isAccelerated: boolean;
  };
}
