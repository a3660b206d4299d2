/**
 * Where an answered byte comes from. `recorded`: byte-identical with the recorded stream, at its place. `substituted`:
 * belongs to a recorded answer, but had to be changed or filled. `refused`: produced by the miss policy.
 */
export const LABELS = ["recorded", "substituted", "refused"] as const;

export type Label = (typeof LABELS)[number];

/** Bytes by label. */
export type LabelledBytes = Readonly<Record<Label, number>>;

/** A run of bytes with one label. */
export interface Span {
  readonly label: Label;
  readonly bytes: number;
}

export function sumSpans(spans: readonly Span[]): LabelledBytes {
  const sum = { recorded: 0, substituted: 0, refused: 0 };
  for (const span of spans) sum[span.label] += span.bytes;
  return sum;
}

/** The label of a whole answer: the least trustworthy of its spans'. An answer without spans was refused. */
export function labelOf(spans: readonly Span[]): Label {
  const has = (label: Label) => spans.some((span) => span.label === label);
  if (has("refused") || spans.length === 0) return "refused";
  return has("substituted") ? "substituted" : "recorded";
}
