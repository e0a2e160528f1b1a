import { Bench } from "tinybench";
import type { Row, Table } from "./protocol.js";

/** One way to do the work. */
export interface Variant {
  readonly name: string;
  readonly run: () => Promise<Float32Array | Float64Array> | Float32Array | Float64Array;
}

/** A piece of work; its first variant is what the others are held to. */
export interface Case {
  readonly name: string;
  readonly variants: readonly Variant[];
  /** What differences are counted in. */
  readonly unit: number;
  /** The share of numbers whose differences say nothing: of end points, those near the border of two basins. */
  readonly outliers: number;
}

const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 51;
/** How long a variant is timed in a round at least, in milliseconds; once, where once takes longer. */
const ROUND_TIME = 20;
/** How long it runs before anything is timed, so that the compilers have done their work. */
const WARM_UP = 100;

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Measures one case for so long: in every round each variant has its turn, in an order that rotates. */
export async function measure(
  { name, variants, unit, outliers }: Case,
  milliseconds: number,
): Promise<Table> {
  const end = performance.now() + milliseconds;
  const results: (Float32Array | Float64Array)[] = [];
  for (const { run } of variants) {
    const start = performance.now();
    let values = await run();
    while (performance.now() - start < WARM_UP) values = await run();
    results.push(values);
  }
  const times = new Map(variants.map(({ name }) => [name, [] as number[]]));
  let rounds = 0;
  for (; rounds < MOST_ROUNDS && (rounds < LEAST_ROUNDS || performance.now() < end); rounds++) {
    const bench = new Bench({ iterations: 1, time: ROUND_TIME, warmup: false, throws: true });
    for (let i = 0; i < variants.length; i++) {
      const { name, run } = variants[(i + rounds) % variants.length];
      bench.add(name, run);
    }
    for (const { name, result } of await bench.run()) {
      if (result.state !== "completed") throw new Error(`${name}: ${result.state}`);
      times.get(name)?.push(result.latency.p50);
    }
  }
  const [first] = times.values();
  const rows = variants.map(({ name }, i): Row => {
    const own = times.get(name) ?? [];
    const ratios = own.map((time, round) => (first ?? own)[round] / time);
    const median = middle(own);
    return {
      name,
      median,
      spread: (Math.max(...own) - Math.min(...own)) / median,
      ratio: { median: middle(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
      difference: differenceOf(results[0], results[i], outliers) / unit,
    };
  });
  return { name, rounds, rows };
}

function differenceOf(
  standard: Float32Array | Float64Array,
  values: Float32Array | Float64Array,
  outliers: number,
): number {
  const differences = Float64Array.from(standard, (value, k) => Math.abs(value - values[k])).sort();
  return differences[differences.length - 1 - Math.floor(outliers * differences.length)];
}
