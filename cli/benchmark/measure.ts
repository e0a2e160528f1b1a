import { availableParallelism } from "node:os";
import { differenceOf, type Timing, timingOf } from "vkernel/internal";

/** One way to do the work of a case. */
export interface Variant {
  readonly name: string;
  readonly run: () => Promise<Float32Array | Float64Array>;
}

/** A piece of work that every variant does; the first of them is what the others are held to. */
export interface Case {
  readonly group: string;
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** (query, point, coordinate) triples, where their number is known beforehand. */
  readonly elements: number | undefined;
  /** What differences are counted in. Default 1. */
  readonly unit?: number;
  /** The share of numbers whose differences say nothing: of end points, those near the border of two basins. Default 0. */
  readonly outliers?: number;
  readonly variants: readonly Variant[];
}

/** What was measured of a variant, beside the first. */
export interface VariantTiming extends Timing {
  readonly name: string;
  /** Milliseconds of each round. */
  readonly rounds: readonly number[];
  /** The largest difference of a number from those of the first variant, but for outliers. */
  readonly difference: number;
}

export interface CaseResult extends Omit<Case, "variants"> {
  readonly timings: readonly VariantTiming[];
}

export interface Measured {
  readonly cases: readonly CaseResult[];
  readonly notes: readonly string[];
  /** Whether ratios are not to be trusted to their first digit. */
  readonly noisy: boolean;
}

/** How long, and who may end it or is told. */
export interface Measuring {
  readonly seconds: number;
  /** Of the machine, before. */
  readonly load: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** Where rounds of a variant differ by more than this share of their median, the machine is busy. */
const NOISE = 0.5;
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 51;
/** How long a variant runs before it is timed, in milliseconds. */
const WARM_UP = 50;
/** How long a call lasts at least within a round, in milliseconds: shorter ones are repeated. */
const ROUND_TIME = 10;

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
  const { unit = 1, outliers = 0 } = item;
  const results: (Float32Array | Float64Array)[] = [];
  for (const variant of variants) {
    // Until compilers have done their work; one call of what is slow.
    const start = performance.now();
    let values = await variant.run();
    signal.throwIfAborted();
    while (performance.now() - start < WARM_UP) {
      values = await variant.run();
      signal.throwIfAborted();
    }
    results.push(values);
  }
  const rounds = variants.map((): number[] => []);
  const end = performance.now() + milliseconds;
  for (let round = 0; round < MAX_ROUNDS && (round < MIN_ROUNDS || performance.now() < end); round++) {
    for (let i = 0; i < variants.length; i++) {
      const at = (i + round) % variants.length;
      rounds[at]?.push(await once(variants[at], signal));
    }
  }
  const timings = variants.map(({ name }, i) => ({
    name,
    rounds: rounds[i],
    ...timingOf(rounds[i], rounds[0]),
    difference: differenceOf(results[0], results[i], outliers) / unit,
  }));
  return { ...rest, timings };
}

/** Measures cases one after another, sharing out the time; each is made when its turn comes. */
export async function measure(
  makers: readonly (() => Case)[],
  { seconds, load, signal, onProgress }: Measuring,
): Promise<Measured> {
  const cases: CaseResult[] = [];
  const start = performance.now();
  for (const [i, make] of makers.entries()) {
    onProgress?.({ done: i, total: makers.length });
    const left = 1000 * seconds - (performance.now() - start);
    cases.push(await measureCase(make(), left / (makers.length - i), signal));
  }
  onProgress?.({ done: makers.length, total: makers.length });
  const notes: string[] = [];
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
  return { cases, notes, noisy: notes.length > 0 };
}
