import { availableParallelism } from "node:os";
import {
  createEngine,
  dopri5,
  edm,
  type Engine,
  euler,
  exactScore,
  heun,
  karras,
  posterior,
  sample,
  type Sampler,
} from "vkernel";
import { fillNormals } from "vkernel/reference";

export const benchGroups = ["scores", "samplers"] as const;
export type BenchGroup = (typeof benchGroups)[number];

/** One way to do the work of a case. */
interface Variant {
  readonly name: string;
  readonly run: () => Promise<Float32Array>;
}

/** A piece of work that every kernel does. */
interface Case {
  readonly group: BenchGroup;
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** (query, point, coordinate) triples, where their number is known beforehand. */
  readonly elements: number | undefined;
  readonly variants: readonly Variant[];
}

/** What was measured of a variant. */
export interface Timing {
  readonly name: string;
  /** Milliseconds of each round. */
  readonly rounds: readonly number[];
  readonly median: number;
  /** (slowest - fastest round) / median. */
  readonly spread: number;
  /** Times as fast as the reference: the median of the rounds' ratios, and their range. */
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
  /** The largest difference of a number from those of the reference. */
  readonly difference: number;
}

export interface CaseResult extends Omit<Case, "variants"> {
  readonly timings: readonly Timing[];
}

export interface Bench {
  readonly cases: readonly CaseResult[];
  readonly notes: readonly string[];
  /** Whether ratios are not to be trusted to their first digit. */
  readonly noisy: boolean;
}

/** Where rounds of a variant differ by more than this share of their median, the machine is busy. */
export const NOISE = 0.5;
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 51;
/** How long a call lasts at least within a round, in milliseconds: shorter ones are repeated. */
const ROUND_TIME = 10;

interface Named {
  readonly name: string;
  readonly engine: Engine;
}

const normals = (count: number, dim: number, seed: number): Float64Array =>
  fillNormals(new Float64Array(count * dim), dim, count, 0, seed, 0, 0);

/** Scores of unit normal points: the posterior mean in float32, at 0.3 of the width of the data. */
function scoreCase(engines: readonly Named[], dim: number, size: number, count: number): Case {
  const points = normals(size, dim, 1);
  const queries = normals(count, dim, 2);
  const sigma = 0.3 * Math.sqrt(dim);
  return {
    group: "scores",
    name: `score, D = ${dim}, M = ${size}, ${count} queries`,
    parameters: { dim, size, count, sigma },
    elements: count * size * dim,
    variants: engines.map(({ name, engine }) => {
      const field = exactScore(engine.mixture(points, { dim }), edm());
      const run = async () => (await field.evaluate(queries, sigma, ["posteriorMean"])).posteriorMean;
      return { name, run };
    }),
  };
}

