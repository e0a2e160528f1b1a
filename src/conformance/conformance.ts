import { TimeSlices } from "../core/scheduler.js";
import { checkInteger, checkLongCall, checkNumber, checkOptions } from "../core/check.js";
import { createEngine, type Engine } from "../engine.js";
import { badArgument } from "../core/errors.js";
import { type Bias, biasOf, groundOf } from "./bias.js";
import { type Law, lawOf } from "./law.js";
import { type Convergence, flowOrder, strongOrder, weakOrder } from "./order.js";
import { atoms, drawMarginal, logLevels, single, smooth } from "./problems.js";
import { type Stability, stabilityOf } from "./stability.js";
import {
  type AnySampler,
  checkLimits,
  Fault,
  type SampleFunction,
  type StepSampler,
  type Subject,
  subjectOf,
  type WholeSampler,
} from "./subject.js";

export interface ConformanceOptions {
  /** The name of the sampler in the report. Default: its own name. */
  name?: string;
  /** The order that it claims: of its end points, or of mean and variance if it is stochastic. A vkernel sampler says it itself. */
  order?: number;
  /** Whether it takes random numbers; two short runs tell by default. */
  stochastic?: boolean;
  /** Seed of all random numbers, 0 to 2^32. Default 0. The same seed gives the same report. */
  seed?: number;
  /** The number of particles whose law is tested, 1,000 to 1,000,000. Default 8,192. */
  particles?: number;
  /** Evaluations per particle at which the bias is measured, ascending; 10, 20, 40, 80, 160 by default. */
  budgets?: readonly number[];
  /** Seconds after which what is not done is left out; 120 by default. */
  timeLimit?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** Something that was seen. A "fault" is wrong for any sampler; a "note" is to be known. */
export interface Finding {
  readonly level: "fault" | "note";
  readonly part: "run" | "order" | "law" | "stability" | "bias";
  readonly code:
    | "throws"
    | "shape"
    | "not-finite"
    | "time-limit"
    | "not-reproducible"
    | "order"
    | "no-convergence"
    | "occupancy"
    | "between"
    | "spread"
    | "distribution"
    | "last-step"
    | "unstable"
    | "excess";
  readonly message: string;
}

/** What was measured: plain data, `JSON.stringify` keeps all of it. Parts that could not be measured are null. */
export interface ConformanceReport {
  readonly name: string;
  readonly stochastic: boolean;
  readonly seed: number;
  /** Whether nothing is wrong: no finding is a fault. */
  readonly passed: boolean;
  readonly findings: readonly Finding[];
  /** The order claimed, and what was measured: "flow" if deterministic, else "weak" and, where it can be, "strong". */
  readonly order: { readonly claimed: number | null; readonly measured: readonly Convergence[] } | null;
  readonly law: Law | null;
  readonly stability: readonly Stability[] | null;
  readonly bias: readonly Bias[] | null;
}

const known = [
  "name",
  "order",
  "stochastic",
  "seed",
  "particles",
  "budgets",
  "timeLimit",
  "signal",
  "onProgress",
];

/** A measured order may lie this much below the claimed one: what curvature is left at the finest steps. */
export const orderSlack = 0.25;

/**
 * Every statistical test of a report raises a false alarm with probability 1e-8 at most on a sampler without error: the chi-square
 * and Kolmogorov-Smirnov p-values, and a spread more than `spreadErrors` standard errors off (2e-9 for a normal variable; the
 * spread is a sum of thousands of squares).
 */
export const rareP = 1e-8;
export const spreadErrors = 6;

/** So many particles may be between the atoms after 256 steps, from where the flow parts. */
const BETWEEN = 0.02;
/** The median distance left after a step to 0, in units of the level before: 1.18 in 2-D if that step does nothing. */
const LEFTOVER = 0.05;
/** States further than this outside the data, in units of sigma, are noted: 2e-8 of them in p_sigma. */
const EXCESS = 6;

/**
 * Measures a sampler against exact answers: anyone's, as a step function or as a whole run over a denoiser, or one of
 * vkernel's. The denoisers are exact posterior means of mixtures, x_sigma = x_0 + sigma eps, so that every error is the
 * sampler's own: its order, the law of its samples, its stability at few steps, its error at a number of evaluations.
 *
 * @example
 * const report = await conformance({
 *   name: "euler",
 *   step: ({ x, t, s, denoise }) => {
 *     const d = denoise(x, t);
 *     return x.map((v, i) => v + ((s - t) / t) * (v - d[i]));
 *   },
 * }, { order: 1 });
 * console.log(formatConformance(report));
 * @throws {VkernelError} E_TYPE, E_USAGE, E_RANGE: a wrong argument; E_ABORT. What the sampler does wrong is in the findings.
 */
export async function conformance(
  sampler: StepSampler | WholeSampler | SampleFunction,
  options?: ConformanceOptions,
): Promise<ConformanceReport>;
export async function conformance(
  sampler: AnySampler,
  options?: ConformanceOptions,
): Promise<ConformanceReport>;
export async function conformance(
  sampler: AnySampler,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  checkOptions(options, known);
  checkLongCall(options);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, 2 ** 32);
  const particles = checkInteger(options.particles ?? 8192, "particles", 1000, 1_000_000);
  const budgets = checkBudgets(options.budgets ?? [10, 20, 40, 80, 160]);
  const timeLimit = checkNumber(options.timeLimit ?? 120, "timeLimit", { above: 0, max: 1e6 });
  const { name, stochastic, signal } = options;
  if (name !== undefined && typeof name !== "string") throw badArgument("E_TYPE", "name", "a string", name);
  if (stochastic !== undefined && typeof stochastic !== "boolean") {
    throw badArgument("E_TYPE", "stochastic", "true or false", stochastic);
  }
  if (options.order !== undefined) checkNumber(options.order, "order", { above: 0, max: 20 });
  const limits = { signal, deadline: performance.now() + 1000 * timeLimit };
  const subject = subjectOf(sampler, limits);
  checkLimits(limits);

