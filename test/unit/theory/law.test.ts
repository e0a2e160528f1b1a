// The laws of samplers with noise: exact recurrences for one training point, known mixtures for several, and what the
// three kinds of noise share. Seeds are fixed and nothing is retried.
//
// False alarms, for a change of stream: 330 means and variances at 1.2e-8 each (5.7 standard errors) and 45
// Kolmogorov-Smirnov distances at 1e-8: 4.5e-6 for the whole file.
import {
  ancestral,
  createEngine,
  dpmpp2m,
  edm,
  type Engine,
  effectiveSde,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  logSnr,
  type Mixture,
  naiveScore,
  ou,
  polygon,
  predictorCorrector,
  type Process,
  type Sampler,
  type ScoreField,
  type StepEstimator,
  sample,
  songVp,
  ve,
  vp,
} from "vkernel";
import { fillNormals, streams } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  distanceBound,
  ksDistance,
  mixtureDistribution,
  project,
  standardErrors,
} from "../../shared/statistics.js";

const processes: [string, Process][] = [
  ["edm", edm()],
  ["ve", ve()],
  ["vp", vp()],
  ["songVp", songVp()],
  ["ou", ou()],
];

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ threads: 1 });
});
afterAll(() => engine.close());

/** Mean and variance of one coordinate of a particle. */
interface Moments {
  readonly mean: number;
  readonly variance: number;
}
/** What one step does to them; `index` of `steps`. */
type Recurrence = (moments: Moments, process: Process, t: number, s: number) => Moments;

const mu = 0.7;
/** Wide, so that draws within it are much of the variance. */
const sigma0 = 1;
const numbers = 300_000;
const steps = 4;

/** x <- a x + b + sqrt(c) eps */
const affine = ({ mean, variance }: Moments, a: number, b: number, c = 0): Moments => ({
  mean: a * mean + b,
  variance: a * a * variance + c,
});

/** The process at t, the prediction gain x + rest of x_0, and the velocity slope x + offset. */
function at(process: Process, t: number, width: number) {
  const [alpha, variance] = [process.alpha(t), process.variance(t)];
  const [beta, diffusion] = [process.beta(t), process.diffusion(t)];
  const total = (alpha * width) ** 2 + variance;
  const gain = (alpha * width ** 2) / total;
  return {
    alpha,
    variance,
    total,
    diffusion,
    gain,
    rest: mu - gain * alpha * mu,
    slope: diffusion / total - beta,
    offset: (-diffusion * alpha * mu) / total,
    spread: (width ** 2 * variance) / total,
  };
}

/**
 * Song et al. 2021 (DDIM), Eq. 12, as printed: alpha_s x_0 + sqrt(S_s - c) eps-hat + sqrt(c) eps with
 * eps-hat = (x - alpha_t x_0) / sqrt(S_t), and c = eta^2 S_s (S_t - r^2 S_s) / S_t.
 */
const ancestralStep =
  (eta: number, width = sigma0): Recurrence =>
  (moments, process, t, s) => {
    const [from, to] = [at(process, t, width), at(process, s, width)];
    const r = from.alpha / to.alpha;
    const c = (eta ** 2 * to.variance * (from.variance - r ** 2 * to.variance)) / from.variance;
    const noise = Math.sqrt((to.variance - c) / from.variance);
    const factor = to.alpha - noise * from.alpha;
    return affine(moments, noise + factor * from.gain, factor * from.rest, c);
  };

const heunStep: Recurrence = (moments, process, t, s) => {
  const h = s - t;
  const [one, two] = [at(process, t, sigma0), at(process, s, sigma0)];
  const a = 1 + (h / 2) * (one.slope + two.slope * (1 + h * one.slope));
  return affine(moments, a, (h / 2) * (one.offset + two.slope * h * one.offset + two.offset));
};

const churn = 1.2;
const noiseScale = 1.1;
/** Karras et al. 2022, Algorithm 2, with the process's own way up to the raised level. */
const churned: Recurrence = (moments, process, t, s) => {
  const gamma = Math.min(churn / steps, Math.SQRT2 - 1);
  const top =
    process.end === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : process.sigma(process.end);
  const raised = process.timeOfSigma(Math.min(process.sigma(t) * (1 + gamma), top));
  const scale = process.alpha(raised) / process.alpha(t);
  const added = process.variance(raised) - scale ** 2 * process.variance(t);
  return heunStep(affine(moments, scale, 0, noiseScale ** 2 * added), process, raised, s);
};

