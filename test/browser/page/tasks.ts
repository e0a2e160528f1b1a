/** What the tests do in a page, and (where it says so) also in Node, to compare. Arguments and results are plain data. */
import * as vkernel from "vkernel";
import {
  createEngine,
  type EngineInfo,
  type EngineOptions,
  edm,
  euler,
  eulerMaruyama,
  exactScore,
  heun,
  karras,
  logarithmic,
  naiveScore,
  polygon,
  posterior,
  type Sampler,
  sample,
  VkernelError,
  vp,
} from "vkernel";
import { checkScoreCase, type ScoreCase } from "../../golden/g1.check.js";
import { trainedParameters } from "../../shared/network.js";
import { checkSmoothing, type SmoothingGolden } from "../../golden/g4.check.js";
import { checkReverse, type ReverseGolden } from "../../golden/g5.check.js";
import { checkEstimators, type EstimatorGolden } from "../../golden/g6.check.js";
import { checkLawRun, type LawRun } from "../../golden/g7.check.js";
import type { Kernels, Precision } from "../../golden/golden.js";
import { bitsCases } from "../../shared/bits.js";
import { fokkerPlanckBits } from "../../shared/fokkerPlanck.js";

export type Options = Pick<EngineOptions, "threads" | "kernels" | "blockSize"> & {
  wasm?: string;
  worker?: string;
};

/** Makes an engine and tells what it runs on. */
export async function info(options: Options): Promise<EngineInfo> {
  const engine = await createEngine(options);
  const { info } = engine;
  engine.close();
  return { ...info };
}

/** The runs whose bits are compared: in two dimensions and in five, with and without noise and draws. */
export const runs = ["posterior", "heun", "eulerMaruyama", "naive", "posterior, vp, D = 5"] as const;
export type Run = (typeof runs)[number];

/** The SHA-256 of 100,000 samples. In pages and in Node. */
export async function hashSamples(options: Options, precision: Precision, run: Run): Promise<string> {
  const engine = await createEngine(options);
  try {
    const count = 100_000;
    const seed = 20_260_701;
    const samplers: Record<Run, () => Sampler> = {
      posterior,
      heun,
      eulerMaruyama,
      naive: euler,
      "posterior, vp, D = 5": posterior,
    };
    const five = run === "posterior, vp, D = 5";
    const data = five
      ? engine.mixture(scattered(40, 5), {
          dim: 5,
          precision,
          weights: Array.from({ length: 40 }, (_, m) => 1 + m),
        })
      : engine.mixture(polygon().points, { dim: 2, precision });
    const process = five ? vp() : edm();
    const field = run === "naive" ? naiveScore(data, process) : exactScore(data, process);
    const grid = five
      ? logarithmic({ steps: 5, tMin: 0.01, tMax: 1, last: "sigmaMin" })
      : karras({ steps: 8, sigmaMin: 0.01, sigmaMax: 10 });
    const { samples } = await sample(field, { sampler: samplers[run](), grid, count, seed });
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", samples));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  } finally {
    engine.close();
  }
}

/** The hashes of all runs whose bits are promised. */
export function bits(options: Options): Promise<Record<string, string>> {
  return bitsCases(vkernel, options);
}

/** The hashes of densities of Fokker-Planck equations. */
export function densities(options: Options): Promise<Record<string, string>> {
  return fokkerPlanckBits(vkernel, options);
}

/** Points of a lattice (Weyl) sequence in [-1, 1): the same bits everywhere. */
function scattered(size: number, dim: number): Float64Array {
  return Float64Array.from({ length: size * dim }, (_, i) => ((i * 40_503) % 65_536) / 32_768 - 1);
}

/** Runs cases of g1; a line for every number that is off. */
export async function golden(
  kernels: Kernels,
  precision: Precision,
  cases: readonly ScoreCase[],
): Promise<{ failures: string[]; kernels: string; checked: number }> {
  const engine = await createEngine({ kernels });
  const failures: string[] = [];
  for (const item of cases) failures.push(...(await checkScoreCase(engine, precision, item)).failures);
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran, checked: cases.length };
}

/** Parameters of small trained networks. */
export async function trained(options: Options): Promise<number[][]> {
  const engine = await createEngine(options);
  const parameters = await trainedParameters(engine);
  engine.close();
  return parameters;
}

/** All of g4; a line for every number that is off. */
export async function smoothing(
  kernels: Kernels,
  golden: SmoothingGolden,
): Promise<{ failures: string[]; kernels: string }> {
  const engine = await createEngine({ kernels });
  const failures = await checkSmoothing(engine, golden);
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran };
}

/** All of g5; a line for every number that is off. */
export async function reverse(
  kernels: Kernels,
  golden: ReverseGolden,
): Promise<{ failures: string[]; kernels: string }> {
  const engine = await createEngine({ kernels });
  const failures = await checkReverse(engine, golden);
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran };
}