/** Whole runs from the same noise, 18 steps. */
function samplerCase(engines: readonly Named[], sampler: Sampler, signal: AbortSignal): Case {
  const [dim, size, count] = [2, 1024, 128];
  const points = normals(size, dim, 3);
  const steps = sampler.adaptive ? 2 : 18;
  const grid = karras({ steps });
  return {
    group: "samplers",
    name: `${sampler.name}, D = ${dim}, M = ${size}, ${count} samples, ${sampler.adaptive ? "its own" : steps} steps`,
    parameters: { sampler: sampler.name, dim, size, count, steps },
    elements: undefined,
    variants: engines.map(({ name, engine }) => {
      const field = exactScore(engine.mixture(points, { dim }), edm());
      const run = async () => (await sample(field, { sampler, grid, count, seed: 1, signal })).samples;
      return { name, run };
    }),
  };
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Milliseconds of a call, over as many as fill a round. */
async function once(variant: Variant, signal: AbortSignal): Promise<number> {
  const start = performance.now();
  let calls = 0;
  do {
    await variant.run();
    calls++;
    signal.throwIfAborted();
  } while (performance.now() - start < ROUND_TIME);
  return (performance.now() - start) / calls;
}

/** Measures one case: in every round each variant has its turn, in an order that rotates. */
async function measureCase(item: Case, milliseconds: number, signal: AbortSignal): Promise<CaseResult> {
  const { variants, ...rest } = item;
  const results: Float32Array[] = [];
  // Also the warm-up, for compilers and caches: the slow one is not needed twice.
  for (const variant of variants) {
    results.push(await variant.run());
    signal.throwIfAborted();
  }
  for (const variant of variants.slice(1)) await once(variant, signal);
  const rounds = variants.map((): number[] => []);
  const end = performance.now() + milliseconds;
  for (let round = 0; round < MAX_ROUNDS && (round < MIN_ROUNDS || performance.now() < end); round++) {
    for (let i = 0; i < variants.length; i++) {
      const at = (i + round) % variants.length;
      rounds[at]?.push(await once(variants[at], signal));
    }
  }
  const [standard, first] = [results[0], rounds[0]];
  const timings = variants.map(({ name }, i) => {
    const own = rounds[i];
    const ratios = own.map((time, round) => first[round] / time);
    const median = middle(own);
    const values = results[i];
    return {
      name,
      rounds: own,
      median,
      spread: (Math.max(...own) - Math.min(...own)) / median,
      ratio: { median: middle(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
      difference: standard.reduce((most, value, k) => Math.max(most, Math.abs(value - values[k])), 0),
    };
  });
  return { ...rest, timings };
}

/** Runs the cases of some groups, sharing out the time. The first variant of each is the reference. */
export async function runBenchmark(options: {
  groups: readonly BenchGroup[];
  seconds: number;
  threads: number | "auto";
  load: number;
  signal: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}): Promise<Bench> {
  const { groups, seconds, threads, load, signal, onProgress } = options;
  const notes: string[] = [];
  const engines: Named[] = [];
  try {
    engines.push({ name: "reference", engine: await createEngine({ kernels: "reference" }) });
    const simd = await createEngine({ kernels: "simd", threads: 1 });
    engines.push({ name: "simd", engine: simd });
    if (simd.info.note !== undefined) notes.push(simd.info.note);
    const relaxed = await createEngine({ kernels: "relaxed", threads: 1 });
    if (relaxed.info.kernels === "relaxed") engines.push({ name: "relaxed", engine: relaxed });
    else {
      relaxed.close();
      notes.push("relaxed is left out: this host has no relaxed SIMD");
    }
    const many = await createEngine({ kernels: "simd", threads });
    const { info } = many;
    if (info.threads > 1) engines.push({ name: `simd, ${info.threads} threads`, engine: many });
    else {
      many.close();
      notes.push("one thread only");
    }
    const makers = {
      scores: [
        () => scoreCase(engines, 2, 4096, 512),
        () => scoreCase(engines, 64, 2048, 128),
        () => scoreCase(engines, 784, 1024, 64),
      ],
      samplers: [euler(), heun(), posterior(), dopri5()].map(
        (sampler) => () => samplerCase(engines, sampler, signal),
      ),
    };
    const list = groups.flatMap((group) => makers[group]);
    const cases: CaseResult[] = [];
    const start = performance.now();
    for (const [i, make] of list.entries()) {
      onProgress?.({ done: i, total: list.length });
      const left = 1000 * seconds - (performance.now() - start);
      cases.push(await measureCase(make(), left / (list.length - i), signal));
    }
    onProgress?.({ done: list.length, total: list.length });
    const spreads = cases.flatMap(({ timings }) => timings.map(({ spread }) => spread));
    const wide = spreads.filter((spread) => spread > NOISE).length;
    if (wide > 0) {
      notes.push(
        `noisy: ${wide} of ${spreads.length} timings differ between rounds by more than ${100 * NOISE}% of their median`,
      );
    }
    const cores = availableParallelism();
    const busy = load > 0.5 * cores;
    if (busy) notes.push(`noisy: the load was ${load.toFixed(1)} on ${cores} cores before the run`);
    return { cases, notes, noisy: wide > 0 || busy };
  } finally {
    for (const { engine } of engines) engine.close();
  }
}
