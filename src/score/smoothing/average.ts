import type { CubeRule } from "./rules.js";
import type { Values } from "./values.js";

/** Queries made of one rule at a time, and the most of their numbers. */
const BATCH = 2 ** 15;
const NUMBERS = 2 ** 19;

/** A smoothed score and, where it was asked for, the standard error or the change by a finer rule of each number. */
export interface Smoothed {
  readonly score: Float64Array;
  readonly error: Float64Array | undefined;
}

export interface AverageOptions {
  /** Scores longer than this are shortened to it. */
  readonly truncate: number;
  /** Copies of the rule whose means are compared for the error; 0: no error. */
  readonly groups: number;
}

/** The mean of the exact score at x + width times the places of a rule, over all axes; each row has a width and a time. */
export async function averageScore(
  values: Values,
  rule: CubeRule,
  width: (row: number) => number,
  x: Float64Array,
  time: (row: number) => number,
  { truncate, groups }: AverageOptions,
): Promise<Smoothed> {
  const { dim } = values.data;
  const { places, weights } = rule;
  const draws = weights.length;
  const rows = x.length / dim;
  const score = new Float64Array(x.length);
  const error = groups > 0 ? new Float64Array(x.length) : undefined;
  const step = Math.max(1, Math.floor(Math.min(BATCH, NUMBERS / dim) / draws));
  for (let first = 0; first < rows; first += step) {
    const some = Math.min(step, rows - first);
    const queries = new Float64Array(some * draws * dim);
    for (let i = 0, at = 0; i < some; i++) {
      const w = width(first + i);
      for (let j = 0, place = 0; j < draws; j++) {
        for (let d = 0; d < dim; d++, at++, place++) {
          queries[at] = x[(first + i) * dim + d] + w * places[place];
        }
      }
    }
    await values.spend(4 * queries.length);
    const scores = await values.score(
      queries,
      timesOf(some, draws, (i) => time(first + i)),
    );
    if (truncate < Number.POSITIVE_INFINITY) shorten(scores, dim, truncate);
    for (let i = 0; i < some; i++) {
      for (let d = 0; d < dim; d++) {
        let sum = 0;
        for (let j = 0, at = i * draws * dim + d; j < draws; j++, at += dim) {
          sum += weights[j] * scores[at];
        }
        score[(first + i) * dim + d] = sum;
        if (!error) continue;
        const at = (j: number): number => scores[(i * draws + j) * dim + d];
        const each = draws / groups;
        let spread = 0;
        for (let g = 0; g < groups; g++) {
          let mean = 0;
          for (let j = g * each; j < (g + 1) * each; j++) mean += at(j) / each;
          spread += (mean - sum) ** 2;
        }
        error[(first + i) * dim + d] = Math.sqrt(spread / (groups * (groups - 1)));
      }
    }
    await values.spend((groups > 0 ? 8 : 4) * queries.length);
  }
  return { score, error };
}

/**
 * The trace of that mean's derivative: the mean of the traces. A score s of length above m = `truncate` is m s / |s|, whose derivative
 * is m / |s| (I - u u') J with u = s / |s|: continuous, with a kink where |s| = m, a set of measure zero.
 */
export async function averageTrace(
  values: Values,
  { places, weights }: CubeRule,
  width: (row: number) => number,
  x: Float64Array,
  time: (row: number) => number,
  truncate: number,
): Promise<Float64Array> {
  const { dim } = values.data;
  const draws = weights.length;
  const out = new Float64Array(x.length / dim);
  const step = Math.max(1, Math.floor(Math.min(BATCH, NUMBERS / dim) / draws));
  for (let first = 0; first < out.length; first += step) {
    const some = Math.min(step, out.length - first);
    const queries = new Float64Array(some * draws * dim);
    for (let at = 0; at < queries.length; at++) {
      const [row, place] = [Math.floor(at / (draws * dim)), at % (draws * dim)];
      queries[at] = x[(first + row) * dim + (at % dim)] + width(first + row) * places[place];
    }
    await values.spend(8 * queries.length);
    const t = timesOf(some, draws, (i) => time(first + i));
    const traces = await values.traces(queries, t);
    if (truncate < Number.POSITIVE_INFINITY) await shortenTraces(values, traces, queries, t, truncate);
    for (let i = 0; i < some; i++) {
      let sum = 0;
      for (let j = 0; j < draws; j++) sum += weights[j] * traces[i * draws + j];
      out[first + i] = sum;
    }
  }
  return out;
}

/** The time of each query, `draws` of them per row; one number where they share it. */
function timesOf(rows: number, draws: number, time: (row: number) => number): number | Float64Array {
  const times = Float64Array.from({ length: rows }, (_, i) => time(i));
  if (times.every((t) => t === times[0])) return times[0];
  return Float64Array.from({ length: rows * draws }, (_, i) => times[Math.floor(i / draws)]);
}

/** Traces of scores that are shortened in place of those of whole ones. */
async function shortenTraces(
  values: Values,
  traces: Float64Array,
  x: Float64Array,
  t: number | Float64Array,
  most: number,
): Promise<void> {
  const { dim } = values.data;
  const scores = await values.score(x, t);
  const lengths = traces.map((_, i) => {
    let square = 0;
    for (let d = i * dim; d < (i + 1) * dim; d++) square += scores[d] ** 2;
    return Math.sqrt(square);
  });
  const long = Array.from(lengths.keys()).filter((i) => lengths[i] > most);
  const places = new Float64Array(long.length * dim);
  const directions = new Float64Array(long.length * dim);
  long.forEach((i, k) => {
    places.set(x.subarray(i * dim, (i + 1) * dim), k * dim);
    const unit = scores.slice(i * dim, (i + 1) * dim).map((value) => value / lengths[i]);
    directions.set(unit, k * dim);
  });
  await values.spend(4 * (x.length + places.length));
  const times = typeof t === "number" ? t : Float64Array.from(long, (i) => t[i]);
  const bends = await values.bends(places, times, directions);
  long.forEach((i, k) => {
    traces[i] = (most / lengths[i]) * (traces[i] - bends[k]);
  });
}

function shorten(scores: Float64Array, dim: number, most: number): void {
  for (let i = 0; i < scores.length; i += dim) {
    let square = 0;
    for (let d = 0; d < dim; d++) square += scores[i + d] ** 2;
    if (square <= most * most) continue;
    const factor = most / Math.sqrt(square);
    for (let d = 0; d < dim; d++) scores[i + d] = scores[i + d] * factor;
  }
}
