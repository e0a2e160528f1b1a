import {
  exactScore,
  piecewiseScore,
  sample,
  smoothedScore,
  smoothingLoss,
  smoothingLossLimit,
  times,
  ve,
} from "vkernel";
import { gaussLegendre, normalDensity } from "vkernel/internal";
import { meanOf } from "../estimate.js";
import type { Card, Cards } from "../held.js";
import { at, largest, u32, withData } from "../measure.js";
import { KAPPA, TIME as T, WIDTH as TAU } from "./shown.js";

const points = Float64Array.of(-1, 1);

/** log p of the two points under noise of variance t, without what does not depend on x. */
function logDensity(x: number, t: number): number {
  const far = Math.abs(x);
  return -((far - 1) ** 2) / (2 * t) + Math.log1p(Math.exp((-2 * far) / t));
}
/** The score averaged over x - tau ... x + tau (docs/mathematics.md, Box averages). */
const averaged = (x: number): number => (logDensity(x + TAU, T) - logDensity(x - TAU, T)) / (2 * TAU);

/** Chen 2025, Eq. 9. */
const slopeTheory = (1 - TAU) / (TAU * T);
const maximumTheory = (1 - TAU) / T;

const curve = Float64Array.from({ length: 801 }, (_, i) => Math.fround((i - 400) / 200));

const slope: Card = {
  kernels: ["posteriorLanes1.mean"],
  measure: (bench) =>
    withData(
      bench,
      points,
      "f64",
      async (data) => {
        const h = 0.02;
        const [rule, panels] = [gaussLegendre(16), 24];
        const average = async (x: number): Promise<number> => {
          const places = Float64Array.from(
            { length: 16 * panels },
            (_, i) => x + TAU * ((2 * (Math.floor(i / 16) + at(rule.nodes, i % 16))) / panels - 1),
          );
          const { score } = await exactScore(data, ve()).evaluate(places, T, ["score"]);
          return score.reduce((sum, value, i) => sum + (at(rule.weights, i % 16) * value) / panels, 0);
        };
        const own = await smoothedScore(data, ve(), { width: TAU }).evaluate(Float64Array.of(h, -h), T, [
          "score",
        ]);
        return {
          measured: ((await average(h)) - (await average(-h))) / (2 * h),
          theory: slopeTheory,
          // Eq. 9 averages the score of the nearest point. The exact one differs by log(1 + e^(-2 y / t)) at the ends
          // y = tau -+ h of the interval, whose slope is 2 / t of it.
          tolerance: (2 / (TAU * T)) * Math.exp((-2 * (TAU - h)) / T),
          details: [
            ["h", h],
            [
              "smoothedScore(), from densities at two places",
              (at(own.score, 0) - at(own.score, 1)) / (2 * h),
            ],
          ],
        };
      },
      1,
    ),
};

const maximum: Card = {
  kernels: [],
  measure: (bench) =>
    withData(
      bench,
      points,
      "f64",
      async (data) => {
        const inside = Float64Array.of(...curve.filter((x) => Math.abs(x) <= 1), -TAU, TAU);
        const field = piecewiseScore(data, { width: TAU });
        const { score } = await field.evaluate(inside, T, ["score"]);
        const smoothed = smoothedScore(data, ve(), { width: TAU });
        const exact = await smoothed.evaluate(inside, T, ["score"]);
        return {
          measured: largest(score.length, (i) => Math.abs(at(score, i))),
          theory: maximumTheory,
          tolerance: 1e-12,
          details: [
            [
              "largest value of the smoothed exact score",
              largest(score.length, (i) => Math.abs(at(exact.score, i))),
            ],
            ["the exact score, not smoothed, goes to 1 / t", 1 / T],
          ],
          note: "The corner at τ is sharp for the score of the nearest point alone; averaging the exact score rounds it off.",
        };
      },
      1,
    ),
};

const closedForm: Card = {
  kernels: ["posteriorLanes1.stats"],
  measure: (bench) =>
    withData(
      bench,
      points,
      "f32",
      async (data) => {
        const field = smoothedScore(data, ve(), { width: TAU });
        const { score } = await field.evaluate(curve, T, ["score"]);
        const far = largest(curve.length, (i) => Math.abs(averaged(at(curve, i))));
        return {
          measured: largest(curve.length, (i) => Math.abs(at(score, i) - averaged(at(curve, i)))),
          theory: 0,
          relation: "at most",
          // A weight is a power whose exponent, up to 2 / t = 20, was rounded to float32 four times; log p takes it as it is.
          tolerance: (4 * u32 * (2 / T)) / TAU + u32 * far,
          details: [["places", curve.length]],
        };
      },
      1,
    ),
};

