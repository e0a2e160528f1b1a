import {
  edm,
  euler,
  exactScore,
  heun,
  karras,
  type Mixture,
  naiveScore,
  polygon,
  sample,
  type SampleOptions,
  type ScoreField,
  smoothedScore,
  type StepEstimator,
  times,
} from "vkernel";
import { evaluatePoint, levelAt } from "vkernel/reference";
import type { Bench } from "../bench.js";
import { meanOf, totalVariance } from "../estimate.js";
import type { Card, Cards } from "../held.js";
import {
  at,
  chiSquareClaim,
  countIf,
  errorOf,
  ksBound,
  nearestTo,
  plainOf,
  shareClaim,
  withData,
} from "../measure.js";
import { kernelDensityGap } from "./kernelDensity.js";
import { GAP_WIDTH as EPSILON } from "./shown.js";

const hexagon = polygon().points.map(Math.fround);
const plain = plainOf(hexagon);

/** One Euler step of the naive estimator, R = 1, all particles from one place. */
const step = {
  from: 0.5,
  to: 0.4,
  x: [Math.fround(0.7), Math.fround(0.3)] as [number, number],
  count: 200_000,
};

async function oneStep(bench: Bench, data: Mixture, at_: typeof step): Promise<Float64Array> {
  const initial = new Float64Array(2 * at_.count);
  for (let i = 0; i < at_.count; i++) initial.set(at_.x, 2 * i);
  const { samples } = await sample(naiveScore(data, edm(), { draws: 1 }), {
    sampler: euler(),
    grid: times([at_.from, at_.to]),
    initial,
    seed: bench.seed,
    signal: bench.signal,
  });
  return Float64Array.from(samples);
}

const stepCovariance: Card = {
  kernels: ["posteriorLanes2.draw", "affine"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const samples = await oneStep(bench, data, step);
      const { value: measured, standardError } = totalVariance(samples);
      const { proxyVariance } = evaluatePoint(plain, levelAt(edm(), step.from), Float64Array.of(...step.x), [
        "proxyVariance",
      ]);
      const dt = step.from - step.to;
      const theory = dt * dt * step.from ** 2 * proxyVariance;
      return {
        measured,
        standardError,
        theory,
        // States of size 1 rounded to float32, a covariance of some 1e-2: nothing beside the sampling error.
        tolerance: 1e-6 * theory,
        details: [
          ["particles", step.count],
          ["t, and after the step", `${step.from}, ${step.to}`],
          ["tr C there", proxyVariance],
          ["printed, without the square: dt tr(D C D)", theory / dt],
        ],
        note: "The square of dt is what makes the noise of a fixed R vanish on fine grids.",
      };
    }),
};

const draws: Card = {
  kernels: ["uniforms"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const from = {
        ...step,
        from: 1,
        to: 0.5,
        x: [Math.fround(0.1), Math.fround(0.05)] as [number, number],
      };
      const samples = await oneStep(bench, data, from);
      const { posteriorWeights } = evaluatePoint(
        plain,
        levelAt(edm(), from.from),
        Float64Array.of(...from.x),
        ["posteriorWeights"],
      );
      const counts = new Float64Array(6);
      // x' = x_0 + (t' / t) (x - x_0)
      const ratio = from.to / from.from;
      const drawn = samples.map((value, i) => (value - ratio * at(from.x, i % 2)) / (1 - ratio));
      for (let i = 0; i < from.count; i++) {
        const { index } = nearestTo(hexagon, drawn, 2, i);
        counts[index] = at(counts, index) + 1;
      }
      return chiSquareClaim(counts, posteriorWeights, {
        details: [
          ["particles", from.count],
          ...Array.from(
            posteriorWeights,
            (weight, m) =>
              [
                `share of point ${m + 1}, posterior ${weight.toFixed(5)}`,
                at(counts, m) / from.count,
              ] as const,
          ),
        ],
        note: "Allowed is what chance exceeds six times in ten million.",
      });
    }),
};

