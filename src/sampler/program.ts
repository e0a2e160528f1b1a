import { type Op, OpCode, type Register } from "../../bindings/job.js";
import type { Precision } from "../data/mixture.js";
import type { Process } from "../process/process.js";
import { streams } from "../reference/random.js";
import { kernelScale, type Level, levelOf } from "../score/level.js";

/** How the score of a run is drawn at a step: exactly, or by an estimator's randomness. */
export type Randomness = { readonly draws: number } | { readonly kappa: number } | undefined;

/** A step number of its own for the draw of the start, beyond every step of a grid. */
const INITIAL_STEP = 0xffffffff;

/** One term of a step: a factor times a register. */
export type Term = readonly [Register, number];

/**
 * Writes the program of a run: the operations that each block of particles goes through. Samplers see the
 * state in register 0 and add operations; all numbers are computed here, in float64, once.
 */
export class Program {
  readonly ops: Op[] = [];
  readonly process: Process;
  readonly sigma0: number;
  readonly randomness: Randomness;
  /** Evaluations of the score a particle. */
  evaluations = 0;
  /** The most draws that an operation makes. */
  draws = 0;
  /** The number of the step being written. */
  step = 0;
  readonly #precision: Precision;
  #registers = 1;
  readonly #names = new Map<string, Register>();
  readonly #levels = new Map<number, Level>();

  constructor(options: { process: Process; sigma0: number; precision: Precision; randomness: Randomness }) {
    this.process = options.process;
    this.sigma0 = options.sigma0;
    this.randomness = options.randomness;
    this.#precision = options.precision;
  }

  /** The state of a particle. */
  readonly state: Register = 0;

  get registers(): number {
    return this.#registers;
  }

  /** A scratch register by name; the same name gives the same register. */
  register(name: string): Register {
    let register = this.#names.get(name);
    if (register === undefined) {
      register = this.#registers++;
      this.#names.set(name, register);
    }
    return register;
  }

  level(t: number): Level {
    let level = this.#levels.get(t);
    if (level === undefined) {
      level = levelOf(this.process, t, this.sigma0);
      this.#levels.set(t, level);
    }
    return level;
  }