  const engine = await createEngine({ threads: 1 });
  try {
    return await examine(engine, subject, { ...options, seed, particles, budgets });
  } finally {
    engine.close();
  }
}

type Asked = ConformanceOptions & Required<Pick<ConformanceOptions, "seed" | "particles" | "budgets">>;

/** What runs a part of the examination. */
interface Parts {
  readonly findings: Finding[];
  /** Whether nothing more is run. */
  stopped: boolean;
  /** Runs one part; a fault of the sampler becomes a finding and leaves the part out. */
  run<T>(of: Finding["part"], work: () => Promise<T>): Promise<T | null>;
}

function partsOf({ signal, onProgress }: ConformanceOptions): Parts {
  const slices = new TimeSlices(signal);
  let done = 0;
  const parts: Parts = {
    findings: [],
    stopped: false,
    async run(of, work) {
      let result: Awaited<ReturnType<typeof work>> | null = null;
      try {
        if (!parts.stopped) result = await work();
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        parts.stopped ||= error.code === "time-limit";
        parts.findings.push({ level: "fault", part: of, code: error.code, message: error.message });
      }
      checkLimits({ signal, deadline: Number.POSITIVE_INFINITY });
      if (onProgress) {
        slices.report(() => onProgress({ done: ++done, total: 5 }));
        await slices.settle();
      }
      return result;
    },
  };
  return parts;
}

async function examine(on: Engine, subject: Subject, options: Asked): Promise<ConformanceReport> {
  const { name, stochastic, seed, particles, budgets } = options;
  const parts = partsOf(options);
  const { findings } = parts;
  const random = (await parts.run("run", () => isRandom(on, subject, stochastic, seed, findings))) ?? true;
  // What cannot even make a short run is not run any further.
  parts.stopped ||= findings.some(({ part, level }) => part === "run" && level === "fault");
  const claimed = options.order ?? subject.order ?? null;
  const order = await parts.run("order", async () => ({
    claimed,
    measured: await ordersOf(on, subject, random, seed + 1),
  }));
  if (order !== null) judgeOrder(order, findings);
  const problem = atoms(on);
  const law = await parts.run("law", () => lawOf(subject, problem, { particles, seed: seed + 2, random }));
  if (law !== null) judgeLaw(law, findings);
  const stability = await parts.run("stability", () => stabilityOf(subject, problem, seed + 3));
  if (stability !== null) judgeStability(stability, findings);
  const bias = await parts.run("bias", async () => {
    const repeats = 4;
    const own = { particles: Math.ceil(particles / 4), repeats, seed: seed + 4 };
    const ground = await groundOf(problem, { ...own, flow: !random });
    return biasOf(subject, ground, { ...own, budgets, random });
  });
  return {
    name: name ?? subject.name,
    stochastic: random,
    seed,
    passed: findings.every((finding) => finding.level === "note"),
    findings,
    order,
    law,
    stability,
    bias,
  };
}

/** The orders that a sampler has: of its law and of its paths, or of a flow; none of one whose steps are its own. */
async function ordersOf(on: Engine, subject: Subject, random: boolean, seed: number): Promise<Convergence[]> {
  if (subject.adaptive) return [];
  if (!random) return [await flowOrder(subject, smooth(on), seed)];
  const weak = await weakOrder(subject, single(on), seed);
  const strong = await strongOrder(subject, smooth(on), seed);
  return strong === undefined ? [weak] : [weak, strong];
}

function checkBudgets(budgets: unknown): readonly number[] {
  const expected = "1 to 50 ascending numbers of evaluations, 1 to 10,000 each";
  if (!Array.isArray(budgets)) throw badArgument("E_TYPE", "budgets", expected, budgets);
  if (budgets.length < 1 || budgets.length > 50) throw badArgument("E_RANGE", "budgets", expected, budgets);
  budgets.forEach((budget: unknown, i) => {
    checkInteger(budget, `budgets[${i}]`, 1, 10_000);
    if (i > 0 && (budget as number) <= budgets[i - 1]) {
      throw badArgument("E_RANGE", `budgets[${i}]`, expected, budget);
    }
  });
  return budgets.slice();
}

