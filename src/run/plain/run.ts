import { isThenable } from "../../../bindings/host.js";
import {
  type CalledField,
  type Op,
  OpCode,
  SCALAR_OUTPUTS,
  Scalar,
  type Slopes,
} from "../../../bindings/job.js";
import { PIECE, TimeSlices } from "../../core/scheduler.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import { type DormandPrinceEnd, dormandPrinceSteps } from "./dormandPrince.js";
import { multiply } from "../../numeric/linear.js";
import { evaluatePoint, type ReferenceMixture } from "../../score/evaluate/plain.js";
import { categorical, brownianPath, fillNormals, uniform } from "../../numeric/random.js";
import type { ScoreField, StepEstimator } from "../../score/field.js";
import type { Framing } from "../framing.js";
import type { ProgramBuilder } from "../programBuilder.js";
import type { RunSpec, RunOutput } from "../spec.js";
import { calledFieldsOf } from "../calledFields.js";

/** Units of work of an operation on one particle. */
export function opWork({ size, dim }: Mixture, op: Op): number {
  const seen = size * (4 * dim + 20);
  switch (op.code) {
    case OpCode.Score:
    case OpCode.Spread:
      return seen;
    case OpCode.Draw:
      return seen + op.draws * size;
    case OpCode.Adaptive:
      return 40 * seen;
    case OpCode.Path:
      return 4000 * dim;
    case OpCode.Linear:
      return dim * dim;
    default:
      return 20 * dim;
  }
}

/** Particles that go together: as many as make a piece of work, at most. */
export function batchOf({ size, dim }: Mixture): number {
  return Math.max(1, Math.min(64, Math.floor(PIECE / (size * (4 * dim + 20)))));
}

/** Runs a program without Wasm: the same operations on plain float64 arrays, by the reference's functions. */
export async function runPlainly<P extends Precision>(
  field: ScoreField<P> | StepEstimator<P>,
  data: Mixture<P>,
  program: ProgramBuilder,
  frames: Framing | undefined,
  run: RunSpec,
): Promise<RunOutput<P>> {
  const { dim } = data;
  const { count, signal, onProgress } = run;
  const recorded = run.recorded.length;
  const samples = data.array(count * dim);
  const trajectories = recorded > 0 ? data.array(recorded * count * dim) : undefined;
  const outputs = new Float64Array(SCALAR_OUTPUTS * count);
  const runOp = referenceOps((await calledFieldsOf(field))(signal), data, frames, run, trajectories);
  const total = count * program.ops.length;
  const slices = new TimeSlices(signal, () => data.check());
  const batch = batchOf(data);
  for (let first = 0; first < count; first += batch) {
    const block = startBlock(data, program, run, first);
    const { n } = block;
    for (let i = 0; i < program.ops.length; i++) {
      const op = program.ops.at(i) as Op;
      const later = runOp(op, block);
      if (later) await later;
      const wait = slices.spend(n * opWork(data, op));
      if (!wait) continue;
      await wait;
      if (onProgress)
        slices.report(() => onProgress({ done: first * program.ops.length + n * (i + 1), total }));
    }
    samples.set(block.registers[0], first * dim);
    for (let r = 0; r < SCALAR_OUTPUTS; r++) outputs.set(block.scalars[r], r * count + first);
  }
  if (onProgress) slices.report(() => onProgress({ done: total, total }));
  await slices.settle();
  return { samples, trajectories, outputs };
}

/** Some particles, with all that a program knows of them. */
export interface Block {
  readonly first: number;
  readonly n: number;
  readonly registers: Float64Array[];
  readonly scalars: Float64Array[];
}

/** The particles from `first` on, as many as go together, before a program begins. */
export function startBlock(
  data: Mixture,
  program: ProgramBuilder,
  { initial, count }: Pick<RunSpec, "initial" | "count">,
  first: number,
): Block {
  const { dim } = data;
  const n = Math.min(batchOf(data), count - first);
  const registers = Array.from({ length: program.registers }, () => new Float64Array(n * dim));
  if (typeof initial !== "string") {
    // In the precision of the run, as everything that is given.
    const rows = data.array(n * dim);
    rows.set(initial.subarray(first * dim, (first + n) * dim));
    (registers[0] as Float64Array).set(rows);
  }
  const scalars = Array.from({ length: program.scalars }, () => new Float64Array(n));
  return { first, n, registers, scalars };
}

