import { ou } from "../../src/process/index.js";
import { ancestral, eulerMaruyama, linear, type Sampler } from "../../src/sampler/index.js";
import { sample } from "../../src/run/index.js";
import { exactScore } from "../../src/score/index.js";
import { bridgeLaw } from "../../src/theory/index.js";
import { entryOf } from "./entries.js";
import { errorOf, type Moments, momentsOf, u32, withData } from "./measure.js";
import { presetOf } from "./preset.js";
import type { Card, CardContext, Story } from "./story.js";

/** Cao et al. 2025, Theorem 2: from xT at time T toward the one training point x0, for a time s. */
const T = 2;
const X0 = 1.5;
const XT = -0.7;
const S = 1;
const point = Float64Array.of(X0);

/** Theorem 2 by its own formula; `bridgeLaw` of the library has it for any process. */
const meanTheory = (Math.sinh(T - S) * XT + Math.sinh(S) * X0) / Math.sinh(T);
const varianceTheory = (2 * Math.sinh(T - S) * Math.sinh(S)) / Math.sinh(T);

/** States of size 1 rounded to float32, a few times per step; the two points rounded too. */
const rounding = (steps: number): number => 8 * steps * u32;

async function ends(
  context: CardContext,
  options: { sampler: Sampler; steps: number; count: number },
): Promise<Moments> {
  return withData(
    context,
    point,
    "f32",
    async (data) => {
      const { samples } = await sample(exactScore(data, ou()), {
        sampler: options.sampler,
        grid: linear({ steps: options.steps, tMin: T - S, tMax: T }),
        initial: new Float64Array(options.count).fill(XT),
        seed: context.seed,
        signal: context.signal,
        onProgress: ({ done, total }) => context.progress(done / total),
      });
      return momentsOf(samples);
    },
    1,
  );
}

const mean: Card = {
  name: "mean",
  title: "Mean at s = 1: 0.25922",
  source: "Cao et al. 2025, Theorem 2 (Eq. 4.12)",
  kernels: ["posteriorLanes1.mean"],
  async measure(context) {
    const count = 2_000_000;
    const found = await ends(context, { sampler: ancestral(), steps: 1, count });
    return {
      measured: found.mean,
      standardError: found.meanError,
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
  name: "variance",
  title: "Variance at s = 1: 0.76159",
  source: "Cao et al. 2025, Theorem 2 (Eq. 4.12)",
  kernels: ["normals", "affine"],
  async measure(context) {
    const [count, steps] = [400_000, 5];
    const found = await ends(context, { sampler: ancestral(), steps, count });
    return {
      measured: found.variance,
      standardError: found.varianceError,
      theory: varianceTheory,
      tolerance: 2 * rounding(steps),
      details: [
        ["particles", count],
        ["steps", steps],
        ["mean", found.mean],
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
  name: "sde",
  title: "The reverse SDE itself, Euler-Maruyama in 16 steps: variance, as its recursion has it",
  source: "Cao et al. 2025, Eq. 4.11",
  kernels: ["normals", "affine"],
  async measure(context) {
    const [count, steps] = [500_000, 16];
    const found = await ends(context, { sampler: eulerMaruyama(), steps, count });
    const theory = recursion(steps, 2);
    return {
      measured: found.variance,
      standardError: found.varianceError,
      theory: theory.variance,
      tolerance: 2 * rounding(steps),
      details: [
        ["particles", count],
        ["mean, measured", found.mean],
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
  name: "printed",
  title: "The same with the noise of Eq. 4.19 as printed, √ds for √(2\u00a0ds): variance",
  source: "Cao et al. 2025, Eq. 4.19, against 4.11",
  kernels: ["normals", "affine"],
  async measure(context) {
    const [count, steps] = [500_000, 16];
    const found = await ends(context, { sampler: eulerMaruyama({ noise: "asPrinted" }), steps, count });
    return {
      measured: found.variance,
      standardError: found.varianceError,
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

export const story: Story = {
  ...entryOf("one-sample-bridge"),
  preset: presetOf({
    tab: "line",
    t: T - S,
    camera: { x: 0, y: 0, half: 3 },
    view: {
      set: "own",
      points: [X0, 0],
      process: "ou",
      estimator: "exact",
      sampler: "eulerMaruyama",
      grid: "linear",
      steps: 50,
      start: T,
      quantity: "none",
    },
  }),
  text: {
    see: "One training point at 1.5 and paths of the reverse process toward it. They wander as bridges do and are all caught by the point at the end. The sampler below Euler-Maruyama in the list is the switch to the noise as printed: the particles are then too narrow on the way.",
    says: "With a single sample the reverse SDE can be solved: at time s the state is Gaussian, with weights sinh(T − s) and sinh(s) over sinh(T) on the start and the sample, and variance 2 sinh(T − s) sinh(s) / sinh(T).",
    measured:
      "For T = 2 and s = 1 the mean is 0.25922 and the variance 0.76159, as the theorem says. Equation 4.19, the discrete form, prints noise of variance ds where 2 ds belongs; with it the variance comes out half as large.",
  },
  cards: [mean, variance, sde, printed],
  error: (context) =>
    errorOf(context, {
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
