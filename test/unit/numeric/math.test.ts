import { describe, expect, it } from "vitest";
import { exp, expm1, log, log1p, log2, pow } from "../../../src/numeric/elementary.js";

// Host functions are right to about 1 ulp (2.2e-16 relative); ours add at most 2: 6e-16 in all.
const TOLERANCE = 7e-16;

function* range(low: number, high: number, count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield low + ((high - low) * i) / (count - 1);
}

const worst = (
  xs: Iterable<number>,
  ours: (x: number) => number,
  host: (x: number) => number,
  scale = 0,
): number => {
  let most = 0;
  for (const x of xs) {
    const truth = host(x);
    const error = Math.abs(ours(x) - truth) / Math.max(Math.abs(truth), scale);
    if (truth !== ours(x)) most = Math.max(most, error);
  }
  return most;
};

describe("elementary functions agree with the host's to the last digits", () => {
  it("exp over its normal range", () => {
    expect(worst(range(-708, 709, 100_001), exp, Math.exp)).toBeLessThan(TOLERANCE);
    expect(worst(range(-1, 1, 100_001), exp, Math.exp)).toBeLessThan(TOLERANCE);
  });
  it("expm1 at all sizes", () => {
    expect(worst(range(-40, 40, 100_001), expm1, Math.expm1)).toBeLessThan(TOLERANCE);
    for (const x of [1e-300, -1e-20, 1e-10, -1e-5, 0.01]) {
      expect(Math.abs(expm1(x) / Math.expm1(x) - 1)).toBeLessThan(TOLERANCE);
    }
  });
  it("log and log2 over all exponents", { tags: ["slow"] }, () => {
    const xs = Array.from(range(-1074, 1023.9, 100_001), (e) => 2 ** e);
    expect(worst(xs, log, Math.log)).toBeLessThan(TOLERANCE);
    expect(worst(xs, log2, Math.log2)).toBeLessThan(TOLERANCE);
    expect(worst(range(0.5, 2, 100_001), log, Math.log, 0.01)).toBeLessThan(TOLERANCE);
    for (let e = -1074; e < 1024; e++) expect(log2(2 ** e)).toBe(e);
  });
  it("log1p at all sizes", () => {
    expect(worst(range(-0.99, 50, 100_001), log1p, Math.log1p)).toBeLessThan(TOLERANCE);
    for (const x of [1e-300, -1e-20, 1e-10, -1e-5, 0.01]) {
      expect(Math.abs(log1p(x) / Math.log1p(x) - 1)).toBeLessThan(TOLERANCE);
    }
  });
  it("pow, within its condition |y ln x|", () => {
    for (const x of [0.002, 0.5, 3, 80]) {
      for (const y of [1 / 7, 7, 0.5, 2.5]) {
        expect(Math.abs(pow(x, y) / x ** y - 1)).toBeLessThan(TOLERANCE * (1 + Math.abs(y * Math.log(x))));
      }
    }
  });
  it("special values", () => {
    expect([exp(-1000), exp(1000), exp(0), expm1(0), log1p(0)]).toEqual([
      0,
      Number.POSITIVE_INFINITY,
      1,
      0,
      0,
    ]);
    expect([log(0), log(Number.POSITIVE_INFINITY), log(1), log2(1), pow(0, 2), pow(5, 1)]).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      0,
      0,
      0,
      5,
    ]);
    expect(log(-1)).toBeNaN();
    expect(exp(Number.NaN)).toBeNaN();
  });
});