const lossTime = 1e-3;

/** S E |s-hat - s|^2 under p_t, both as Eq. 9 and Eq. 6 have them, by Simpson's rule. */
function lossTheory(t: number): number {
  const tau = 1 - Math.sqrt(KAPPA * t);
  const sigma = Math.sqrt(t);
  const f = (x: number): number => {
    const exact = (Math.tanh(x / t) - x) / t;
    const piece = x <= -tau ? -(x + 1) / t : x >= tau ? -(x - 1) / t : ((1 - tau) * x) / (tau * t);
    const density = (normalDensity((x - 1) / sigma) + normalDensity((x + 1) / sigma)) / (2 * sigma);
    return t * (piece - exact) ** 2 * density;
  };
  // Symmetric; the kink at tau and the turn at 0 are ends of panels.
  let sum = 0;
  for (const [from, to] of [
    [0, tau],
    [tau, 1 + 10 * sigma],
  ] as const) {
    const n = 20_000;
    const h = (to - from) / n;
    for (let i = 0; i <= n; i++) sum += ((i === 0 || i === n ? 1 : i % 2 ? 4 : 2) * h * f(from + i * h)) / 3;
  }
  return 2 * sum;
}

const loss: Card = {
  kernels: ["posteriorLanes1.mean", "normals"],
  measure: (bench) =>
    withData(
      bench,
      points,
      "f32",
      async (data) => {
        const count = 1_000_000;
        const { trajectories } = await sample(exactScore(data, ve()), {
          grid: times([lossTime, 0]),
          initial: "marginal",
          record: [0],
          count,
          seed: bench.seed,
          signal: bench.signal,
        });
        const x = trajectories as Float32Array;
        const { score } = await exactScore(data, ve()).evaluate(x, lossTime, ["score"], {
          signal: bench.signal,
        });
        const tau = 1 - Math.sqrt(KAPPA * lossTime);
        const squares = Float64Array.from(x, (y, i) => {
          const piece = y <= -tau ? -(y + 1) : y >= tau ? 1 - y : ((1 - tau) * y) / tau;
          return (piece - lossTime * at(score, i)) ** 2 / lossTime;
        });
        const { value: measured, standardError } = meanOf(squares);
        return {
          measured,
          standardError,
          theory: lossTheory(lossTime),
          // Places of size 1 rounded to float32 are off by 2^-24 / sqrt(t) of the noise, which enters doubled.
          tolerance: (2 * 2 * u32) / Math.sqrt(lossTime),
          details: [["samples of p_t", count]],
          note: "By draws of the library at a finite time, held to the integral at the same time.",
        };
      },
      1,
    ),
};

/** F(kappa) / 2 with sqrt(kappa), and with kappa as it is printed. */
export const limitsOf = (kappa: number): { readonly corrected: number; readonly printed: number } => ({
  corrected: smoothingLossLimit(kappa) / 2,
  printed: smoothingLossLimit(kappa * kappa) / 2,
});

export const limit: Card = {
  kernels: [],
  measure: (bench) =>
    withData(
      bench,
      points,
      "f64",
      async (data) => {
        const { corrected: theory, printed } = limitsOf(KAPPA);
        const list = [1e-3, 1e-4, 1e-5, 1e-6].map(
          (t) => [t, smoothingLoss(data, { kappa: KAPPA, t }).value] as const,
        );
        // The rest goes as sqrt(t): 1e-8 and 2.5e-9 together lose it, and leave a part of order t.
        const t = 1e-8;
        const value = (time: number): number => smoothingLoss(data, { kappa: KAPPA, t: time }).value;
        return {
          measured: 2 * value(t / 4) - value(t),
          theory,
          tolerance: 10 * t + 1e-9,
          details: [
            ...list.map(([time, one]) => [`t = ${time}`, one] as const),
            ["as printed, κ for its root", printed],
          ],
        };
      },
      1,
    ),
};

export const cards: Cards = {
  measures: {
    slope: slope,
    maximum: maximum,
    "closed-form": closedForm,
    loss: loss,
    limit: limit,
  },
  // Curves are evaluated, not integrated: they have no steps to double.
  error: async (bench) => {
    const scores = (precision: "f32" | "f64") =>
      withData(
        bench,
        points,
        precision,
        async (data) => {
          const field = smoothedScore(data, ve(), { width: TAU });
          return (await field.evaluate(curve, T, ["score"])).score;
        },
        1,
      );
    const [single, double] = [await scores("f32"), await scores("f64")];
    return [
      [
        "float64 for float32: largest difference of the smoothed score",
        largest(curve.length, (i) => Math.abs(at(single, i) - at(double, i))),
      ],
    ];
  },
};
