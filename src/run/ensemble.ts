import type { Precision } from "../data/mixture.js";
import { aborted } from "../core/scheduler.js";
import { RowField } from "../score/custom.js";
import { eachOf } from "../score/ensemble.js";
import type { ScoreEnsemble, ScoreField } from "../score/field.js";
import { byRows, realized } from "../score/rows.js";
import { integrate } from "./integrate.js";
import type { RunResult, RunSpec } from "./spec.js";

/** Bytes of weights that realizations take at a time. */
const BATCH_BYTES = 2 ** 26;

/** What a run of an ensemble will take, before it runs. */
export interface EnsembleCost {
  /** How many realizations are drawn: fits, or Gaussian functions. */
  readonly realizations: number;
  /** How many numbers one realization takes; undefined where it is a member that exists already. */
  readonly numbers: number | undefined;
  /** About how many multiplications it takes to make all of them. */
  readonly operations: number | undefined;
}

/**
 * What sampling an ensemble costs beside its steps: one realization for every `particlesPerRealization` particles.
 *
 * @example ensembleCost(linear, { count: 10_000 }).realizations; // 10,000
 */
export function ensembleCost(
  ensemble: ScoreEnsemble,
  options: { count: number; particlesPerRealization?: number },
): EnsembleCost {
  const each = options.particlesPerRealization ?? 1;
  const realizations = Math.ceil(options.count / each);
  const { features, samples } = sizeOf(ensemble);
  const { dim } = ensemble.data;
  return {
    realizations,
    numbers: features === undefined ? undefined : features * dim,
    operations: features === undefined ? undefined : realizations * features * (samples ?? 0) * dim,
  };
}

function sizeOf(ensemble: ScoreEnsemble): { features?: number; samples?: number } {
  const { features, samples } = ensemble as { features?: number; samples?: { t: Float64Array } };
  return { ...(features !== undefined && { features }), ...(samples && { samples: samples.t.length }) };
}

/** Runs an ensemble: particles in batches of realizations, each batch a run of its own with its particles' numbers. */
export async function integrateEnsemble<P extends Precision>(
  ensemble: ScoreEnsemble<P>,
  run: RunSpec,
  each: number,
): Promise<RunResult<P>> {
  const { data } = ensemble;
  const { count, recorded, signal, onProgress } = run;
  const { dim } = data;
  const batch = realizationsAtOnce(ensemble);
  const realizations = Math.ceil(count / each);
  const samples = data.array(count * dim);
  const trajectories = recorded.length > 0 ? data.array(recorded.length * count * dim) : undefined;
  let evaluations = 0;
  for (let first = 0; first < realizations; first += batch) {
    if (signal?.aborted) throw aborted(signal);
    const some = Math.min(batch, realizations - first);
    const start = first * each;
    const part = Math.min(some * each, count - start);
    const field = await realize(ensemble, { first, count: some, each, seed: run.seed, signal });
    const result = await integrate(field, {
      ...run,
      count: part,
      particle: start,
      ...(typeof run.initial !== "string" && {
        initial: run.initial.subarray(start * dim, (start + part) * dim),
      }),
      ...(typeof run.noise !== "string" && { noise: slices(run.noise, run, start, part, dim) }),
      onProgress:
        onProgress &&
        (({ done, total }) => onProgress({ done: start + Math.floor((part * done) / total), total: count })),
    });
    samples.set(result.samples, start * dim);
    for (let slot = 0; trajectories && slot < recorded.length; slot++) {
      const rowsOfSlot = (result.trajectories as Float64Array).subarray(
        slot * part * dim,
        (slot + 1) * part * dim,
      );
      trajectories.set(rowsOfSlot, (slot * count + start) * dim);
    }
    evaluations = result.evaluations;
  }
  return { samples, states: samples, trajectories, evaluations, logLikelihood: undefined };
}

/** How many realizations of an ensemble are held at a time. */
export function realizationsAtOnce(ensemble: ScoreEnsemble): number {
  const numbers = ensembleCost(ensemble, { count: 1 }).numbers ?? 1;
  return Math.max(1, Math.floor(BATCH_BYTES / (8 * numbers)));
}

/** Realizations `first` ... first + count - 1 of a seed as one field: particle p has the score of realization p / each. */
export async function realize<P extends Precision>(
  ensemble: ScoreEnsemble<P>,
  options: {
    readonly first: number;
    readonly count: number;
    readonly each: number;
    readonly seed: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<ScoreField<P>> {
  const { first, count, each, seed, signal } = options;
  const rows = ensemble.realizations
    ? await ensemble.realizations({ kind: "draws", first, count, seed, signal })
    : await byDraws(ensemble, first, count, seed);
  const of = (particle: number): number => Math.floor(particle / each) - first;
  const together = rows.each;
  return new RowField(
    ensemble.data,
    ensemble.process,
    together
      ? byRows((x, time, particle) => together(x, time, (row) => of(particle(row))))
      : (x, t, particle) => rows(x, t, (row) => of(particle + row)),
  );
}

async function byDraws(ensemble: ScoreEnsemble, first: number, count: number, seed: number) {
  const fields: ScoreField[] = [];
  for (let r = 0; r < count; r++) fields.push(await ensemble.draw(seed + first + r));
  const { dim } = ensemble.data;
  return realized(async (x, time, realization) => {
    const out = new Float64Array(x.length);
    const rows = x.length / dim;
    for (let i = 0; i < rows; ) {
      // Rows of one realization stand together.
      const r = realization(i);
      let end = i + 1;
      while (end < rows && realization(end) === r) end++;
      const field = fields[r];
      const start = i;
      out.set(await eachOf(field, x.slice(i * dim, end * dim), (row) => time(start + row)), i * dim);
      i = end;
    }
    return out;
  });
}

/** The part of supplied noise that belongs to some particles. */
function slices(
  noise: Float32Array | Float64Array,
  run: RunSpec,
  start: number,
  part: number,
  dim: number,
): Float64Array {
  const steps = run.times.length - 1;
  const out = new Float64Array(steps * part * dim);
  for (let i = 0; i < steps; i++) {
    const at = (i * run.count + start) * dim;
    out.set(noise.subarray(at, at + part * dim), i * part * dim);
  }
  return out;
}
