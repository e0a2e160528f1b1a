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

/** The mean of the exact score at x + width times the places of a rule, over all axes. */
export async function averageScore(
  values: Values,
  rule: CubeRule,
  width: number,
  x: Float64Array,
  t: number,
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
      for (let j = 0, place = 0; j < draws; j++) {
        for (let d = 0; d < dim; d++, at++, place++) {
          queries[at] = x[(first + i) * dim + d] + width * places[place];
        }
      }
    }
    await values.spend(4 * queries.length);
    const scores = await values.score(queries, t);
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

/** The trace of that mean's derivative: the mean of the traces, where no score is shortened. */
export async function averageTrace(
  values: Values,
  { places, weights }: CubeRule,
  width: number,
  x: Float64Array,
  t: number,
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
      queries[at] = x[(first + row) * dim + (at % dim)] + width * places[place];
    }
    await values.spend(8 * queries.length);
    const traces = await values.traces(queries, t);
    for (let i = 0; i < some; i++) {
      let sum = 0;
      for (let j = 0; j < draws; j++) sum += weights[j] * traces[i * draws + j];
      out[first + i] = sum;
    }
  }
  return out;
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
