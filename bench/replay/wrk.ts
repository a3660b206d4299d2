/** What a run of wrk tells. */
export interface LoadResult {
  readonly sessions: number;
  readonly sessionsPerSecond: number;
  /** From the request's last byte out to the answer's last byte in; a small answer is one segment, so to its first byte. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Connections that failed, broke off, or got no answer within two seconds, and answers that were no 200. */
  readonly errors: number;
}

const MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** The text that `wrk --latency` prints (4.1.0). Throws Error when it is something else. */
export function parseWrk(text: string): LoadResult {
  const sessions = number(/^\s+(\d+) requests in /m, text);
  const perSecond = number(/^Requests\/sec:\s+([\d.]+)/m, text);
  if (sessions === null || perSecond === null) throw new Error(`wrk said: ${text.trim()}`);
  const socketErrors = /Socket errors: (.*)$/m.exec(text)?.[1] ?? "";
  const failed = [...socketErrors.matchAll(/\d+/g)].reduce((sum, [n]) => sum + Number(n), 0);
  const refused = number(/Non-2xx or 3xx responses: (\d+)/, text) ?? 0;
  return {
    sessions,
    sessionsPerSecond: perSecond,
    p50Ms: percentile(50, text),
    p99Ms: percentile(99, text),
    errors: failed + refused,
  };
}

function percentile(percent: number, text: string): number {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m)$`, "m").exec(text);
  return found === null ? Number.NaN : Number(found[1]) * (MS[found[2] ?? ""] ?? Number.NaN);
}

function number(pattern: RegExp, text: string): number | null {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