/** How operations of a run work on a block; a promise where they wait for the caller's function. */
export function referenceOps<P extends Precision>(
  calledFields: readonly CalledField[],
  data: Mixture<P>,
  frames: Framing | undefined,
  run: RunSpec,
  trajectories?: Float32Array | Float64Array,
): (op: Op, block: Block) => Promise<void> | undefined {
  const { dim, packed } = data;
  const { count } = run;
  const start = run.particle ?? 0;
  const mixture = { points: packed.local, dim, weights: packed.weights, sigma0: 0 };
  const mixtures = [mixture, ...(frames?.pointSets ?? []).map((points) => ({ ...mixture, points }))];
  return runOp;

  function runOp(op: Op, { first, n, registers, scalars }: Block): Promise<void> | undefined {
    const register = (r: number): Float64Array => registers[r];
    const scalar = (r: number): Float64Array => scalars[r];
    switch (op.code) {
      case OpCode.Score:
      case OpCode.Draw:
      case OpCode.Spread: {
        const seen = mixtures[op.points] as ReferenceMixture;
        const x = register(op.x);
        for (let p = 0; p < n; p++) {
          const y = x.slice(p * dim, (p + 1) * dim).map((value) => value * op.inverseAlpha);
          const { posteriorMean, posteriorWeights } = look(seen, y, op.k);
          register(op.mean).set(posteriorMean, p * dim);
          if (op.code === OpCode.Score) {
            if (op.trace >= 0) scalar(op.trace)[p] = traceOf(seen, posteriorWeights, posteriorMean);
            continue;
          }
          const out = register(op.out)
            .subarray(p * dim, (p + 1) * dim)
            .fill(0);
          const particle = start + first + p;
          if (op.code === OpCode.Spread) spread(out, seen, posteriorWeights, posteriorMean, particle, op);
          else {
            for (let r = 0; r < op.draws; r++) {
              const m = categorical(posteriorWeights, uniform(run.seed, particle, op.step, op.stream, r));
              for (let d = 0; d < dim; d++) {
                out[d] = out[d] + seen.points[m * dim + d] / op.draws;
              }
            }
          }
        }
        break;
      }
      case OpCode.Normal:
        fillNormals(register(op.out), dim, n, start + first, run.seed, op.step, op.stream);
        break;
      case OpCode.Supplied: {
        const at = (op.step * count + first) * dim;
        register(op.out).set((run.noise as Float64Array).subarray(at, at + n * dim));
        break;
      }
      case OpCode.Path:
        for (let p = 0; p < n; p++) {
          const [upper, lower] = [op.t, op.s].map((t) =>
            brownianPath(run.seed, start + first + p, dim, t, op.exponent),
          ) as [Float64Array, Float64Array];
          const increment = upper.map((w, d) => (w - lower[d]) / Math.sqrt(op.t - op.s));
          register(op.out).set(increment, p * dim);
        }
        break;
      case OpCode.Affine: {
        const sums = new Float64Array(n * dim);
        for (const [source, factor] of op.terms) {
          const x = register(source);
          for (let i = 0; i < sums.length; i++) sums[i] = sums[i] + factor * x[i];
        }
        register(op.out).set(sums);
        break;
      }
      case OpCode.Linear: {
        const matrix = frames?.matrices[op.matrix] as Float64Array;
        for (let p = 0; p < n; p++) {
          register(op.out).set(multiply(matrix, dim, register(op.x).slice(p * dim, (p + 1) * dim)), p * dim);
        }
        break;
      }
      case OpCode.Scalar: {
        const sums = new Float64Array(n).fill(op.constant);
        for (const [source, factor] of op.terms) {
          const x = scalar(source);
          for (let i = 0; i < n; i++) sums[i] = sums[i] + factor * x[i];
        }
        scalar(op.out).set(sums);
        break;
      }
      case OpCode.Adaptive:
        return adaptive(op, register(op.x), { first: start + first, n, scalars }, 0);
      case OpCode.Call: {
        const { score, trace } = calledFields[op.index];
        const x = register(op.x).slice();
        const result = score(x, op.t, start + first);
        const traces = trace && op.trace >= 0 ? trace(x, op.t, start + first) : undefined;
        const keep = (values: Float64Array, others: Float64Array | undefined): void => {
          register(op.out).set(values);
          if (others) scalar(op.trace).set(others);
        };
        if (isThenable(result) || isThenable(traces)) {
          return Promise.all([result, traces]).then(([values, others]) => keep(values, others));
        }
        keep(result, traces);
        break;
      }
      case OpCode.Fill:
        for (let p = 0; p < n; p++) register(op.out).set(data.centre as Float64Array, p * dim);
        break;
      case OpCode.Record:
        trajectories?.set(register(op.x), (op.slot * count + first) * dim);
        break;
    }
    return undefined;
  }

  /** Weights at the level that k stands for: alpha 1 and variance log2(e) / (2 k), seen from x / alpha. */
  function look(seen: ReferenceMixture, y: Float64Array, k: number) {
    const level = { alpha: 1, variance: Math.LOG2E / (2 * k), beta: 0, diffusion: 0 };
    return evaluatePoint(seen, level, y, ["posteriorMean", "posteriorWeights"]);
  }

  function traceOf(seen: ReferenceMixture, weights: Float64Array, mean: Float64Array): number {
    let sum = 0;
    for (let m = 0; m < weights.length; m++) {
      const w = weights[m];
      if (w === 0) continue;
      for (let d = 0; d < dim; d++) {
        const e = seen.points[m * dim + d] - mean[d];
        sum += w * e * e;
      }
    }
    return sum;
  }

  /** sum_m sqrt(w_m) (mu_m - mean) xi_m: the law of the kernels' noise, by other numbers. */
  function spread(
    out: Float64Array,
    seen: ReferenceMixture,
    weights: Float64Array,
    mean: Float64Array,
    particle: number,
    { step, stream }: { step: number; stream: number },
  ): void {
    const size = weights.length;
    const xi = fillNormals(new Float64Array(size), size, 1, particle, run.seed, step, stream);
    for (let m = 0; m < size; m++) {
      const factor = Math.sqrt(weights[m]) * xi[m];
      for (let d = 0; d < dim; d++) {
        const e = seen.points[m * dim + d] - mean[d];
        out[d] = out[d] + factor * e;
      }
    }
  }

  /** Particles from p on, one after the other; the log density goes along as one more coordinate, relative to what it was. */
  function adaptive(
    op: Extract<Op, { code: typeof OpCode.Adaptive }>,
    x: Float64Array,
    block: Pick<Block, "first" | "n" | "scalars">,
    from: number,
  ): Promise<void> | undefined {
    const { first, n, scalars } = block;
    const [density, evaluations] = [Scalar.LogDensity, Scalar.Evaluations].map((r) => scalars[r]) as [
      Float64Array,
      Float64Array,
    ];
    const size = scalars[op.size];
    const limit = data.precision === "f32" ? 1e30 : 1e290;
    const slope = (y: Float64Array, l: number): Float64Array => {
      const square = 2 ** Math.max(-1000, Math.min(1000, 2 * l));
      const level = square + op.sigma0 * op.sigma0;
      const k = Math.min(limit, Math.max(1 / limit, Math.LOG2E / (2 * level)));
      const { posteriorMean, posteriorWeights } = look(mixture, y.slice(0, dim), k);
      const factor = Math.LN2 * (square / level);
      const out = y.map((value, d) => factor * (value - posteriorMean[d]));
      if (op.density) {
        out[dim] = -factor * (dim - traceOf(mixture, posteriorWeights, posteriorMean) / level);
      }
      return out;
    };
    const called = (y: Float64Array, l: number, p: number): Float64Array | Promise<Float64Array> => {
      const { slopes } = calledFields[op.index];
      const result = slopes(y.slice(0, dim), Float64Array.of(l), Int32Array.of(first + p), op.density === 1);
      const joined = ({ rows, density: change }: Slopes): Float64Array => {
        const out = new Float64Array(y.length);
        out.set(rows);
        if (change) out.set(change, dim);
        return out;
      };
      return isThenable(result) ? Promise.resolve(result).then(joined) : joined(result);
    };
    for (let p = from; p < n; p++) {
      const state = new Float64Array(dim + op.density);
      state.set(x.subarray(p * dim, (p + 1) * dim));
      if (op.density) state[dim] = density[p];
      const step = size[p] || 0.25;
      const { from, to, rtol, atol } = op;
      const work = dormandPrinceSteps(state, { from, to, rtol, atol, step, size: dim });
      const keep = (end: DormandPrinceEnd): void => {
        x.set(end.y.subarray(0, dim), p * dim);
        if (op.density) density[p] = end.y[dim];
        size[p] = end.step;
        evaluations[p] = end.evaluations < 0 ? -1e300 : evaluations[p] + end.evaluations;
      };
      for (let next = work.next(); ; ) {
        if (next.done) {
          keep(next.value);
          break;
        }
        const { y, l } = next.value;
        const result = op.index < 0 ? slope(y, l) : called(y, l, p);
        if (isThenable(result)) {
          const rest = async (): Promise<void> => {
            let later = work.next(await result);
            while (!later.done) later = work.next(await called(later.value.y, later.value.l, p));
            keep(later.value);
            await adaptive(op, x, block, p + 1);
          };
          return rest();
        }
        next = work.next(result);
      }
    }
    return undefined;
  }
}
