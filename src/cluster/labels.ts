/**
 * A label for each cluster: the one that most of its rows carry, the alphabetically first of equals; two clusters may
 * get the same. `cluster-1`, `cluster-2` … by the cluster's place where none of its rows has a label.
 */
export function majorityLabels(
  assignment: readonly number[],
  labels: readonly (string | null)[],
  clusters: number,
): string[] {
  const counts = Array.from({ length: clusters }, () => new Map<string, number>());
  for (const [i, cluster] of assignment.entries()) {
    const label = labels[i] ?? null;
    if (label === null) continue;
    const own = counts[cluster]!;
    own.set(label, (own.get(label) ?? 0) + 1);
  }
  return counts.map((own, i) => {
    const [first] = [...own].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    return first?.[0] ?? `cluster-${i + 1}`;
  });
}
