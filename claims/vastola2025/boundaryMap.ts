import { edm, exactScore, polygon, type Process, twoPoints, varianceFraction, vp } from "vkernel";
import { evaluatePoint, levelAt } from "vkernel/reference";
import type { Card, Cards } from "../held.js";
import { at, gridOf, largest, plainOf, u32, withData } from "../measure.js";
import { proxyVarianceOf, varianceAtPlaces } from "./proxyVariance.js";
import { MAP_TIME as T } from "./shown.js";

const hexagon = polygon().points.map(Math.fround);
const plain = plainOf(hexagon);

/**
 * What float32 leaves of a weight: relative exponents up to 16 matter (e^-16 is less than the rest of the rounding), they are
 * products of rounded factors, 4 roundings each, and the place itself is rounded; both of these weigh |e| of it. A covariance
 * then averages a few such weights.
 */
const weightError = 16 * 8 * u32;

/** The Hessian of log p by central differences of the score, sixth order: right to 1e-9 of 1 / S at this step. */
function hessianAt(x: readonly [number, number], i: number, j: number): number {
  const step = 0.01 * T;
  const level = levelAt(edm(), T);
  const score = (k: number): number => {
    const place = Float64Array.of(...x);
    place[j] = at(place, j) + k * step;
    return at(evaluatePoint(plain, level, place, ["score"]).score, i);
  };
  let sum = 0;
  for (const [k, c] of [
    [1, 3 / 4],
    [2, -3 / 20],
    [3, 1 / 60],
  ] as const)
    sum += c * (score(k) - score(-k));
  return sum / step;
}

const identity: Card = {
  kernels: ["posteriorLanes2.covariance"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const side = 31;
      const places = gridOf(side, 1.6);
      const { proxyCovariance } = await exactScore(data, edm()).evaluate(places, T, ["proxyCovariance"]);
      const S = T * T;
      const measured = largest(4 * side * side, (k) => {
        const [i, j] = [Math.floor(k / 2) % 2, k % 2];
        const x = [at(places, 2 * (k >> 2)), at(places, 2 * (k >> 2) + 1)] as const;
        return S * Math.abs(at(proxyCovariance, k) - (i === j ? 1 / S : 0) - hessianAt(x, i, j));
      });
      const peak = S * largest(proxyCovariance.length, (k) => at(proxyCovariance, k));
      return {
        measured,
        theory: 0,
        relation: "at most",
        // C itself, in units of 1/S, times the relative error of a weight.
        tolerance: peak * weightError,
        details: [
          ["places", side * side],
          ["largest entry of C, in units of 1/S", peak],
        ],
      };
    }),
};

/** tr C half way between (-1, 0) and (1, 0), at 33 heights. */
const midplane = (process: Process, t: number): Card => ({
  kernels: ["posteriorLanes2.covariance"],
  measure: (bench) =>
    withData(bench, twoPoints().points, "f32", async (data) => {
      const count = 33;
      const places = Float64Array.from({ length: 2 * count }, (_, i) => (i % 2 ? (i - count) / 16 : 0));
      const { proxyVariance } = await exactScore(data, process).evaluate(places, t, ["proxyVariance"]);
      const distance = 2;
      const theory = (process.alpha(t) ** 2 * distance ** 2) / (4 * process.variance(t) ** 2);
      // The two weights are equal to the bit: what rounds is the sum, the square, the two factors and the result.
      const off = largest(count, (i) => Math.abs(at(proxyVariance, i) - theory));
      const worst = proxyVariance.findIndex((value) => Math.abs(value - theory) === off);
      return {
        measured: at(proxyVariance, Math.max(0, worst)),
        theory,
        tolerance: 8 * u32 * theory,
        details: [
          ["α", process.alpha(t)],
          ["S", process.variance(t)],
          ["heights looked at", count],
        ],
        note: "The height that is furthest from the formula α² |μ₁\u00a0−\u00a0μ₂|\u2060² / (4\u00a0S²).",
      };
    }),
});

export const atPoint: Card = {
  kernels: ["posteriorLanes2.covariance"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const { proxyVariance } = await proxyVarianceOf(data, Math.fround);
      const level = levelAt(edm(), T);
      const [point, middle] = varianceAtPlaces.map(({ x }) => {
        const place = Float64Array.from(x, Math.fround);
        return evaluatePoint(plain, level, place, ["proxyVariance"]).proxyVariance;
      });
      return {
        measured: at(proxyVariance, 0),
        theory: point,
        tolerance: weightError * point,
        details: [
          ["half way between two neighbours", at(proxyVariance, 1)],
          ["half way, by the formula", middle],
        ],
        note: "Small at training points: only the boundaries between them are high.",
      };
    }),
};

const fraction: Card = {
  kernels: ["posteriorLanes2.covariance", "posteriorLanes2.mean"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const side = 51;
      const places = gridOf(side, 1.6);
      const got = await varianceFraction(exactScore(data, edm()), places, T);
      const level = levelAt(edm(), T);
      const theory = (i: number): number => {
        const place = places.subarray(2 * i, 2 * i + 2);
        const { score, proxyVariance } = evaluatePoint(plain, level, place, ["score", "proxyVariance"]);
        return proxyVariance / (proxyVariance + at(score, 0) ** 2 + at(score, 1) ** 2);
      };
      const expected = Float64Array.from({ length: side * side }, (_, i) => theory(i));
      return {
        measured: largest(side * side, (i) => Math.abs(at(got.fraction, i) - at(expected, i))),
        theory: 0,
        relation: "at most",
        // df <= dC/C f (1 - f) + 2 |ds| |s| / (C + s^2): a quarter of the one and, as |ds| <= weightError |mu| / S, at most the
        // whole of the other.
        tolerance: 2 * weightError,
        details: [
          ["places", side * side],
          ["least f", Math.min(...expected)],
          ["largest f", Math.max(...expected)],
        ],
      };
    }),
};

export const cards: Cards = {
  measures: {
    identity: identity,
    midplane: midplane(edm(), T),
    "midplane-vp": midplane(vp(), 0.1),
    "at-a-point": atPoint,
    fraction: fraction,
  },
  // A map is evaluated, not integrated: it has no steps to double.
  error: async (bench) => {
    const side = 33;
    const places = gridOf(side, 1.6);
    const map = (precision: "f32" | "f64", t: number) =>
      withData(bench, hexagon, precision, async (data) => {
        const { fraction: f } = await varianceFraction(exactScore(data, edm()), places, t);
        return f;
      });
    const [single, double] = [await map("f32", T), await map("f64", T)];
    const apart = Float64Array.from(single, (value, i) => Math.abs(value - at(double, i))).sort();
    return [
      ["float64 for float32: median difference of f", at(apart, apart.length >> 1)],
      ["float64 for float32: largest difference of f", at(apart, apart.length - 1)],
    ];
  },
};