/** What is exact in g6; a line for every number that is off. */
export async function estimators(
  kernels: Kernels,
  golden: EstimatorGolden,
): Promise<{ failures: string[]; kernels: string; checked: number }> {
  const engine = await createEngine({ kernels });
  const result = await checkEstimators(engine, golden);
  const ran = engine.info.kernels;
  engine.close();
  return { ...result, kernels: ran };
}

/** Makes runs of g7 anew; a line for every statistic that is off. */
export async function laws(
  kernels: Kernels,
  precision: Precision,
  runs: readonly LawRun[],
  count: number,
): Promise<{ failures: string[]; kernels: string; checked: number }> {
  const engine = await createEngine({ kernels });
  const failures: string[] = [];
  for (const [i, run] of runs.entries()) {
    failures.push(...(await checkLawRun(engine, run, { precision, count, seed: 7900 + i })).failures);
  }
  const ran = engine.info.kernels;
  engine.close();
  return { failures, kernels: ran, checked: runs.length };
}

/** Aborts a long run after a while: how it ended, how soon after, and whether the engine still works. */
export async function abortRun(
  options: Options,
): Promise<{ code: string; reason: unknown; delay: number; after: number }> {
  const engine = await createEngine(options);
  const data = engine.mixture(scattered(4096, 2), { dim: 2 });
  const field = exactScore(data, edm());
  const controller = new AbortController();
  let abortedAt = 0;
  setTimeout(() => {
    abortedAt = performance.now();
    controller.abort("enough");
  }, 200);
  let code = "it finished";
  let reason: unknown;
  try {
    await sample(field, {
      sampler: heun(),
      grid: karras({ steps: 40 }),
      count: 200_000,
      signal: controller.signal,
    });
  } catch (error) {
    if (!(error instanceof VkernelError)) throw error;
    code = error.code;
    reason = error.cause;
  }
  const delay = performance.now() - abortedAt;
  const { posteriorMean } = await field.evaluate([[0, 0]], 1, ["posteriorMean"]);
  engine.close();
  return { code, reason, delay, after: posteriorMean.length };
}

/** The progress that a run reports. */
export async function progressOf(options: Options): Promise<{ done: number[]; totals: number[] }> {
  const engine = await createEngine(options);
  const field = exactScore(engine.mixture(scattered(2048, 2), { dim: 2 }), edm());
  const done: number[] = [];
  const totals: number[] = [];
  await sample(field, {
    sampler: heun(),
    grid: karras({ steps: 18 }),
    count: 20_000,
    onProgress(progress) {
      done.push(progress.done);
      totals.push(progress.total);
    },
  });
  engine.close();
  return { done, totals };
}

/** The longest task of the page's main thread (of those above 50 ms) while it makes an engine and samples. */
export async function longestTask(options: Options): Promise<{ longest: number; milliseconds: number }> {
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  });
  observer.observe({ type: "longtask" });
  const start = performance.now();
  const engine = await createEngine(options);
  const field = exactScore(engine.mixture(scattered(1024, 2), { dim: 2 }), edm());
  await sample(field, { sampler: heun(), grid: karras({ steps: 18 }), count: 100_000 });
  const milliseconds = performance.now() - start;
  engine.close();
  await pause(200);
  observer.disconnect();
  return { longest: Math.max(0, ...tasks), milliseconds };
}

/** What `longestTask` sees of a task that does block: so that it is known to see anything. */
export async function longestBlocked(milliseconds: number): Promise<number> {
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  });
  observer.observe({ type: "longtask" });
  await pause(0);
  const until = performance.now() + milliseconds;
  while (performance.now() < until) {
    // Block.
  }
  await pause(200);
  observer.disconnect();
  return Math.max(0, ...tasks);
}

/** How a run ends whose workers stop answering in the middle of it, and whether a new engine works then. */
export async function silentWorker(
  worker: string,
): Promise<{ code: string; delay: number; after: string; fresh: number }> {
  const engine = await createEngine({ threads: 2, worker });
  const field = exactScore(engine.mixture([[0, 0]]), edm());
  const outcome = (run: Promise<unknown>): Promise<string> =>
    run.then(
      () => "it resolved",
      (error: VkernelError) => error.code,
    );
  const start = performance.now();
  const code = await outcome(sample(field, { count: 100 }));
  const delay = performance.now() - start;
  const after = await outcome(sample(field, { count: 100 }));
  engine.close();
  const other = await createEngine({ threads: 2 });
  const run = await sample(exactScore(other.mixture([[0, 0]]), edm()), { count: 100 });
  other.close();
  return { code, delay, after, fresh: run.count };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
