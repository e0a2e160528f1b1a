import { Bench } from "tinybench";

/**
 * One way to do the work of a case.
 *
 * `run` does it once. It may return `overriddenDuration` (milliseconds), where it timed itself.
 *
 * @typedef {{ name: string, async?: boolean, run: () => unknown, result?: () => Promise<ArrayLike<number>> | ArrayLike<number> }} Variant
 */

/**
 * Measured times of one variant: the median of each round, in milliseconds.
 *
 * @typedef {{ name: string, rounds: number[], median: number, spread: number, elementsPerSecond: number }} Timing
 */

/**
 * @typedef {{
 *   suite: string, name: string, parameters: Record<string, number | string>, elements: number,
 *   baseline: string, timings: Timing[], differences: Record<string, number>, skipped: string[],
 * }} CaseReport
 */

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** How much a variant is timed in a round, in milliseconds: at least one run of it. */
const ROUND_TIME = 25;
/** How long a variant runs before anything is timed, so that the compilers have done their work. */
const WARM_UP_TIME = 250;

/**
 * Times variants against each other. In every round each variant has its turn, in an order that rotates, so that
 * whatever else the machine does meets all of them; a ratio is taken within a round, and the median of the rounds
 * is what counts.
 *
 * @param {readonly Variant[]} variants
 * @param {{ rounds: number, elements: number }} options
 * @returns {Promise<Timing[]>}
 */
export async function interleave(variants, { rounds, elements }) {
  for (const variant of variants) {
    const start = performance.now();
    do await variant.run();
    while (performance.now() - start < WARM_UP_TIME);
  }
  /** @type {Map<string, number[]>} */
  const times = new Map(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({ iterations: 1, time: ROUND_TIME, warmup: false, throws: true });
    for (let i = 0; i < variants.length; i++) {
      const { name, run, async = false } = variants[(i + round) % variants.length];
      bench.add(name, run, { async });
    }
    for (const task of await bench.run()) {
      if (task.result.state !== "completed") throw new Error(`${task.name}: ${task.result.state}`);
      times.get(task.name)?.push(task.result.latency.p50);
    }
  }
  return variants.map(({ name }) => {
    const measured = /** @type {number[]} */ (times.get(name));
    const middle = median(measured);
    return {
      name,
      rounds: measured,
      median: middle,
      spread: (Math.max(...measured) - Math.min(...measured)) / middle,
      elementsPerSecond: (1000 * elements) / middle,
    };
  });
}

/**
 * How many times faster one variant is than another: the median over the rounds, and their range.
 *
 * @param {Timing} slow
 * @param {Timing} fast
 */
export function ratio(slow, fast) {
  const ratios = slow.rounds.map((time, round) => time / fast.rounds[round]);
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/**
 * Throws unless all variants of a case compute the same thing.
 *
 * @param {string} title
 * @param {readonly Variant[]} variants the first is the standard
 * @param {{ tolerance: number, outliers?: number }} allowed a difference per number, and the share of numbers that
 *   may exceed it
 * @returns {Promise<Record<string, number>>} the largest difference (of those that count) by variant
 */
export async function assertAgreement(title, variants, { tolerance, outliers = 0 }) {
  const standard = await variants[0].result?.();
  if (standard === undefined) throw new Error(`${title}: ${variants[0].name} has no result to compare with`);
  /** @type {Record<string, number>} */
  const differences = {};
  for (const variant of variants.slice(1)) {
    const values = await variant.result?.();
    if (values === undefined) continue;
    if (values.length !== standard.length) {
      throw new Error(`${title}: ${variant.name} has ${values.length} numbers, not ${standard.length}`);
    }
    const errors = Float64Array.from(standard, (value, i) => Math.abs(value - values[i])).sort();
    const last = errors.length - 1 - Math.floor(outliers * errors.length);
    const worst = errors.some(Number.isNaN) ? Number.NaN : errors[last];
    if (!(worst <= tolerance)) {
      throw new Error(`${title}: ${variant.name} differs from ${variants[0].name} by ${worst}`);
    }
    differences[variant.name] = worst;
  }
  return differences;
}

/**
 * Throws unless all variants of a random sampler have the same law, as far as two moments tell.
 *
 * @param {string} title
 * @param {readonly Variant[]} variants the first is the standard
 * @param {number} tolerance of the mean and the mean square, for numbers of unit scale
 */
export async function assertSameMoments(title, variants, tolerance) {
  /** @type {number[] | undefined} */
  let standard;
  for (const variant of variants) {
    const values = await variant.result?.();
    if (values === undefined) continue;
    let sum = 0;
    let square = 0;
    for (let i = 0; i < values.length; i++) {
      sum += values[i];
      square += values[i] ** 2;
    }
    const moments = [sum / values.length, square / values.length];
    standard ??= moments;
    const expected = standard;
    if (!moments.every((value, i) => Math.abs(value - expected[i]) <= tolerance)) {
      throw new Error(`${title}: ${variant.name} has moments ${moments}, ${variants[0].name} ${standard}`);
    }
  }
}
