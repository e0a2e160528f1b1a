import { isThenable } from "../../../bindings/host.js";
import type { CalledField, Slopes } from "../../../bindings/job.js";
import { dispatcher, type Op, OpCode, type OpHandlers, type OpOf } from "../../../bindings/ops.js";
import type { Mixture, Precision } from "../../data/mixture.js";
import { multiply } from "../../numeric/multiply.js";
import { brownianPath, categorical, fillNormals, uniform } from "../../numeric/random.js";
import { evaluatePoint, type ReferenceMixture } from "../../score/evaluate/plain.js";
import type { Framing } from "../framing.js";
import type { RunSpec } from "../spec.js";
import { type DormandPrinceEnd, dormandPrinceSteps } from "./dormandPrince.js";

/** Some particles, with all that a program knows of them. */
export interface Block {
  readonly first: number;
  readonly n: number;
  readonly registers: Float64Array[];
  readonly scalars: Float64Array[];
}

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

/** How operations of a run work on a block; a promise where they wait for the caller's function. */
export function plainOps<P extends Precision>(
  calledFields: readonly CalledField[],
  data: Mixture<P>,
  frames: Framing | undefined,
  run: RunSpec,
  trajectories?: Float32Array | Float64Array,
): (op: Op, block: Block) => Promise<void> | undefined {
  return dispatcher(new PlainOps(calledFields, data, frames, run, trajectories).handlers);
}

type Look = OpOf<"Score"> | OpOf<"Draw"> | OpOf<"Spread">;
/** The points seen from one particle, and its weights of them. */
interface Seen {
  readonly mixture: ReferenceMixture;
  readonly weights: Float64Array;
  readonly mean: Float64Array;
}

class PlainOps {
  readonly #calledFields: readonly CalledField[];
  readonly #data: Mixture;
  readonly #dim: number;
  readonly #frames: Framing | undefined;
  readonly #run: RunSpec;
  readonly #trajectories: Float32Array | Float64Array | undefined;
  /** The mixture, and the same with each of the other sets of points. */
  readonly #mixtures: readonly ReferenceMixture[];

  constructor(
    calledFields: readonly CalledField[],
    data: Mixture,
    frames: Framing | undefined,
    run: RunSpec,
    trajectories: Float32Array | Float64Array | undefined,
  ) {
    this.#calledFields = calledFields;
    this.#data = data;
    this.#dim = data.dim;
    this.#frames = frames;
    this.#run = run;
    this.#trajectories = trajectories;
    const { packed, dim } = data;
    const mixture = { points: packed.local, dim, weights: packed.weights, sigma0: 0 };
    this.#mixtures = [mixture, ...(frames?.pointSets ?? []).map((points) => ({ ...mixture, points }))];
  }

