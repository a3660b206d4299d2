/** Lanczos' approximation (g = 7, n = 9) of the logarithm of the gamma function, x > 0; about 15 digits. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

function logGamma(x: number): number {
  // Reflection keeps the argument where the approximation holds.
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  let sum: number = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (x - 1 + i);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22), 0 <= x <= 1. */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean only.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
  const front =
    Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) /
    a;
  // Lentz's method; `tiny` stands for a zero denominator.
  const tiny = 1e-300;
  const safe = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / safe(1 + even * d);
    c = safe(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / safe(1 + odd * d);
    c = safe(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return front * fraction;
}

/**
 * The value below which an F-distributed quantity with `d1` and `d2` degrees of freedom (any positive numbers, not only
 * whole ones) lies with this probability, 0 < probability < 1. R's `qf`.
 */
export function fQuantile(probability: number, d1: number, d2: number): number {
  // F = (d2 / d1) y / (1 - y) with y of a beta distribution. Bisection on z = 1 - y, which keeps the digits of the upper tail.
  let low = 0;
  let high = 1;
  for (let i = 0; i < 200; i++) {
    const z = (low + high) / 2;
    if (z === low || z === high) break;
    // P(1 - y <= z) = I_z(d2/2, d1/2) falls as the quantile rises.
    if (incompleteBeta(d2 / 2, d1 / 2, z) > 1 - probability) high = z;
    else low = z;
  }
  const z = (low + high) / 2;
  return ((d2 / d1) * (1 - z)) / z;
}
