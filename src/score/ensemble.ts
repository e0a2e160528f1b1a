import type { Precision } from "../data/mixture.js";
import { checkInteger } from "../core/check.js";
import { badArgument } from "../core/errors.js";
import { processPresets } from "../process/presets.js";
import type { Process } from "../process/process.js";
import { normalPair, streams, uniform } from "../numeric/random.js";
import { checkPlaces } from "./checkPlaces.js";
import type { RowFunction } from "../../bindings/job.js";
import { isExact } from "./exact.js";
import { RowField } from "./custom.js";
import type { Places, ScoreEnsemble, ScoreField, TimeRange } from "./field.js";
import { byRows, picked, realized, timeByTime } from "./rows.js";

/** An ensemble of given members. */
export interface MemberEnsemble<P extends Precision = Precision> extends ScoreEnsemble<P> {
  readonly members: readonly ScoreField<P>[];
}

/**
 * Any fields as an ensemble: their mean, their empirical covariance (divided by n - 1, so of rank n - 1), and draws that take one
 * of them. All have the same data and process.
 *
 * @example const V = await vKernel(ensemble([a, b, c])).at(x, 0.5);
 * @throws {VkernelError} E_SHAPE for fewer than two members; E_USAGE where data or processes differ
 */
export function ensemble<P extends Precision>(members: readonly ScoreField<P>[]): MemberEnsemble<P> {
  checkMembers(members);
  const { data, process } = members[0];
  const fitted = common(members);
  const average = new RowField<P>(data, process, meanScore(members), { trace: meanTrace(members), fitted });
  return {
    kind: "ensemble",
    data,
    process,
    members,
    average,
    fitted,
    async covariance(a: Places, b: Places = a) {
      const left = await deviationsAt(members, a, "a");
      return covarianceOf(left, b === a ? left : await deviationsAt(members, b, "b"), data.dim);
    },
    async variance(places: Places) {
      return varianceOf(await deviationsAt(members, places, "places"), data.dim);
    },
    async draw(seed: number) {
      checkInteger(seed, "seed", 0, Number.MAX_SAFE_INTEGER);
      return members[memberOf(seed, 0, members.length)] as ScoreField<P>;
    },
    async realizations({ kind, first, count, seed }) {
      return kind === "draws"
        ? drawnMembers(members, { first, count, seed })
        : gaussianMembers(members, { first, count, seed });
    },
  };
}

function checkMembers(members: readonly ScoreField[]): void {
  if (!Array.isArray(members)) throw badArgument("E_TYPE", "members", "an array of fields", members);
  if (members.length < 2) throw badArgument("E_SHAPE", "members", "at least two fields", members);
  members.forEach((member, i) => {
    if ((member as { kind?: unknown } | null)?.kind !== "field") {
      throw badArgument("E_TYPE", `members[${i}]`, "a field", member);
    }
  });
  const { data, process } = members[0];
  members.forEach((member, i) => {
    if (member.data !== data || !sameProcess(member.process, process)) {
      throw badArgument("E_USAGE", `members[${i}]`, "the data and the process of the first member", "others");
    }
  });
}

/** The mean of the members' scores. */
const meanScore = (members: readonly ScoreField[]): RowFunction =>
  byRows(async (x, time, _, signal) => {
    const sums = new Float64Array(x.length);
    for (const member of members) {
      const score = await eachOf(member, x, time, signal);
      for (let i = 0; i < sums.length; i++) sums[i] = sums[i] + score[i] / members.length;
    }
    return sums;
  });

/** What each member's score has beyond the mean, at places. */
interface Deviations {
  readonly rows: readonly Float64Array[];
  readonly count: number;
}