  readonly handlers: OpHandlers<Block, Promise<void> | undefined> = {
    Score: (op, block) =>
      this.#look(op, block, (p, { mixture, weights, mean }) => {
        if (op.trace >= 0) block.scalars[op.trace][p] = this.#traceOf(mixture, weights, mean);
      }),
    Draw: (op, block) => this.#look(op, block, (p, seen) => this.#draw(op, block, p, seen)),
    Spread: (op, block) => this.#look(op, block, (p, seen) => this.#spread(op, block, p, seen)),
    Normal: ({ out, step, stream }, { registers, n, first }) => {
      fillNormals(registers[out], this.#dim, n, this.#particle(first), this.#run.seed, step, stream);
      return undefined;
    },
    Supplied: ({ out, step }, { registers, n, first }) => {
      const at = (step * this.#run.count + first) * this.#dim;
      registers[out].set((this.#run.noise as Float64Array).subarray(at, at + n * this.#dim));
      return undefined;
    },
    Path: ({ out, t, s, exponent }, { registers, n, first }) => {
      const [dim, { seed }] = [this.#dim, this.#run];
      for (let p = 0; p < n; p++) {
        const upper = brownianPath(seed, this.#particle(first + p), dim, t, exponent);
        const lower = brownianPath(seed, this.#particle(first + p), dim, s, exponent);
        registers[out].set(
          upper.map((w, d) => (w - lower[d]) / Math.sqrt(t - s)),
          p * dim,
        );
      }
      return undefined;
    },
    Affine: ({ out, terms }, { registers }) => {
      const sums = new Float64Array(registers[out].length);
      for (const [source, factor] of terms) {
        const x = registers[source];
        for (let i = 0; i < sums.length; i++) sums[i] = sums[i] + factor * x[i];
      }
      registers[out].set(sums);
      return undefined;
    },
    Linear: ({ out, x, matrix }, { registers, n }) => {
      const dim = this.#dim;
      const table = this.#frames?.matrices[matrix] as Float64Array;
      for (let p = 0; p < n; p++) {
        registers[out].set(multiply(table, dim, registers[x].slice(p * dim, (p + 1) * dim)), p * dim);
      }
      return undefined;
    },
    Scalar: ({ out, constant, terms }, { scalars, n }) => {
      const sums = new Float64Array(n).fill(constant);
      for (const [source, factor] of terms) {
        const x = scalars[source];
        for (let i = 0; i < n; i++) sums[i] = sums[i] + factor * x[i];
      }
      scalars[out].set(sums);
      return undefined;
    },
    Adaptive: (op, block) => this.#adaptive(op, block, 0),
    Call: ({ x, out, t, field, trace }, { registers, scalars, first }) => {
      const called = this.#calledFields[field];
      const rows = registers[x].slice();
      const score = called.score(rows, t, this.#particle(first));
      const traces = called.trace && trace >= 0 ? called.trace(rows, t, this.#particle(first)) : undefined;
      const keep = (values: Float64Array, others: Float64Array | undefined): void => {
        registers[out].set(values);
        if (others) scalars[trace].set(others);
      };
      if (isThenable(score) || isThenable(traces)) {
        return Promise.all([score, traces]).then(([values, others]) => keep(values, others));
      }
      keep(score, traces);
      return undefined;
    },
    Fill: ({ out }, { registers, n }) => {
      for (let p = 0; p < n; p++) registers[out].set(this.#data.centre as Float64Array, p * this.#dim);
      return undefined;
    },
    Record: ({ x, slot }, { registers, first }) => {
      this.#trajectories?.set(registers[x], (slot * this.#run.count + first) * this.#dim);
      return undefined;
    },
  };

  /** The number that random numbers of a particle of the run are counted from. */
  #particle(p: number): number {
    return (this.#run.particle ?? 0) + p;
  }

  /** Puts down the weighted means seen from a register, and does what else there is to do with each particle. */
  #look(
    { x, mean, k, inverseAlpha, points }: Look,
    block: Block,
    then: (p: number, seen: Seen) => void,
  ): undefined {
    const dim = this.#dim;
    const mixture = this.#mixtures[points];
    const { registers, n } = block;
    for (let p = 0; p < n; p++) {
      const y = registers[x].slice(p * dim, (p + 1) * dim).map((value) => value * inverseAlpha);
      const { posteriorMean, posteriorWeights } = this.#posterior(mixture, y, k);
      registers[mean].set(posteriorMean, p * dim);
      then(p, { mixture, weights: posteriorWeights, mean: posteriorMean });
    }
    return undefined;
  }

  /** Weights at the level that k stands for: alpha 1 and variance log2(e) / (2 k), seen from x / alpha. */
  #posterior(mixture: ReferenceMixture, y: Float64Array, k: number) {
    const level = { alpha: 1, variance: Math.LOG2E / (2 * k), beta: 0, diffusion: 0 };
    return evaluatePoint(mixture, level, y, ["posteriorMean", "posteriorWeights"]);
  }

  #traceOf({ points }: ReferenceMixture, weights: Float64Array, mean: Float64Array): number {
    const dim = this.#dim;
    let sum = 0;
    for (let m = 0; m < weights.length; m++) {
      const w = weights[m];
      if (w === 0) continue;
      for (let d = 0; d < dim; d++) {
        const e = points[m * dim + d] - mean[d];
        sum += w * e * e;
      }
    }
    return sum;
  }

  #draw(op: OpOf<"Draw">, block: Block, p: number, { mixture, weights }: Seen): void {
    const dim = this.#dim;
    const out = block.registers[op.out].subarray(p * dim, (p + 1) * dim).fill(0);
    const particle = this.#particle(block.first + p);
    for (let r = 0; r < op.draws; r++) {
      const m = categorical(weights, uniform(this.#run.seed, particle, op.step, op.stream, r));
      for (let d = 0; d < dim; d++) out[d] = out[d] + mixture.points[m * dim + d] / op.draws;
    }
  }

  /** sum_m sqrt(w_m) (mu_m - mean) xi_m: the law of the kernels' noise, by other numbers. */
  #spread(op: OpOf<"Spread">, block: Block, p: number, { mixture, weights, mean }: Seen): void {
    const dim = this.#dim;
    const out = block.registers[op.out].subarray(p * dim, (p + 1) * dim).fill(0);
    const size = weights.length;
    const particle = this.#particle(block.first + p);
    const xi = fillNormals(new Float64Array(size), size, 1, particle, this.#run.seed, op.step, op.stream);
    for (let m = 0; m < size; m++) {
      const factor = Math.sqrt(weights[m]) * xi[m];
      for (let d = 0; d < dim; d++) {
        const e = mixture.points[m * dim + d] - mean[d];
        out[d] = out[d] + factor * e;
      }
    }
  }

  /**
   * Particles from `from` on, one after the other; the log likelihood goes along as one more coordinate, relative to what it
   * was.
   */
  #adaptive(op: OpOf<"Adaptive">, block: Block, from: number): Promise<void> | undefined {
    for (let p = from; p < block.n; p++) {
      const { work, keep } = this.#integration(op, block, p);
      const slope =
        op.field < 0
          ? (y: Float64Array, l: number) => this.#exactSlope(op, y, l)
          : (y: Float64Array, l: number) => this.#calledSlope(op, y, l, block.first + p);
      for (let next = work.next(); ; ) {
        if (next.done) {
          keep(next.value);
          break;
        }
        const first = slope(next.value.y, next.value.l);
        if (!isThenable(first)) {
          next = work.next(first);
          continue;
        }
        const rest = async (): Promise<void> => {
          let later = work.next(await first);
          while (!later.done) later = work.next(await slope(later.value.y, later.value.l));
          keep(later.value);
          await this.#adaptive(op, block, p + 1);
        };
        return rest();
      }
    }
    return undefined;
  }

  /** The steps of one particle, and what puts down where they end. */
  #integration(op: OpOf<"Adaptive">, { registers, scalars }: Block, p: number) {
    const dim = this.#dim;
    const x = registers[op.x].subarray(p * dim, (p + 1) * dim);
    const carried = op.logLikelihood >= 0 ? scalars[op.logLikelihood] : undefined;
    const state = new Float64Array(carried ? dim + 1 : dim);
    state.set(x);
    if (carried) state[dim] = carried[p];
    const [sizes, evaluations] = [scalars[op.size], scalars[op.evaluations]];
    const { from, to, rtol, atol } = op;
    return {
      work: dormandPrinceSteps(state, { from, to, rtol, atol, step: sizes[p] || 0.25, size: dim }),
      keep: (end: DormandPrinceEnd): void => {
        x.set(end.y.subarray(0, dim));
        if (carried) carried[p] = end.y[dim];
        sizes[p] = end.step;
        evaluations[p] = end.evaluations < 0 ? -1e300 : evaluations[p] + end.evaluations;
      },
    };
  }

  #exactSlope(op: OpOf<"Adaptive">, y: Float64Array, l: number): Float64Array {
    const dim = this.#dim;
    const mixture = this.#mixtures[0];
    const limit = this.#data.precision === "f32" ? 1e30 : 1e290;
    const square = 2 ** Math.max(-1000, Math.min(1000, 2 * l));
    const level = square + op.sigma0 * op.sigma0;
    const k = Math.min(limit, Math.max(1 / limit, Math.LOG2E / (2 * level)));
    const { posteriorMean, posteriorWeights } = this.#posterior(mixture, y.slice(0, dim), k);
    const factor = Math.LN2 * (square / level);
    const out = y.map((value, d) => factor * (value - posteriorMean[d]));
    if (op.logLikelihood >= 0) {
      out[dim] = -factor * (dim - this.#traceOf(mixture, posteriorWeights, posteriorMean) / level);
    }
    return out;
  }

  #calledSlope(
    op: OpOf<"Adaptive">,
    y: Float64Array,
    l: number,
    p: number,
  ): Float64Array | Promise<Float64Array> {
    const dim = this.#dim;
    const { slopes } = this.#calledFields[op.field];
    const particles = Int32Array.of(this.#particle(p));
    const result = slopes(y.slice(0, dim), Float64Array.of(l), particles, op.logLikelihood >= 0);
    const joined = ({ rows, logLikelihood }: Slopes): Float64Array => {
      const out = new Float64Array(y.length);
      out.set(rows);
      if (logLikelihood) out.set(logLikelihood, dim);
      return out;
    };
    return isThenable(result) ? Promise.resolve(result).then(joined) : joined(result);
  }
}