/** Large, so that what a Langevin step adds is half of the variance: one percent less noise is seen. */
const snr = 0.5;
const correctors = 2;
/** Langevin steps at the new level: x + e s + sqrt(2 e) eps, s = -(x - alpha mu) / V, e = 2 r^2 snr^2 S. */
const corrected: Recurrence = (moments, process, t, s) => {
  const to = at(process, s, sigma0);
  const e = 2 * (process.alpha(t) / to.alpha) ** 2 * snr ** 2 * to.variance;
  let out = ancestralStep(1)(moments, process, t, s);
  for (let j = 0; j < correctors; j++) {
    out = affine(out, 1 - e / to.total, (e * to.alpha * mu) / to.total, 2 * e);
  }
  return out;
};

const eulerMaruyamaStep: Recurrence = (moments, process, t, s) => {
  const dt = t - s;
  const { slope, offset, diffusion } = at(process, t, sigma0);
  const beta = process.beta(t);
  // beta x + 2 D s = -beta x - 2 v
  return affine(moments, 1 - dt * beta - 2 * dt * slope, -2 * dt * offset, 2 * diffusion * dt);
};

/** An Euler step of the exact velocity, and noise of covariance size D C D, C = (alpha / S)^2 Cov(x_0). */
const effective =
  (size: (dt: number) => number): Recurrence =>
  (moments, process, t, s) => {
    const { slope, offset, diffusion, alpha, variance, spread } = at(process, t, sigma0);
    const c = size(t - s) * (diffusion * (alpha / variance)) ** 2 * spread;
    return affine(moments, 1 + (s - t) * slope, (s - t) * offset, c);
  };

const draws = 2;
const noiseTime = 4;

interface Scheme {
  readonly sampler: Sampler;
  field?(data: Mixture, process: Process): ScoreField | StepEstimator;
  readonly noise?: "shared";
  readonly step: Recurrence;
}

const schemes: Record<string, Scheme> = {
  "ancestral, eta 0": { sampler: ancestral({ eta: 0 }), step: ancestralStep(0) },
  "ancestral, eta 0.6": { sampler: ancestral({ eta: 0.6 }), step: ancestralStep(0.6) },
  "ancestral, eta 1": { sampler: ancestral(), step: ancestralStep(1) },
  "ancestral, shared noise": { sampler: ancestral(), noise: "shared", step: ancestralStep(1) },
  "eulerMaruyama, shared noise": { sampler: eulerMaruyama(), noise: "shared", step: eulerMaruyamaStep },
  "heun with churn": { sampler: heun({ churn, noiseScale }), step: churned },
  predictorCorrector: { sampler: predictorCorrector({ snr, correctors }), step: corrected },
  "effectiveSde, matched": {
    sampler: euler(),
    field: (data, process) => effectiveSde(naiveScore(data, process, { draws })),
    step: effective((dt) => dt ** 2 / draws),
  },
  "effectiveSde, literal": {
    sampler: euler(),
    field: (data, process) => effectiveSde(naiveScore(data, process, { draws }), { form: "literal" }),
    step: effective((dt) => dt / draws),
  },
  "effectiveSde, noise time": {
    sampler: euler(),
    field: (data, process) => effectiveSde(naiveScore(data, process, { noiseTime })),
    step: effective((dt) => noiseTime * dt),
  },
};

/** Mean and variance of numbers less what they should be, in standard errors of a Gaussian sample. */
function deviations(samples: ArrayLike<number>, { mean, variance }: Moments) {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < samples.length; i++) {
    const e = (samples[i] as number) - mean;
    sum += e;
    squares += e * e;
  }
  const n = samples.length;
  return {
    mean: Math.abs(sum / n) / Math.sqrt(variance / n),
    variance: Math.abs(squares / n / variance - 1) / Math.sqrt(2 / n),
  };
}

describe("one training point: mean and variance obey their exact recurrence", () => {
  const grid = logSnr({ steps, sigmaMax: 2, sigmaMin: 0.2 });

  async function run(scheme: Scheme, process: Process, dim = 1) {
    const { sampler, field = exactScore, noise = "independent" } = scheme;
    const data = engine.mixture(new Float64Array(dim).fill(mu), { dim, sigma0 });
    const result = await sample(field(data, process), {
      sampler,
      grid,
      count: numbers / dim,
      seed: 21,
      noise,
    });
    data.dispose();
    let moments: Moments = { mean: 0, variance: process.variance(result.times[0] as number) };
    for (let i = 0; i < steps; i++) {
      moments = scheme.step(moments, process, result.times[i] as number, result.times[i + 1] as number);
    }
    return deviations(result.samples, moments);
  }

  describe.each(Object.entries(schemes))("%s", (_, scheme) => {
    it.each(processes)("%s", { tags: ["long"] }, async (_, process) => {
      const { mean, variance } = await run(scheme, process);
      expect(mean).toBeLessThan(standardErrors);
      expect(variance).toBeLessThan(standardErrors);
    });
    it("coordinates across lanes (D = 5)", { tags: ["slow"] }, async () => {
      const { mean, variance } = await run(scheme, songVp(), 5);
      expect(mean).toBeLessThan(standardErrors);
      expect(variance).toBeLessThan(standardErrors);
    });
  });
});

