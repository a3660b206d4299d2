/**
 * The ways in which recorded answers can be given, and what a scenario has to know of each. What a way does is in
 * src/way.
 */
export const WAYS = {
  /** The analysis side answers packet by packet through the bridge's controller port: no host, nothing listens. */
  packet: { hasResponder: false },
  /** Destination NAT by conntrack to a responder in a namespace of its own. */
  nat: { hasResponder: true },
  /** The same translation to a redirecting proxy: the baseline. */
  proxy: { hasResponder: true },
} as const;

export type Way = keyof typeof WAYS;

export const WAY_NAMES = Object.keys(WAYS) as [Way, ...Way[]];
