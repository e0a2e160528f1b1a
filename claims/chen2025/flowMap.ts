import { euler, exactScore, piecewiseScore, squareRoot, terminalLaw, ve } from "vkernel";
import { gaussLegendre, normalMass } from "vkernel/internal";
import type { Card, Cards } from "../held.js";
import { at, countIf, errorOf, largest, shareClaim, u32, withData } from "../measure.js";
import { endsOf, pointAt } from "./ends.js";
import { KAPPA, T0 } from "./shown.js";

const points = Float64Array.of(-1, 0, 1, 0);
const tau = (t: number): number => 1 - Math.sqrt(KAPPA * t);

/** Chen 2025, Eq. 12: along the axis; across it the distance shrinks as sqrt(s / t). */
function flow(x: number, from: number, to: number): number {
  const shrink = Math.sqrt(to / from);
  if (x <= -tau(from)) return shrink * (x + 1) - 1;
  if (x >= tau(from)) return shrink * (x - 1) + 1;
  return (tau(to) / tau(from)) * x;
}

const anyStepCount: Card = {
  kernels: ["affine"],
  measure: (bench) =>
    withData(bench, points, "f32", async (data) => {
      const count = 20_000;
      const field = piecewiseScore(data, { kappa: KAPPA });
      const end = 1e-4;
      const list = [1, 2, 3, 10, 50];
      const found: number[] = [];
      for (const steps of list) {
        const { trajectories } = await endsOf(bench, field, {
          grid: squareRoot({ steps, tMin: end, tMax: T0 }),
          record: [0, steps],
          count,
        });
        const states = trajectories as Float32Array;
        const ends = states.subarray(2 * count);
        found.push(
          largest(2 * count, (i) => {
            const x = at(states, i);
            return Math.abs(at(ends, i) - (i % 2 ? Math.sqrt(end / T0) * x : flow(x, T0, end)));
          }),
        );
      }
      return {
        measured: Math.max(...found),
        theory: 0,
        relation: "at most",
        // Each step rounds a state of size 1 or 2 to float32, a few times; errors of steps before do not grow but for the
        // pieces' widening, by 1 / tau in all.
        tolerance: (50 * 2 * 2 * u32) / tau(T0),
        details: [...list.map((steps, i) => [`${steps} steps`, at(found, i)] as const), ["particles", count]],
      };
    }),
};

const half: Card = {
  kernels: ["affine"],
  measure: (bench) =>
    withData(bench, points, "f32", async (data) => {
      const count = 200_000;
      const { samples } = await endsOf(bench, piecewiseScore(data, { kappa: KAPPA }), {
        grid: squareRoot({ steps: 5, tMin: 0, tMax: T0 }),
        count,
      });
      const between = countIf(count, (i) => pointAt([-1, 1], at(samples, 2 * i), 1e-5) < 0);
      const sigma = Math.sqrt(T0);
      const mass = (a: number, b: number): number => normalMass(a / sigma, b / sigma);
      // Of the noised point at 1: within (-tau, tau).
      const theory = mass(-tau(T0) - 1, tau(T0) - 1);
      // What lies within 1e-5 of a point without being on it: 1e-5 times the density there, 1 at most.
      return shareClaim(between, count, theory, 2e-5, { details: [["particles", count]] });
    }),
};

export const kl: Card = {
  kernels: ["posteriorLanes1.stats"],
  measure: (bench) =>
    withData(
      bench,
      Float64Array.of(-1, 1),
      "f64",
      async (data) => {
        // Lemma 4: -log(2 tau) - the mean of log p_t0 over -tau ... tau; log p is the library's, the integral is not.
        const width = tau(T0);
        const rule = gaussLegendre(24);
        const panels = 200;
        const nodes = Float64Array.from(
          { length: panels * 24 },
          (_, i) => width * ((2 * (Math.floor(i / 24) + at(rule.nodes, i % 24))) / panels - 1),
        );
        const { logDensity } = await exactScore(data, ve()).evaluate(nodes, T0, ["logDensity"]);
        let mean = 0;
        logDensity.forEach((value, i) => {
          mean += (at(rule.weights, i % 24) * value) / panels;
        });
        const measured = -Math.log(2 * width) - mean;
        // The same by plain formulas: the two Gaussians' logs and Simpson's rule on a half.
        const n = 4000;
        let plain = 0;
        for (let i = 0; i <= n; i++) {
          const x = (i * width) / n;
          const value =
            -((x - 1) ** 2) / (2 * T0) +
            Math.log1p(Math.exp((-2 * x) / T0)) -
            Math.log(2) -
            0.5 * Math.log(2 * Math.PI * T0);
          plain += ((i === 0 || i === n ? 1 : i % 2 ? 4 : 2) * value) / (3 * n);
        }
        const law = terminalLaw(data, { kappa: KAPPA, from: T0 });
        return {
          measured,
          theory: -Math.log(2 * width) - plain,
          // Simpson's rule: h^4 / 180 times the fourth derivative of log cosh(x / t), 2 / t^4 at most, over a length of t.
          tolerance: ((width / n) ** 4 / 180) * (2 / T0 ** 4) * T0 + 1e-12,
          details: [
            ["terminalLaw().kl", law.kl],
            ["bound of Corollary 5, corrected", law.bounds?.corrected ?? Number.NaN],
            ["bound as printed", law.bounds?.printed ?? Number.NaN],
          ],
          note: "Of the continuous part, as the paper has it: it carries 26% of the mass.",
        };
      },
      1,
    ),
};

export const cards: Cards = {
  measures: {
    "any-step-count": anyStepCount,
    arrivals: half,
    kl: kl,
  },
  error: (bench) =>
    errorOf(bench, {
      points,
      field: (data) => piecewiseScore(data, { kappa: KAPPA }),
      sampler: euler({ variable: "squareRoot" }),
      grid: (steps) => squareRoot({ steps, tMin: 0, tMax: T0 }),
      steps: 20,
      count: 20_000,
    }),
};