describe("one training point of no width, from p_T: every step count ends in p_epsilon", () => {
  // x_t - alpha_t mu is then a multiple of the noise, which every eta carries to the law N(alpha_s mu, S_s).
  describe.each([0, 0.3, 0.8, 1])("ancestral, eta %d", (eta) => {
    it.each(processes)("%s", async (_, process) => {
      for (const count of [1, 3, 10]) {
        const data = engine.mixture([[mu]]);
        const result = await sample(exactScore(data, process), {
          sampler: ancestral({ eta }),
          grid: logSnr({ steps: count, sigmaMax: 3, sigmaMin: 0.2 }),
          count: numbers / 5,
          seed: 22 + count,
          initial: "marginal",
        });
        data.dispose();
        const end = result.times[count] as number;
        const truth = { mean: process.alpha(end) * mu, variance: process.variance(end) };
        const { mean, variance } = deviations(result.samples, truth);
        expect(mean).toBeLessThan(standardErrors);
        expect(variance).toBeLessThan(standardErrors);
      }
    });
  });
});

describe("several points: fine grids carry p_T to p_epsilon", () => {
  const points = polygon().points;
  const sigma = 0.2;
  const count = 40_000;
  const bound = distanceBound(count);
  const worst = (samples: ArrayLike<number>, process: Process, t: number): number =>
    Math.max(
      ...[
        [1, 0],
        [0, 1],
        [0.8, -0.6],
      ].map((direction) => {
        const means = project(points, 2, direction).map((mean) => process.alpha(t) * mean);
        const law = mixtureDistribution(means, new Array(6).fill(1 / 6), Math.sqrt(process.variance(t)));
        return ksDistance(project(samples, 2, direction), law);
      }),
    );
  const fine: [string, Sampler, number][] = [
    ["heun with churn", heun({ churn: 30 }), 100],
    ["predictorCorrector", predictorCorrector({ snr: 0.1 }), 300],
    ["dpmpp2m", dpmpp2m(), 100],
  ];
  describe.each(fine)("%s", (_, sampler, n) => {
    it.each(processes)("%s", { tags: ["slow"] }, async (_, process) => {
      const data = engine.mixture(points, { dim: 2 });
      const options = { sampler, count, seed: 23, initial: "marginal" } as const;
      const run = async (grid: number) =>
        await sample(exactScore(data, process), {
          ...options,
          grid: logSnr({ steps: grid, sigmaMax: 3, sigmaMin: sigma }),
        });
      const result = await run(n);
      data.dispose();
      expect(worst(result.samples, process, result.times[n] as number)).toBeLessThan(bound);
    });
  });
});

describe("supplied noise", () => {
  it.each(["f32", "f64"] as const)(
    "the stream's own normals give the run that draws them: %s",
    async (precision) => {
      for (const dim of [2, 5]) {
        const [count, n, seed] = [33, 6, 24];
        const noise = new Float64Array(n * count * dim);
        for (let i = 0; i < n; i++) {
          const part = noise.subarray(i * count * dim, (i + 1) * count * dim);
          fillNormals(part, dim, count, 0, seed, i, streams.noise);
        }
        const data = engine.mixture(
          Float64Array.from({ length: 9 * dim }, (_, i) => Math.sin(i * i)),
          { dim, precision },
        );
        for (const sampler of [eulerMaruyama(), ancestral({ eta: 0.7 })]) {
          const options = { sampler, grid: logSnr({ steps: n, sigmaMax: 3, sigmaMin: 0.1 }), count, seed };
          const drawn = await sample(exactScore(data, edm()), options);
          const given = await sample(exactScore(data, edm()), { ...options, noise });
          // The reference's normals are the kernels' to 1e-14 (kernels.test.ts); float32 may round one differently.
          const tolerance = precision === "f64" ? 1e-12 : 1e-5;
          for (let i = 0; i < count * dim; i++) {
            expect(Math.abs((given.samples[i] as number) - (drawn.samples[i] as number))).toBeLessThan(
              tolerance,
            );
          }
          const other = await sample(exactScore(data, edm()), { ...options, noise: noise.map((z) => -z) });
          expect(other.samples).not.toEqual(given.samples);
        }
        data.dispose();
      }
    },
  );
});