/** Two runs with one seed and one with another tell whether a sampler takes random numbers, and whether the seed fixes them. */
async function isRandom(
  engine: Engine,
  subject: Subject,
  said: boolean | undefined,
  seed: number,
  findings: Finding[],
): Promise<boolean> {
  const problem = smooth(engine);
  const start = drawMarginal(problem, 3, 16, seed);
  const run = async (own: number) =>
    (await subject.run({ problem, start, sigmas: logLevels(3, 0.3, 8), seed: own })).ends;
  const [one, again, other] = [await run(seed), await run(seed), await run(seed + 1)];
  const same = (a: Float64Array, b: Float64Array) => a.every((v, i) => v === b[i]);
  if (!same(one, again)) {
    findings.push({
      level: "note",
      part: "run",
      code: "not-reproducible",
      message:
        "two runs with one seed differ: it keeps state between runs, or takes random numbers from elsewhere than `random`",
    });
  }
  return said ?? subject.random ?? !same(one, other);
}

function judgeOrder(
  { claimed, measured }: NonNullable<ConformanceReport["order"]>,
  findings: Finding[],
): void {
  for (const { kind, exact, order, errors, steps, standardErrors, standardError } of measured) {
    // A strong order is claimed by nobody: it is measured only.
    if (kind === "strong" || exact) continue;
    const last = errors.at(-1) as number;
    const what = kind === "flow" ? "distance from the exact flow" : "error of the variance";
    const said = `${what} ${last.toExponential(1)} at ${steps.at(-1)} steps`;
    const noise = standardErrors === null ? 0 : spreadErrors * (standardError ?? 0);
    if (order === null) {
      // Sampled errors that fall below their standard errors at once say nothing; a last one that stands out does.
      const least = standardErrors === null ? 0 : spreadErrors * (standardErrors.at(-1) as number);
      if (last > least) {
        findings.push({
          level: "fault",
          part: "order",
          code: "no-convergence",
          message: `no order: ${said}`,
        });
      }
    } else if (order + noise < 0.5) {
      const message = `does not converge: ${said}, where it should fall with every doubling of the steps`;
      findings.push({ level: "fault", part: "order", code: "no-convergence", message });
    } else if (claimed !== null && order + noise < claimed - orderSlack) {
      const message = `order ${order.toFixed(2)} measured, ${claimed} claimed (${said})`;
      findings.push({ level: "fault", part: "order", code: "order", message });
    }
  }
}

function judgeLaw(law: Law, findings: Finding[]): void {
  const fault = (code: Finding["code"], message: string) =>
    findings.push({ level: "fault", part: "law", code, message });
  const { spread } = law;
  if (!(law.between <= BETWEEN)) {
    fault("between", `${percent(law.between)} of the particles are at no atom after ${law.steps} steps`);
  }
  if (law.chiSquare.p < rareP) {
    fault("occupancy", `shares of the atoms are off: chi-square ${law.chiSquare.statistic.toFixed(1)}`);
  }
  // Half the change from half the steps is left to orders other than 1.
  if (spread !== null) {
    const { value, limit, limitStandardError } = spread;
    const allowed = spreadErrors * limitStandardError + 0.5 * Math.abs(limit - value);
    if (!(Math.abs(limit - 1) <= allowed)) {
      fault(
        "spread",
        `the variance about the atoms is ${limit.toFixed(3)} sigma^2, extrapolated to many steps`,
      );
    }
  }
  if (law.kolmogorov.p < rareP) {
    fault(
      "distribution",
      `Kolmogorov-Smirnov distance ${law.kolmogorov.distance.toFixed(4)} from the exact law`,
    );
  }
  if (!(law.leftover <= LEFTOVER)) {
    fault("last-step", `a last step to 0 leaves noise: ${law.leftover.toFixed(2)} of the level before`);
  }
}

function judgeStability(runs: readonly Stability[], findings: Finding[]): void {
  const noted: string[] = [];
  for (const { steps, fault, excess, outside } of runs) {
    if (fault !== null || (outside as number) > 1) {
      const message = `${steps} steps: ${fault ?? `an end point is ${(outside as number).toPrecision(2)} radii outside the data`}`;
      findings.push({ level: "fault", part: "stability", code: "unstable", message });
    } else if ((excess ?? 0) > EXCESS) noted.push(`${(excess as number).toPrecision(2)} at ${steps} steps`);
  }
  if (noted.length > 0) {
    const message = `states leave p_sigma at few steps, in units of sigma: ${noted.join(", ")}`;
    findings.push({ level: "note", part: "stability", code: "excess", message });
  }
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