async function deviationsAt(
  members: readonly ScoreField[],
  places: Places,
  argument: string,
): Promise<Deviations> {
  const { data, process } = members[0];
  const { x, times, count } = checkPlaces(data, process, places, argument);
  const rows: Float64Array[] = [];
  for (const member of members) {
    rows.push(Float64Array.from((await member.evaluate(x, times, ["score"])).score));
  }
  for (let i = 0; i < x.length; i++) {
    let mean = 0;
    for (const row of rows) mean += row[i] / members.length;
    for (const row of rows) row[i] = row[i] - mean;
  }
  return { rows, count };
}

/** The covariance of every place with every other: `[left, right, dim, dim]`. */
function covarianceOf(left: Deviations, right: Deviations, dim: number): Float64Array<ArrayBuffer> {
  const n = left.rows.length;
  const out = new Float64Array(left.count * right.count * dim * dim);
  for (let r = 0; r < n; r++) {
    const u = left.rows[r];
    const v = right.rows[r];
    for (let p = 0; p < left.count; p++) {
      for (let q = 0; q < right.count; q++) {
        for (let i = 0; i < dim; i++) {
          const at = ((p * right.count + q) * dim + i) * dim;
          for (let j = 0; j < dim; j++) {
            out[at + j] = out[at + j] + (u[p * dim + i] * v[q * dim + j]) / (n - 1);
          }
        }
      }
    }
  }
  return out;
}

/** The covariance at every place: `[count, dim, dim]`. */
function varianceOf({ rows, count }: Deviations, dim: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(count * dim * dim);
  for (const u of rows) {
    for (let p = 0; p < count; p++) {
      for (let i = 0; i < dim; i++) {
        const at = (p * dim + i) * dim;
        for (let j = 0; j < dim; j++) {
          out[at + j] = out[at + j] + (u[p * dim + i] * u[p * dim + j]) / (rows.length - 1);
        }
      }
    }
  }
  return out;
}

/** Which realizations: `count` of them from `first` on. */
interface Wanted {
  readonly first: number;
  readonly count: number;
  readonly seed: number;
}

/** Realizations that take one member each. */
function drawnMembers(members: readonly ScoreField[], { first, count, seed }: Wanted) {
  const n = members.length;
  const { dim } = members[0].data;
  const chosen = Int32Array.from({ length: count }, (_, r) => memberOf(seed, first + r, n));
  return realized(async (x, time, realization) => {
    const rows = x.length / dim;
    const out = new Float64Array(x.length);
    // Rows of one member go together.
    for (let m = 0; m < n; m++) {
      const mine: number[] = [];
      for (let i = 0; i < rows; i++) if (chosen[realization(i)] === m) mine.push(i);
      if (mine.length === 0) continue;
      const score = await eachOf(members[m], picked(x, mine, dim), (k) => time(mine[k]));
      mine.forEach((i, k) => {
        out.set(score.subarray(k * dim, (k + 1) * dim), i * dim);
      });
    }
    return out;
  });
}

/** sum_r (s_r - mean) xi_r / sqrt(n - 1): Gaussian with the empirical covariance, one set of xi per realization. */
function gaussianMembers(members: readonly ScoreField[], { first, count, seed }: Wanted) {
  const n = members.length;
  const { dim } = members[0].data;
  const xi = new Float64Array(count * n);
  for (let r = 0; r < count; r++) {
    for (let m = 0; m < n; m += 2) {
      const [z0, z1] = normalPair(seed, first + r, 0, streams.redraw, m >> 1);
      xi[r * n + m] = z0;
      if (m + 1 < n) xi[r * n + m + 1] = z1;
    }
  }
  return realized(async (x, time, realization) => {
    const scores: Float64Array[] = [];
    for (const member of members) scores.push(await eachOf(member, x, time));
    const out = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) {
      let mean = 0;
      for (const score of scores) mean += score[i] / n;
      const r = realization(Math.floor(i / dim));
      let noise = 0;
      scores.forEach((score, m) => {
        noise += (score[i] - mean) * xi[r * n + m];
      });
      out[i] = mean + noise / Math.sqrt(n - 1);
    }
    return out;
  });
}

