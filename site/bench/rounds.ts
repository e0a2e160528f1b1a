import { Bench } from "tinybench";
import { differenceOf, timingOf } from "../../src/baseline/timing.js";
import type { Table } from "./protocol.js";

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
  const roundsOf = (name: string): number[] => times.get(name) ?? [];
  const rows = variants.map(({ name }, i) => ({
    name,
    ...timingOf(roundsOf(name), roundsOf(variants[0].name)),
    difference: differenceOf(results[0], results[i], outliers) / unit,
  }));
  return { name, rounds, rows };
}
