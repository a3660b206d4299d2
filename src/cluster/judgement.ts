/** What the model says of one observation. */
export type Verdict = "known" | "unknown" | "benign";

export interface Judgement {
  readonly verdict: Verdict;
  /**
   * The behaviour's label where the verdict is `known`, the benign centre's where it is `benign` (or "benign", where
   * there was no *.php request to compare), the nearest centre's where it is `unknown`, for the reader.
   */
  readonly label: string;
  /** Distance in standardised units to each centre, malicious and benign, nearest first. */
  readonly distances: readonly {
    readonly label: string;
    readonly distance: number;
    readonly radius: number;
  }[];
  /** Why, in one sentence. */
  readonly reason: string;
}
