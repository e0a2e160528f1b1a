// What chance decides of verdicts, on numbers from tables.
import { describe, expect, it } from "vitest";
import {
  decide,
  deviationOf,
  differenceOf,
  errorsBeyond,
  FALSE_ALARM,
  gapLimit,
  limitOf,
  shareDeviation,
  signOf,
  tailOf,
} from "../../../claims/decide.js";
import { exactly } from "../../../claims/estimate.js";

describe("tails", () => {
  it.each([
    // Two-sided quantiles of the normal law and of Student's t, as tables have them.
    [1.959964, undefined, 0.05],
    [3.290527, undefined, 0.001],
    [12.706205, 1, 0.05],
    [636.619249, 1, 0.001],
    [2.364624, 7, 0.05],
    [5.407883, 7, 0.001],
    [3.646, 30, 0.001],
    [3.373454, 120, 0.001],
  ])("%d errors, %s degrees of freedom: %d", (z, degrees, probability) => {
    expect(tailOf(z, degrees) / probability).toBeCloseTo(1, 3);
    expect(errorsBeyond(probability, degrees) / z).toBeCloseTo(1, 3);
  });

  it("one comparison is a difference from 3.48 errors on, and more share what chance may do", () => {
    expect(limitOf()).toBeCloseTo(3.480756, 5);
    expect(tailOf(limitOf(20)) * 20).toBeCloseTo(FALSE_ALARM, 9);
    // Two trainings say little.
    expect(limitOf(1, 1)).toBeGreaterThan(1000);
  });
});

describe("deviations", () => {
  it("differences add their errors in squares", () => {
    const apart = differenceOf({ value: 3, standardError: 0.3 }, { value: 2, standardError: 0.4 });
    expect(apart).toEqual({ value: 1, standardError: expect.closeTo(0.5, 15), z: expect.closeTo(2, 14) });
  });

  it("numbers that are computed are compared exactly", () => {
    expect(differenceOf(exactly(1), exactly(1)).z).toBe(0);
    expect(differenceOf(exactly(1), exactly(2)).z).toBe(Number.NEGATIVE_INFINITY);
    expect(deviationOf(exactly(1e-9)).z).toBe(Number.POSITIVE_INFINITY);
    expect(deviationOf({ value: -1, standardError: 0.5 }).z).toBe(-2);
    expect(decide([{ z: 0 }, differenceOf(exactly(1), exactly(2))]).differs).toBe(true);
  });

  it("repeats on both sides have Welch and Satterthwaite's degrees of freedom", () => {
    const one = { value: 1, standardError: 0.3, degrees: 4 };
    expect(differenceOf(one, exactly(0)).degrees).toBeCloseTo(4, 12);
    expect(differenceOf(one, { ...one, value: 0 }).degrees).toBeCloseTo(8, 12);
    expect(differenceOf(one, { value: 0, standardError: 0.4 }).degrees).toBeCloseTo(
      0.25 ** 2 / (0.0081 / 4),
      9,
    );
  });

  it("a share is held to its probability by the probability's own error", () => {
    expect(shareDeviation({ value: 0.6, standardError: 0.049 }, 100, 0.5).z).toBeCloseTo(2, 12);
    // None of 1,000 where 2 are expected: P = 2 e^-2 = 0.27 to either side.
    expect(shareDeviation(exactly(0), 1000, 0.002).z).toBeCloseTo(-1.1015, 3);
    // One where a thousandth is expected.
    expect(shareDeviation({ value: 1e-3, standardError: 1e-3 }, 1000, 1e-6).z).toBeCloseTo(
      errorsBeyond(2 * 9.995e-4),
      3,
    );
    expect(shareDeviation({ value: 0.999, standardError: 1e-3 }, 1000, 1 - 1e-6).z).toBeLessThan(-3);
    expect(shareDeviation(exactly(1), 1000, 1).z).toBe(0);
    expect(shareDeviation({ value: 0.999, standardError: 1e-3 }, 1000, 1).z).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("decisions", () => {
  it("the deviation that is nearest to its own limit counts", () => {
    const found = decide([{ z: 3 }, { z: -5, degrees: 3 }, { z: 1 }]);
    expect(found).toMatchObject({ z: 3, comparisons: 3, differs: false });
    expect(decide([{ z: 0.1 }, { z: -4 }])).toMatchObject({ z: -4, differs: true });
    expect([signOf({ z: -4 }), signOf({ z: 4 }), signOf({ z: 3 }), signOf({ z: 4 }, 100)]).toEqual([
      -1, 1, 0, 0,
    ]);
  });

  it("Kolmogorov-Smirnov distances have Massart's bound", () => {
    const n = 1000;
    expect(2 * Math.exp(-2 * n * gapLimit(n) ** 2)).toBeCloseTo(FALSE_ALARM, 12);
    expect(2 * Math.exp(-2 * n * gapLimit(n, 8) ** 2)).toBeCloseTo(FALSE_ALARM / 8, 12);
  });
});