/** The mean of the members' traces, where all have one. */
function meanTrace(members: readonly ScoreField[]): RowFunction | undefined {
  const traces = members.map(traceRowsOf);
  if (traces.includes(undefined)) return undefined;
  const { dim } = members[0].data;
  return byRows(async (x, time, _, signal) => {
    const sums = new Float64Array(x.length / dim);
    for (const trace of traces as RowFunction[]) {
      const some = await tracesOf(trace, x, time, dim, signal);
      for (let i = 0; i < sums.length; i++) sums[i] = sums[i] + some[i] / members.length;
    }
    return sums;
  });
}

/** The times that all fitted members were fitted on. */
function common(members: readonly ScoreField[]): TimeRange | undefined {
  const ranges = members.flatMap(({ fitted }) => (fitted ? [fitted] : []));
  if (ranges.length === 0) return undefined;
  return {
    tMin: Math.max(...ranges.map(({ tMin }) => tMin)),
    tMax: Math.min(...ranges.map(({ tMax }) => tMax)),
  };
}

/** The trace of a score's derivative as `traceRows` has it, of the exact score from its divergence: -(div v + beta dim) / D. */
export function traceRowsOf(field: ScoreField): RowFunction | undefined {
  if (!isExact(field)) return field.traceRows;
  const { process, data } = field;
  return byRows(async (x, time, _, signal) => {
    const times = Float64Array.from({ length: x.length / data.dim }, (_, row) => time(row));
    const one = times.every((t) => t === times[0]);
    const { divergence } = await field.evaluate(
      x,
      one ? times[0] : times,
      ["divergence"],
      signal && { signal },
    );
    return Float64Array.from(divergence, (value, i) => {
      const [beta, diffusion] = [process.beta(times[i]), process.diffusion(times[i])];
      return -(value + beta * data.dim) / diffusion;
    });
  });
}

/** Whether two processes are one: the same object, or made by the same built-in maker with the same numbers. */
function sameProcess(a: Process, b: Process): boolean {
  if (a === b) return true;
  const plain = (process: Process): boolean =>
    process.matrices === undefined &&
    Object.values(processPresets).some(({ make }) => make().name === process.name);
  return (
    plain(a) && plain(b) && a.name === b.name && JSON.stringify(a.parameters) === JSON.stringify(b.parameters)
  );
}

const memberOf = (seed: number, realization: number, n: number): number =>
  Math.min(n - 1, Math.floor(n * uniform(seed, realization, 0, streams.redraw, 1)));

/** The score of rows by any field. */
export async function rowsOf(
  field: ScoreField,
  x: Float64Array,
  t: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  if (field.scoreRows) return field.scoreRows(x, t, 0, signal);
  return new Float64Array((await field.evaluate(x, t, ["score"], signal && { signal })).score);
}

/** The same of rows each at a time of its own: in one call, where the field takes that. */
export async function eachOf(
  field: ScoreField,
  x: Float64Array,
  time: (row: number) => number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { dim } = field.data;
  const times = Float64Array.from({ length: x.length / dim }, (_, row) => time(row));
  if (times.every((t) => t === times[0])) return rowsOf(field, x, times[0], signal);
  if (!field.scoreRows) {
    return new Float64Array((await field.evaluate(x, times, ["score"], signal && { signal })).score);
  }
  const { each } = field.scoreRows;
  return each
    ? each(x, times, new Int32Array(times.length), signal)
    : timeByTime(x, time, dim, dim, (some, t) => rowsOf(field, some, t, signal));
}

/** Traces of rows, each at a time of its own. */
async function tracesOf(
  trace: RowFunction,
  x: Float64Array,
  time: (row: number) => number,
  dim: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const times = Float64Array.from({ length: x.length / dim }, (_, row) => time(row));
  const { each } = trace;
  return each && !times.every((t) => t === times[0])
    ? each(x, times, new Int32Array(times.length), signal)
    : timeByTime(x, time, dim, 1, (some, t) => trace(some, t, 0, signal));
}
