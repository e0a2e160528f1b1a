import { VkernelError } from "../../core/errors.js";
import { fillNormals, streams } from "../../numeric/random.js";
import { aborted, TimeSlices } from "../../core/scheduler.js";
import type { LawCall, LawParts, LawValues } from "./law.js";
import { variationOf } from "./law.js";
import { logTransition } from "./past.js";
import type { DensityStart } from "./start.js";

/** Numbers of one call of the kernels. */
const BATCH = 2 ** 22;
/** Groups of starts that the error of the total variation is taken from. */
const GROUPS = 64;
/** Of a ratio: starts of q_0, and as many about each place. */
const ABOUT = 4096;

/** Starts of q_0 by their numbers. */
interface Starts {
  readonly count: number;
  rows(first: number, last: number): Float64Array;
}

/** The mean over samples of q_0, which stand for it. */
export async function bySamples(call: LawCall, rows: Float64Array): Promise<LawParts> {
  const { past, horizon } = call;
  const { dim } = past;
  const count = rows.length / dim;
  let logPast: Float64Array | undefined;
  return {
    method: "monteCarlo",
    nodes: count,
    ...(await massesOver(call, { count, rows: (first, last) => rows.slice(first * dim, last * dim) })),
    async ratio(places, t, options) {
      if (t === horizon) {
        throw new VkernelError("E_UNSUPPORTED", {
          argument: "t",
          expected: `a time below the horizon ${horizon} for a start of samples, which has no density`,
          got: String(t),
        });
      }
      logPast ??= await past.logDensity(rows, horizon, options);
      const seen = logPast;
      const transition = past.process.transition(t, horizon);
      return eachRow(places, dim, (z) => {
        const logs = logTransition(z, rows, dim, transition);
        return [logs.map((value, i) => Math.exp(value - seen[i]))];
      });
    },
  };
}

/** The mean over draws of a Gaussian q_0. */
export async function byDraws(
  call: LawCall,
  start: DensityStart,
  { count, seed }: { count: number; seed: number },
): Promise<LawParts> {
  const { past, horizon } = call;
  const { dim } = past;
  const deviation = Math.sqrt(start.variance as number);
  const normals = (first: number, last: number, step: number): Float64Array => {
    const size = last - first;
    return fillNormals(new Float64Array(size * dim), dim, size, first, seed, step, streams.law);
  };
  const rows = (first: number, last: number): Float64Array =>
    normals(first, last, 0).map((z) => deviation * z);
  return {
    method: "monteCarlo",
    nodes: count,
    ...(await massesOver(call, { count, rows })),
    async ratio(places, t, options) {
      if (t === horizon) {
        const marginal = await past.logDensity(places, t, options);
        const values = start.logDensity(places).map((value, q) => Math.exp(value - marginal[q]));
        return { values, errors: values.map(() => 0) };
      }
      const transition = past.process.transition(t, horizon);
      const spread = Math.sqrt(transition.variance);
      const drawn = rows(0, ABOUT);
      const about = normals(0, ABOUT, 1);
      const drawnPast = await past.logDensity(drawn, horizon, options);
      const drawnStart = start.logDensity(drawn);
      /** q_0 N / rho_T over q_0 + N: the balance heuristic of half the draws from either. */
      const balanced = (logNear: Float64Array, logStart: Float64Array, logPast: Float64Array) =>
        logNear.map((near, i) => {
          const own = logStart[i];
          const both = Math.max(near, own) + Math.log1p(Math.exp(-Math.abs(near - own)));
          return Math.exp(near + own - both - logPast[i]);
        });
      return eachRow(places, dim, async (z) => {
        const { signal } = options;
        if (signal?.aborted) throw aborted(signal);
        const moved = about.map((value, i) => transition.scale * z[i % dim] + spread * value);
        const movedPast = await past.logDensity(moved, horizon, signal && { signal });
        return [
          balanced(logTransition(z, drawn, dim, transition), drawnStart, drawnPast),
          balanced(logTransition(z, moved, dim, transition), start.logDensity(moved), movedPast),
        ];
      });
    },
  };
}

/** At each row the sum of the means of some lists, with the error that their spreads give it. */
async function eachRow(
  places: Float64Array,
  dim: number,
  lists: (z: Float64Array) => Float64Array[] | Promise<Float64Array[]>,
): Promise<LawValues> {
  const count = places.length / dim;
  const values = new Float64Array(count);
  const errors = new Float64Array(count);
  for (let q = 0; q < count; q++) {
    let square = 0;
    for (const list of await lists(places.slice(q * dim, (q + 1) * dim))) {
      const n = list.length;
      const mean = list.reduce((sum, value) => sum + value, 0) / n;
      const spread = list.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      values[q] = values[q] + mean;
      square += spread / (n - 1) / n;
    }
    errors[q] = Math.sqrt(square);
  }
  return { values, errors };
}

/** The mean posterior weights of starts, of a mixture. */
async function massesOver(
  { past, horizon, signal, onProgress }: LawCall,
  starts: Starts,
): Promise<Pick<LawParts, "masses">> {
  const { field, dim } = past;
  if (field === undefined) return {};
  const { count } = starts;
  const { size, weights } = field.data;
  const sums = new Float64Array(size);
  const squares = new Float64Array(size);
  const groups = Math.min(GROUPS, count);
  const grouped = new Float64Array(groups * size);
  const members = new Float64Array(groups);
  const batch = Math.max(1, Math.floor(BATCH / Math.max(size, dim)));
  const slices = new TimeSlices(signal);
  for (let first = 0; first < count; first += batch) {
    if (signal?.aborted) throw aborted(signal);
    const last = Math.min(count, first + batch);
    const { posteriorWeights } = await field.evaluate(
      starts.rows(first, last),
      horizon,
      ["posteriorWeights"],
      signal && { signal },
    );
    for (let i = first; i < last; i++) {
      const group = i % groups;
      members[group] = members[group] + 1;
      for (let m = 0; m < size; m++) {
        const w = posteriorWeights[(i - first) * size + m];
        sums[m] = sums[m] + w;
        squares[m] = squares[m] + (w - weights[m]) ** 2;
        grouped[group * size + m] = grouped[group * size + m] + w;
      }
    }
    const wait = slices.spend((last - first) * size * 8);
    if (wait) await wait;
    if (onProgress) {
      slices.report(() => onProgress({ done: last, total: count }));
      await slices.settle();
    }
  }
  const values = sums.map((sum) => sum / count);
  // Squares are about the weights, near which the means lie: nothing cancels.
  const errors = values.map((value, m) => {
    const variance = (squares[m] / count - (value - weights[m]) ** 2) / (count - 1);
    return Math.sqrt(Math.max(0, variance));
  });
  // The total variation is linear in the masses where no sign changes.
  const linear = Float64Array.from({ length: groups }, (_, g) => {
    let sum = 0;
    for (let m = 0; m < size; m++) {
      const sign = Math.sign(values[m] - weights[m]);
      sum += (0.5 * sign * grouped[g * size + m]) / members[g];
    }
    return sum;
  });
  const mean = linear.reduce((sum, value) => sum + value, 0) / groups;
  const spread = linear.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(spread / (groups - 1) / groups);
  return {
    masses: { values, errors, totalVariation: { value: variationOf(values, weights), standardError } },
  };
}
