import type { TcpPhase } from "./tcp.ts";

/** Milliseconds without a packet after which a connection is forgotten (defaults of OvS 3.1, user space). */
export const TCP_TIMEOUT_MS: Readonly<Record<TcpPhase, number>> = {
  opening: 30_000,
  established: 86_400_000,
  closing: 900_000,
  finWait: 45_000,
  closed: 30_000,
};

/** By phase: first packet only, several in one direction, answered. */
export const UDP_TIMEOUT_MS = [60_000, 60_000, 30_000] as const;
export const ICMP_TIMEOUT_MS = [60_000, 60_000, 30_000] as const;