  /** The weighted mean of the training points seen from x at time t. */
  mean(x: Register, t: number, name = "mean"): Register {
    const mean = this.register(name);
    const level = this.level(t);
    this.evaluations++;
    this.ops.push({
      code: OpCode.Score,
      x,
      mean,
      k: kernelScale(level, this.#precision),
      inverseAlpha: 1 / level.alpha,
    });
    return mean;
  }

  /** The weighted mean, and the average of `draws` training points drawn from the posterior. */
  draw(x: Register, t: number, draws: number): { mean: Register; point: Register } {
    const mean = this.register("mean");
    const point = this.register("point");
    const level = this.level(t);
    this.evaluations++;
    this.draws = Math.max(this.draws, draws);
    this.ops.push({
      code: OpCode.Draw,
      x,
      mean,
      out: point,
      k: kernelScale(level, this.#precision),
      inverseAlpha: 1 / level.alpha,
      draws,
      step: this.step,
      stream: streams.draw,
    });
    return { mean, point };
  }

  /**
   * The terms of `factor` times an average of posterior draws of x_0, given the drawn points: with sigma0 > 0 a draw
   * is (S / V) mu + (alpha sigma0^2 / V) x + sqrt(sigma0^2 S / V) xi.
   */
  drawTerms(factor: number, x: Register, point: Register, t: number, draws: number): Term[] {
    const { alpha, variance, total } = this.level(t);
    if (this.sigma0 === 0) return [[point, factor]];
    const square = this.sigma0 * this.sigma0;
    const noise = this.normal("component", streams.component);
    return [
      [point, (factor * variance) / total],
      [x, (factor * alpha * square) / total],
      [noise, factor * Math.sqrt((square * (variance / total)) / draws)],
    ];
  }

  /** Fresh standard normals. */
  normal(name = "noise", stream: number = streams.noise, step = this.step): Register {
    const out = this.register(name);
    this.ops.push({ code: OpCode.Normal, out, step, stream });
    return out;
  }

  /** out <- sum of the terms; terms of one register are added up, those of factor 0 dropped. */
  affine(out: Register, terms: readonly Term[]): void {
    const sums = new Map<Register, number>();
    for (const [register, factor] of terms) sums.set(register, (sums.get(register) ?? 0) + factor);
    const list: [Register, number][] = [...sums].filter(([, factor]) => factor !== 0);
    if (list.length === 0) list.push([out, 0]);
    // The first four terms, then three more at a time onto what there is. A target among later terms is read first.
    list.sort((a, b) => Number(b[0] === out) - Number(a[0] === out));
    this.ops.push({ code: OpCode.Affine, out, terms: list.slice(0, 4) });
    for (let i = 4; i < list.length; i += 3) {
      this.ops.push({ code: OpCode.Affine, out, terms: [[out, 1], ...list.slice(i, i + 3)] });
    }
  }

  /**
   * `drift` times D s-hat as terms in x, the mean and the draws, with s-hat exact or drawn by the estimator; `dt` is
   * the step. For kappa the noise sqrt(kappa dt) drift D (s~ - s) is added to dt drift D s.
   */
  scoreTerms(x: Register, t: number, dt: number, drift: number): Term[] {
    const { alpha, variance, total, diffusion } = this.level(t);
    const { randomness } = this;
    if (randomness === undefined) {
      const mean = this.mean(x, t);
      const size = (dt * drift * diffusion) / total;
      return [
        [x, -size],
        [mean, size * alpha],
      ];
    }
    if ("draws" in randomness) {
      const { point } = this.draw(x, t, randomness.draws);
      const size = (dt * drift * diffusion) / variance;
      return [[x, -size], ...this.drawTerms(size * alpha, x, point, t, randomness.draws)];
    }
    const { mean, point } = this.draw(x, t, 1);
    const size = (dt * drift * diffusion) / total;
    const noise = (Math.sqrt(randomness.kappa * dt) * drift * diffusion) / variance;
    // s~ - s = (alpha x_0 - x) / S - (alpha mean - x) / V
    return [
      [x, -size],
      [mean, size * alpha],
      ...this.drawTerms(noise * alpha, x, point, t, 1),
      [mean, (-noise * alpha * variance) / total],
      [x, (-noise * alpha * alpha * this.sigma0 * this.sigma0) / total],
    ];
  }

  /** Replaces the state by its posterior mean: the step to 0 of every sampler. */
  posteriorMean(t: number): void {
    const { alpha, variance, total } = this.level(t);
    const mean = this.mean(this.state, t);
    this.affine(this.state, [
      [mean, variance / total],
      [this.state, (alpha * this.sigma0 * this.sigma0) / total],
    ]);
  }

  /** The state of the start, at the largest time. */
  start(initial: "noise" | "normal" | "marginal", t: number): void {
    const { alpha, variance, total } = this.level(t);
    if (initial !== "marginal") {
      const noise = this.normal("noise", streams.initial, INITIAL_STEP);
      this.affine(this.state, [[noise, initial === "noise" ? Math.sqrt(variance) : 1]]);
      return;
    }
    // At an infinite noise level the posterior is the law of the data: k as small as the kernels take.
    const point = this.register("point");
    this.draws = Math.max(this.draws, 1);
    this.ops.push({
      code: OpCode.Draw,
      x: this.state,
      mean: this.register("mean"),
      out: point,
      k: this.#precision === "f32" ? 1e-30 : 1e-290,
      inverseAlpha: 1,
      draws: 1,
      step: INITIAL_STEP,
      stream: streams.draw,
    });
    const noise = this.normal("noise", streams.initial, INITIAL_STEP);
    this.affine(this.state, [
      [point, alpha],
      [noise, Math.sqrt(total)],
    ]);
  }

  record(slot: number): void {
    this.ops.push({ code: OpCode.Record, x: this.state, slot });
  }
}
