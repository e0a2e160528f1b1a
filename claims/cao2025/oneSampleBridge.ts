import { ancestral, bridgeLaw, eulerMaruyama, exactScore, linear, ou, sample, type Sampler } from "vkernel";
import type { Bench } from "../bench.js";
import { type Estimate, meanOf, varianceOf } from "../estimate.js";
import type { Card, Cards } from "../held.js";
import { errorOf, u32, withData } from "../measure.js";
import { S, T, X0 } from "./shown.js";

const XT = -0.7;
const point = Float64Array.of(X0);

/** Theorem 2 by its own formula; `bridgeLaw` of the library has it for any process. */
const meanTheory = (Math.sinh(T - S) * XT + Math.sinh(S) * X0) / Math.sinh(T);
const varianceTheory = (2 * Math.sinh(T - S) * Math.sinh(S)) / Math.sinh(T);

/** States of size 1 rounded to float32, a few times per step; the two points rounded too. */
const rounding = (steps: number): number => 8 * steps * u32;

async function ends(
  bench: Bench,
  options: { sampler: Sampler; steps: number; count: number },
): Promise<{ mean: Estimate; variance: Estimate }> {
  return withData(
    bench,
    point,
    "f32",
    async (data) => {
      const { samples } = await sample(exactScore(data, ou()), {
        sampler: options.sampler,
        grid: linear({ steps: options.steps, tMin: T - S, tMax: T }),
        initial: new Float64Array(options.count).fill(XT),
        seed: bench.seed,
        signal: bench.signal,
        onProgress: ({ done, total }) => bench.done(done / total),
      });
      return { mean: meanOf(samples), variance: varianceOf(samples) };
    },
    1,
  );
}

const mean: Card = {
  kernels: ["posteriorLanes1.mean"],
  async measure(bench) {
    const count = 2_000_000;
    const found = await ends(bench, { sampler: ancestral(), steps: 1, count });
    return {
      measured: found.mean.value,
      standardError: found.mean.standardError,
      theory: meanTheory,
      tolerance: rounding(1),
      details: [
        ["particles", count],
        ["steps", 1],
      ],
      note: "One bridge step is exact in law: for one training point the posterior mean is that point.",
    };
  },
};

const variance: Card = {
  kernels: ["normals", "affine"],
  async measure(bench) {
    const [count, steps] = [400_000, 5];
    const found = await ends(bench, { sampler: ancestral(), steps, count });
    return {
      measured: found.variance.value,
      standardError: found.variance.standardError,
      theory: varianceTheory,
      tolerance: 2 * rounding(steps),
      details: [
        ["particles", count],
        ["steps", steps],
        ["mean", found.mean.value],
        ["bridgeLaw(): variance", bridgeLaw(ou(), { from: T, to: T - S }).variance],
      ],
    };
  },
};

/** Mean and variance of Euler-Maruyama's own recursion, whose steps are linear in the state: x + dt (x + 2 score) + sqrt(2 dt) z. */
function recursion(steps: number, noise: number): { mean: number; variance: number } {
  let [m, v] = [XT, 0];
  const dt = S / steps;
  for (let k = 0; k < steps; k++) {
    const t = T - k * dt;
    const [alpha, square] = [Math.exp(-t), -Math.expm1(-2 * t)];
    const factor = 1 + dt - (2 * dt) / square;
    m = factor * m + (2 * dt * alpha * X0) / square;
    v = factor * factor * v + noise * dt;
  }
  return { mean: m, variance: v };
}

const sde: Card = {
  kernels: ["normals", "affine"],
  async measure(bench) {
    const [count, steps] = [500_000, 16];
    const found = await ends(bench, { sampler: eulerMaruyama(), steps, count });
    const theory = recursion(steps, 2);
    return {
      measured: found.variance.value,
      standardError: found.variance.standardError,
      theory: theory.variance,
      tolerance: 2 * rounding(steps),
      details: [
        ["particles", count],
        ["mean, measured", found.mean.value],
        ["mean of the recursion", theory.mean],
        ["variance of Theorem 2", varianceTheory],
        ...[160, 640].map(
          (n) => [`variance of the recursion with ${n} steps`, recursion(n, 2).variance] as const,
        ),
      ],
      note: "Held to the scheme's own law, which goes to Theorem 2 as steps shrink.",
    };
  },
};

const printed: Card = {
  kernels: ["normals", "affine"],
  async measure(bench) {
    const [count, steps] = [500_000, 16];
    const found = await ends(bench, { sampler: eulerMaruyama({ noise: "asPrinted" }), steps, count });
    return {
      measured: found.variance.value,
      standardError: found.variance.standardError,
      theory: recursion(steps, 1).variance,
      tolerance: 2 * rounding(steps),
      details: [
        ["particles", count],
        ["variance with 2 ds", recursion(steps, 2).variance],
        ["variance of Theorem 2", varianceTheory],
        ["half of that", varianceTheory / 2],
      ],
      note: "What the switch of the sampler runs. Half of the variance: a misprint that a sample does not show at a glance.",
    };
  },
};

export const cards: Cards = {
  measures: {
    mean: mean,
    variance: variance,
    sde: sde,
    printed: printed,
  },
  error: (bench) =>
    errorOf(bench, {
      points: point,
      dim: 1,
      field: (data) => exactScore(data, ou()),
      sampler: eulerMaruyama(),
      grid: (steps) => linear({ steps, tMin: T - S, tMax: T }),
      steps: 50,
      count: 2000,
      noise: "shared",
    }),
};