/** Particles of R = 1, Euler, from p_T: exactly a kernel density of width epsilon (docs/mathematics.md, An identity). */
async function naiveRun(
  bench: Bench,
  data: Mixture,
  { epsilon, steps, count }: { epsilon: number; steps: number; count: number },
): Promise<ArrayLike<number>> {
  const { samples } = await sample(naiveScore(data, edm(), { draws: 1 }), {
    sampler: euler(),
    grid: karras({ steps, last: "sigmaMin", sigmaMin: epsilon, sigmaMax: 3 }),
    initial: "marginal",
    count,
    seed: bench.seed,
    signal: bench.signal,
  });
  return samples;
}

export const kernelDensity: Card = {
  kernels: ["posteriorLanes2.draw", "affine"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const [epsilon, count] = [0.02, 200_000];
      const samples = await naiveRun(bench, data, { epsilon, steps: 10, count });
      // All six points are apart along it, so that a shift of mass between any two is seen.
      const direction = [0.8, 0.6] as const;
      return {
        measured: kernelDensityGap(samples, data, epsilon, direction),
        theory: 0,
        relation: "at most",
        // What chance exceeds; and the density along the line is at most 0.4 / epsilon / 6 per point; states of size 1 are rounded ten times.
        tolerance: ksBound(count) + 1e-5,
        details: [
          ["particles", count],
          ["along", `(${direction.join(", ")})`],
        ],
        note: "Allowed is what chance exceeds six times in ten million at this many particles, whatever the law.",
      };
    }),
};

const width: Card = {
  kernels: ["normals", "posteriorLanes2.draw", "affine"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const [epsilon, count] = [0.02, 200_000];
      const samples = await naiveRun(bench, data, { epsilon, steps: 1, count });
      const off = new Float64Array(2 * count);
      for (let i = 0; i < count; i++) {
        const { index } = nearestTo(hexagon, samples, 2, i);
        for (const d of [0, 1]) off[2 * i + d] = at(samples, 2 * i + d) - at(hexagon, 2 * index + d);
      }
      // About the point, not about the mean: what lies beside it counts.
      const { value: measured, standardError } = meanOf(off.map((value) => value * value));
      return {
        measured,
        standardError,
        theory: epsilon * epsilon,
        // States of size 1 carry 2^-25 of rounding: nothing beside 0.02.
        tolerance: 1e-4 * epsilon * epsilon,
        details: [["particles", count]],
        note: "One step from t = 3 to t = 0.02 is already exact in law.",
      };
    }),
};

const TOP = 0.9;

function topWeight(x: number, y: number, epsilon: number): number {
  let [least, sum] = [Number.POSITIVE_INFINITY, 0];
  for (let m = 0; m < 6; m++) {
    least = Math.min(least, (x - at(hexagon, 2 * m)) ** 2 + (y - at(hexagon, 2 * m + 1)) ** 2);
  }
  for (let m = 0; m < 6; m++) {
    const square = (x - at(hexagon, 2 * m)) ** 2 + (y - at(hexagon, 2 * m + 1)) ** 2;
    sum += Math.exp((least - square) / (2 * epsilon * epsilon));
  }
  return 1 / sum;
}

/** Its probability under the kernel density, by midpoints: the hexagon has six equal sectors, and each two equal halves. */
function shareOfGaps(epsilon: number): number {
  const [radii, angles, reach] = [300, 200, 1 + 7 * epsilon];
  let sum = 0;
  for (let i = 0; i < radii; i++) {
    const r = ((i + 0.5) * reach) / radii;
    for (let j = 0; j < angles; j++) {
      const angle = ((j + 0.5) * Math.PI) / 6 / angles;
      const [x, y] = [r * Math.cos(angle), r * Math.sin(angle)];
      if (topWeight(x, y, epsilon) >= TOP) continue;
      let density = 0;
      for (let m = 0; m < 6; m++) {
        const square = (x - at(hexagon, 2 * m)) ** 2 + (y - at(hexagon, 2 * m + 1)) ** 2;
        density += Math.exp(-square / (2 * epsilon * epsilon));
      }
      sum += density * r;
    }
  }
  const area = (reach / radii) * (Math.PI / 6 / angles);
  return (12 * sum * area) / (6 * 2 * Math.PI * epsilon * epsilon);
}
/** The midpoint rule there: halving both steps changes the share by less than this. */
const GAP_RULE = 5e-5;

