/** What a line of `dump-flows` says that depends on when it was asked for, or that a case does not record. */
const VOLATILE = /\b(?:duration|n_bytes|idle_age|hard_age)=[\d.]+s?(?:,\s*|\s+)/g;

/** Values that `dump-flows` prints, and that a reader may leave out, because they are those of a rule that says nothing. */
const DEFAULTS = [/^cookie=0x0,?\s*/, /\btable=0,\s*/, /\bn_packets=0,\s*/];

/** Says how counters start, and depends on the OpenFlow version in which the rule was given. */
const RESET_COUNTS = /\breset_counts\s+/;

/** A line of `dump-flows` without durations and byte counts. */
export function recordedFlowLine(line: string): string {
  return line.replace(VOLATILE, "").trim();
}

/** The same for comparing: lines that mean the same are equal. */
export function comparableFlowLine(line: string): string {
  return [...DEFAULTS, RESET_COUNTS]
    .reduce((text, shown) => text.replace(shown, ""), recordedFlowLine(line))
    .replace(/,?\s+actions=/, " actions=")
    .replace(/\s+/g, " ")
    .trim();
}

/** The rules among the lines that `dump-flows` prints: without the head of the reply. */
export function isFlowLine(line: string): boolean {
  return /\bactions=/.test(line);
}
