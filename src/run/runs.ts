/** Where runs go without `--out`, seen from the working directory. */
export const RUNS = "runs";