const sideBySide: Card = {
  kernels: ["affine"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const theory = shareOfGaps(EPSILON);
      const shareOf = async (
        field: ScoreField | StepEstimator,
        options: SampleOptions & { count: number },
      ): Promise<number> => {
        const { samples } = await sample(field, {
          initial: "marginal",
          seed: bench.seed,
          signal: bench.signal,
          ...options,
        });
        const hits = countIf(
          options.count,
          (i) => topWeight(at(samples, 2 * i), at(samples, 2 * i + 1), EPSILON) < TOP,
        );
        return hits / options.count;
      };
      const grid = (steps: number) => karras({ steps, last: "sigmaMin", sigmaMin: EPSILON, sigmaMax: 3 });
      const [few, many, fewest] = [10_000, 60_000, 300];
      const exact = exactScore(data, edm());
      const details: [string, number | string][] = [];
      for (const steps of [10, 30, 100]) {
        details.push([
          `probability flow, Euler, ${steps} steps`,
          await shareOf(exact, { sampler: euler(), grid: grid(steps), count: few }),
        ]);
      }
      const measured = await shareOf(naiveScore(data, edm(), { draws: 1 }), {
        sampler: euler(),
        grid: grid(30),
        count: many,
      });
      details.push(["R = 1, 30 steps", measured]);
      for (const noiseTime of [0.1, 1]) {
        details.push([
          `noise time ${noiseTime}, 100 steps`,
          await shareOf(naiveScore(data, edm(), { noiseTime }), {
            sampler: euler(),
            grid: grid(100),
            count: few,
          }),
        ]);
      }
      // Half the distance of neighbours is 1/2; a box of draws, as the paper of the smoothed score takes it.
      const smoothed = smoothedScore(data, edm(), {
        width: (t) => Math.max(0, 0.5 - Math.sqrt(0.4) * t),
        rule: "draws",
        count: 32,
        seed: bench.seed,
      });
      details.push(
        [
          "smoothed, κ = 0.4, 30 steps",
          await shareOf(smoothed, { sampler: euler(), grid: grid(30), count: fewest }),
        ],
        [
          "kernel density of width 0.2",
          await shareOf(exact, {
            sampler: euler(),
            grid: times([EPSILON, 0.999 * EPSILON]),
            count: few,
            record: [0],
          }),
        ],
        ["standard error of these shares", Math.sqrt((theory * (1 - theory)) / few)],
        ["of the smoothed one, 300 particles", Math.sqrt((theory * (1 - theory)) / fewest)],
      );
      return shareClaim(Math.round(measured * many), many, theory, GAP_RULE, { details });
    }),
};

const vanishing: Card = {
  kernels: ["posteriorLanes2.draw", "affine"],
  measure: (bench) =>
    withData(bench, hexagon, "f32", async (data) => {
      const [epsilon, count, steps] = [0.02, 100_000, 30];
      const samples = await naiveRun(bench, data, { epsilon, steps, count });
      const near = (reach: number): number =>
        countIf(count, (i) => nearestTo(hexagon, samples, 2, i).distance <= reach);
      return shareClaim(near(3 * epsilon), count, 1 - Math.exp(-9 / 2), 1e-5, {
        details: [
          ["particles", count],
          ["steps", steps],
          ["share within 0.1 of a training point", near(0.1) / count],
        ],
        note: "As ε goes to 0 every sample goes to a training point: the noise decides which one, not whether.",
      });
    }),
};

export const cards: Cards = {
  measures: {
    "step-covariance": stepCovariance,
    draws: draws,
    "kernel-density": kernelDensity,
    width: width,
    "side-by-side": sideBySide,
    "vanishing-gap": vanishing,
  },
  error: (bench) =>
    errorOf(bench, {
      points: hexagon,
      field: (data) => exactScore(data, edm()),
      sampler: heun(),
      grid: (steps) => karras({ steps, last: "sigmaMin", sigmaMin: EPSILON, sigmaMax: 3 }),
      steps: 30,
      count: 20_000,
    }),
};
