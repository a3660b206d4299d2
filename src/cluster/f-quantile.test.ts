import test from "ava";
import fc from "fast-check";
import { fQuantile, incompleteBeta } from "./f-quantile.ts";

const quantile = test.macro({
  exec: (t, p: number, d1: number, d2: number, expected: number) =>
    t.true(Math.abs(fQuantile(p, d1, d2) / expected - 1) < 1e-12),
  title: (_, p, d1, d2) => `the ${p} quantile of F(${d1}, ${d2}) is that of SciPy`,
});

// scipy.stats.f.ppf of SciPy 1.17.1.
test(quantile, 0.99, 1, 9, 10.561431047395374);
test(quantile, 0.99, 2, 38, 5.211224728359541);
test(quantile, 0.99, 1.5, 28.5, 6.225489530663195);
test(quantile, 0.5, 2, 4, 0.8284271247461901);
test(quantile, 0.999, 1, 4, 74.1372933223024);
test(quantile, 0.99, 1, 1, 4052.1806954768217);

test("the incomplete beta function is that of SciPy", (t) => {
  const rows = [
    [0.5, 4.5, 0.3, 0.9188738111541594],
    [2, 3, 0.5, 0.6875],
    [10, 20, 0.9, 0.9999999999999593],
    [0.7, 50, 0.01, 0.5580985926575334],
    [3, 4, 0, 0],
    [3, 4, 1, 1],
  ] as const;
  for (const [a, b, x, expected] of rows)
    t.true(Math.abs(incompleteBeta(a, b, x) - expected) < 1e-13);
});

test("more probability means a larger quantile", (t) => {
  const freedom = fc.double({ min: 0.5, max: 200, noNaN: true });
  fc.assert(
    fc.property(freedom, freedom, (d1, d2) => {
      const values = [0.1, 0.5, 0.9, 0.99].map((p) => fQuantile(p, d1, d2));
      return values.every((v, i) => Number.isFinite(v) && (i === 0 || v > values[i - 1]!));
    }),
  );
  t.pass();
});
