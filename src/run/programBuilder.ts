import { OpList } from "../../bindings/opList.js";
import { MAX_TERMS, OpCode, type OpTerm, type Register, SCALAR_OUTPUTS, Scalar } from "../../bindings/ops.js";
import { VkernelError } from "../core/errors.js";
import type { Precision } from "../data/mixture.js";
import { log, log2 } from "../numeric/elementary.js";
import { bridge } from "../process/bridge.js";
import type { Process } from "../process/process.js";
import { streams } from "../numeric/streams.js";
import { noiseSize, type Randomness } from "../score/randomness.js";
import { kernelScale, type Level, levelOf } from "../score/level.js";
import { type Capability, abilities } from "../sampler/abilities.js";
import type { Predicted, Slope, Term } from "../sampler/program.js";
import type { FramedWriter, Framing, OpenProgram } from "./framing.js";

/** A step number of its own for the draw of the start, beyond every step of a grid. */
const INITIAL_STEP = 0xffffffff;

/** Octaves of a Brownian path that stand for all below its least time: what they leave out is 2^-30 of the increment. */
const OCTAVES = 60;
/** That of the least normal number. */
const LEAST_EXPONENT = -1022;

/** Levels that are kept. */
const LEVELS = 1024;

/** A sampler asked a field for what it cannot give, and had not said so. */
function unserved(capability: Capability): VkernelError {
  const { what, reason, way } = abilities[capability];
  const expected = `one that says in "needs" that it asks for a score that ${what} (${way})`;
  return new VkernelError("E_USAGE", { argument: "sampler", expected, got: `one that does not: ${reason}` });
}

/** A sampler that says that it takes any covariance asked for what does not. */
function framed(what: string): VkernelError {
  return new VkernelError("E_UNSUPPORTED", {
    argument: "sampler",
    expected:
      "what matrices give (slopes, predictions, draws, bridges, Langevin steps) where noise has a direction",
    got: `one that asks for ${what}`,
  });
}

export interface ProgramOptions {
  readonly process: Process;
  readonly dim: number;
  readonly sigma0: number;
  readonly precision: Precision;
  readonly randomness?: Randomness | undefined;
  /** The number of steps of the grid. */
  readonly steps: number;
  /** Where the increments of a step come from: fresh, of a Brownian path, or supplied. */
  readonly noise?: "independent" | "shared" | "supplied" | undefined;
  /** 2^exponent is at most the least time above 0. */
  readonly exponent?: number | undefined;
  /** Whether log densities are carried along. */
  readonly logLikelihood?: boolean | undefined;
  /** Whether the score is a function of rows (operation `Call` 0) in place of the exact one. */
  readonly called?: boolean | undefined;
  /** For noise whose covariance is no number: the coordinates in which it is, at each time. */
  readonly frames?: Framing | undefined;
  /** Whether the data has a centre, so that states are x less a multiple of it. */
  readonly far?: boolean | undefined;
}

/** How much of the data's centre has been taken from a register, and what rounding may have put to that number. */
interface Shift {
  readonly by: number;
  readonly slack: number;
}
const NO_SHIFT: Shift = { by: 0, slack: 0 };
/** Rounding of a term and of its sum. */
const ROUNDING = 2 ** -51;

/**
 * Writes the program of a run: the operations that each block of particles goes through. Samplers see the
 * state in register 0 and add operations; all numbers are computed here, in float64, once.
 */
export class ProgramBuilder implements OpenProgram {
  readonly ops = new OpList();
  readonly process: Process;
  readonly sigma0: number;
  readonly steps: number;
  /** Evaluations of the score per particle, as far as they are known before the run. */
  evaluations = 0;
  /** The number of the step being written, its ends, and the start of the step before (undefined in the first). */
  step = 0;
  t = 0;
  s = 0;
  previous: number | undefined;
  readonly #options: ProgramOptions;
  #registers = 1;
  #scalars = SCALAR_OUTPUTS;
  readonly #names = new Map<string, Register>();
  readonly #scalarNames = new Map<string, number>();
  readonly #levels = new Map<number, Level>();
  readonly #shifts = new Map<Register, Shift>();
  /** What steps are written by where noise has a matrix of its own. */
  readonly #framed: FramedWriter | undefined;

  constructor(options: ProgramOptions) {
    this.process = options.process;
    this.sigma0 = options.sigma0;
    this.steps = options.steps;
    this.#options = options;
    this.#framed = options.frames?.steps(this, options);
  }

  /** The state of a particle. */
  readonly state: Register = 0;

  get registers(): number {
    return this.#registers;
  }

  get scalars(): number {
    return this.#scalars;
  }

  /** How much of the data's centre has been taken from the state: x is the state and that many centres. */
  get shift(): number {
    return this.#shiftOf(this.state).by;
  }

  #shiftOf(register: Register): Shift {
    return this.#shifts.get(register) ?? NO_SHIFT;
  }

  shifted(register: Register, by: number, slack = 0): void {
    this.#shifts.set(register, { by, slack });
  }

  /** The states of the start are given, at time t: less alpha_t centres. */
  startFrom(t: number): void {
    if (this.#options.far) this.shifted(this.state, this.level(t).alpha);
  }

  /** Makes x one less `count` centres. What is rounding alone is none. */
  settle(x: Register, count: number): void {
    if (!this.#options.far) return;
    const { by, slack } = this.#shiftOf(x);
    const rest = by - count;
    if (Math.abs(rest) > slack) {
      const centre = this.register("centre");
      this.ops.push({ code: OpCode.Fill, out: centre, row: 0 });
      this.#push(x, [
        [x, 1],
        [centre, rest],
      ]);
    }
    this.shifted(x, count);
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

  #scalar(name: string): number {
    let scalar = this.#scalarNames.get(name);
    if (scalar === undefined) {
      scalar = this.#scalars++;
      this.#scalarNames.set(name, scalar);
    }
    return scalar;
  }

  level(t: number): Level {
    let level = this.#levels.get(t);
    if (level === undefined) {
      level = levelOf(this.process, t, this.sigma0);
      // Those of a step and the one before, not of all steps of a long grid.
      if (this.#levels.size >= LEVELS) this.#levels.clear();
      this.#levels.set(t, level);
    }
    return level;
  }

  #seen(x: Register, t: number, name: string) {
    this.settle(x, this.level(t).alpha);
    const mean = this.register(name);
    this.shifted(mean, 1);
    const level = this.level(t);
    this.evaluations++;
    return {
      x,
      mean,
      k: kernelScale(level, this.#options.precision),
      inverseAlpha: 1 / level.alpha,
      points: 0,
    };
  }

  /** The weighted mean of the training points seen from x at time t, and the trace of their covariance on request. */
  #mean(x: Register, t: number, name: string, trace = -1): Register {
    const seen = this.#seen(x, t, name);
    this.ops.push({ code: OpCode.Score, ...seen, trace });
    return seen.mean;
  }

  /** `factor` times the average of `draws` draws of x_0 from its law given x. */
  draw(factor: number, x: Register, t: number, draws: number): Term[] {
    const { called, randomness } = this.#options;
    if (called || randomness) throw unserved("posteriorDraws");
    return this.#drawn(factor, x, t, draws);
  }

  #drawn(factor: number, x: Register, t: number, draws: number): Term[] {
    if (this.#framed) return this.#framed.drawn(factor, x, t, draws);
    return this.#drawTerms(factor, x, this.#draw(x, t, draws).point, t, draws);
  }

  #draw(x: Register, t: number, draws: number): { mean: Register; point: Register } {
    const seen = this.#seen(x, t, "mean");
    const point = this.register("point");
    this.shifted(point, 1);
    this.ops.push({ code: OpCode.Draw, ...seen, out: point, draws, step: this.step, stream: streams.draw });
    return { mean: seen.mean, point };
  }

  /** Gaussian noise of the posterior's covariance over the training points, and the weighted mean. */
  #spread(x: Register, t: number): { mean: Register; spread: Register } {
    const seen = this.#seen(x, t, "mean");
    const spread = this.register("spread");
    this.ops.push({ code: OpCode.Spread, ...seen, out: spread, step: this.step, stream: streams.spread });
    return { mean: seen.mean, spread };
  }

  /**
   * The terms of `factor` times an average of posterior draws of x_0, given the drawn points: with sigma0 > 0 a draw
   * is (S / V) mu + (alpha sigma0^2 / V) x + sqrt(sigma0^2 S / V) xi.
   */
  #drawTerms(factor: number, x: Register, point: Register, t: number, draws: number): Term[] {
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
  normal(name: string, stream: number, step = this.step): Register {
    const out = this.register(name);
    this.ops.push({ code: OpCode.Normal, out, step, stream });
    return out;
  }

  /** The standard normals of the step being written: fresh of a stream, of the particle's Brownian path, or supplied. */
  increment(stream: number = streams.noise): Register {
    const { noise = "independent", exponent = 0 } = this.#options;
    if (noise === "independent") return this.normal("noise", stream);
    const out = this.register("noise");
    const { t, s, step } = this;
    if (noise === "supplied") this.ops.push({ code: OpCode.Supplied, out, step });
    else if (s > 0) this.ops.push({ code: OpCode.Path, out, t, s, exponent });
    else {
      const e = Math.max(LEAST_EXPONENT, exponent - OCTAVES);
      this.ops.push({ code: OpCode.Path, out, t, s: 2 ** e, exponent: e });
    }
    return out;
  }

  /** sqrt(2 D_t dt) times the increment of the step: the noise of the reverse SDE. */
  diffusionNoise(t: number, dt: number): Term[] {
    const noise = this.increment();
    if (this.#framed) return this.#framed.diffusionNoise(noise, t, dt);
    return [[noise, Math.sqrt(2 * this.level(t).diffusion * dt)]];
  }

  /** out <- sum of the terms; terms of one register are added up, those of factor 0 dropped. */
  affine(out: Register, terms: readonly Term[]): void {
    const sums = new Map<Register, number>();
    for (const [register, factor] of terms) sums.set(register, (sums.get(register) ?? 0) + factor);
    const list: [Register, number][] = [...sums].filter(([, factor]) => factor !== 0);
    if (this.#options.far) {
      let by = 0;
      let slack = 0;
      for (const [register, factor] of terms) {
        const from = this.#shiftOf(register);
        by += factor * from.by;
        slack += Math.abs(factor) * (from.slack + ROUNDING * Math.abs(from.by));
      }
      this.shifted(out, by, slack);
    }
    if (list.length === 0) list.push([out, 0]);
    this.#push(out, list);
  }

  #push(out: Register, list: [Register, number][]): void {
    // As many terms as an operation takes, then more onto what there is. A target among later terms is read first.
    list.sort((a, b) => Number(b[0] === out) - Number(a[0] === out));
    this.ops.push({ code: OpCode.Affine, out, terms: list.slice(0, MAX_TERMS) });
    for (let i = MAX_TERMS; i < list.length; i += MAX_TERMS - 1) {
      this.ops.push({ code: OpCode.Affine, out, terms: [[out, 1], ...list.slice(i, i + MAX_TERMS - 1)] });
    }
  }

  /**
   * The velocity dx/dt = -beta x - D s-hat of the probability flow, with s-hat exact or drawn by the estimator.
   * `name` tells slopes of one step apart. `dt` is the length of the step, which the noise of some estimators asks
   * for: noiseTime adds sqrt(noiseTime / dt) D (s~ - s), a literal effective SDE divides by sqrt(dt).
   */
  slope(x: Register, t: number, dt: number, name = ""): Slope {
    const { randomness, called } = this.#options;
    if (called) return this.#calledSlope(x, t, name);
    if (this.#framed) return this.#framed.slope(x, t, dt, name);
    if (randomness === undefined) return this.#exactSlope(x, t, name);
    const { alpha, variance, total, beta, diffusion } = this.level(t);
    if ("draws" in randomness && randomness.gaussian === undefined) {
      const { point } = this.#draw(x, t, randomness.draws);
      const rate = diffusion / variance;
      return { terms: [[x, rate - beta], ...this.#drawTerms(-rate * alpha, x, point, t, randomness.draws)] };
    }
    const { mean, noise } = this.#noisy(x, t, dt, (-diffusion * alpha) / variance);
    const rate = diffusion / total;
    return { terms: [[x, rate - beta], [mean, -rate * alpha], ...noise] };
  }

  /** With the score of the caller's function. */
  #calledSlope(x: Register, t: number, name: string): Slope {
    const { logLikelihood, dim } = this.#options;
    const { beta, diffusion } = this.level(t);
    const scalar = logLikelihood ? this.#scalar(`trace${name}`) : -1;
    const score = this.#call(x, t, `score${name}`, scalar);
    return {
      terms: [[x, -beta], this.#framed ? [this.#framed.diffused(score, t, name), -1] : [score, -diffusion]],
      ...(logLikelihood && { divergence: { scalar, constant: -dim * beta, factor: -diffusion } }),
    };
  }

  /** With the exact score (alpha E[mu] - x) / V, whose divergence is (alpha^2 tr Cov[mu] / V - dim) / V. */
  #exactSlope(x: Register, t: number, name: string): Slope {
    const { logLikelihood, dim } = this.#options;
    const { alpha, total, beta, diffusion } = this.level(t);
    const scalar = logLikelihood ? this.#scalar(`trace${name}`) : -1;
    const mean = this.#mean(x, t, `mean${name}`, scalar);
    const rate = diffusion / total;
    const factor = -rate * (alpha / total) * alpha;
    return {
      terms: [
        [x, rate - beta],
        [mean, -rate * alpha],
      ],
      ...(logLikelihood && { divergence: { scalar, constant: dim * (rate - beta), factor } }),
    };
  }

  /** A register with the score of rows by the caller's function. */
  #call(x: Register, t: number, name: string, trace = -1): Register {
    this.settle(x, this.level(t).alpha);
    const out = this.register(name);
    this.shifted(out, 0);
    this.evaluations++;
    this.ops.push({ code: OpCode.Call, x, out, t, field: 0, trace });
    return out;
  }

  called(x: Register, t: number): Register {
    return this.#call(x, t, "score");
  }

  /** `factor` times what the estimator's noise adds to the posterior mean in a step of dt. */
  #noisy(x: Register, t: number, dt: number, factor: number): { mean: Register; noise: Term[] } {
    const { alpha, variance, total } = this.level(t);
    const randomness = this.#options.randomness as NonNullable<Randomness>;
    const square = this.sigma0 * this.sigma0;
    const size = noiseSize(randomness, dt);
    if (randomness.gaussian === undefined) {
      // x_0 - E x_0 for one draw x_0
      const { mean, point } = this.#draw(x, t, 1);
      return {
        mean,
        noise: [
          ...this.#drawTerms(factor * size, x, point, t, 1),
          [mean, (-factor * size * variance) / total],
          [x, (-factor * size * alpha * square) / total],
        ],
      };
    }
    const { mean, spread } = this.#spread(x, t);
    const noise: Term[] = [[spread, (factor * size * variance) / total]];
    if (square > 0) {
      const component = this.normal("component", streams.component);
      noise.push([component, factor * size * Math.sqrt(square * (variance / total))]);
    }
    return { mean, noise };
  }

  /** out <- x + sum of h slope, and other terms. Where out is the state, its log density goes with it. */
  move(
    out: Register,
    x: Register,
    slopes: readonly (readonly [Slope, number])[],
    others: readonly Term[] = [],
  ): void {
    const terms = slopes.flatMap(([slope, h]) => slope.terms.map(([r, factor]): Term => [r, h * factor]));
    this.affine(out, [[x, 1], ...terms, ...others]);
    if (!this.#options.logLikelihood || out !== this.state) return;
    let constant = 0;
    const traces: [number, number][] = [];
    for (const [{ divergence }, h] of slopes) {
      if (divergence === undefined) continue;
      constant -= h * divergence.constant;
      traces.push([divergence.scalar, -h * divergence.factor]);
    }
    this.#addLogLikelihood(constant, traces);
  }

  #addLogLikelihood(constant: number, terms: readonly OpTerm[]): void {
    const out = Scalar.LogLikelihood;
    const more = MAX_TERMS - 1;
    for (let i = 0; i < Math.max(1, terms.length); i += more) {
      this.#combine(out, i === 0 ? constant : 0, [[out, 1], ...terms.slice(i, i + more)]);
    }
  }

  /** Scalar out <- constant + sum of factor * scalar; a factor of 0 takes nothing, infinite or not. */
  #combine(out: number, constant: number, terms: readonly OpTerm[]): void {
    this.ops.push({ code: OpCode.Scalar, out, constant, terms: terms.filter(([, factor]) => factor !== 0) });
  }

  /**
   * `factor` times the prediction of x_0 from x at time t: its posterior mean, or (x + S s-hat) / alpha for an estimator's
   * s-hat in a step of length dt.
   */
  prediction(factor: number, x: Register, t: number, dt: number): Predicted {
    const { alpha, variance, total } = this.level(t);
    const { randomness, called, logLikelihood, dim } = this.#options;
    const scalar = logLikelihood ? this.#scalar("trace") : -1;
    if (called) return this.#calledPrediction(factor, x, t, scalar);
    if (randomness !== undefined && "draws" in randomness && randomness.gaussian === undefined) {
      return { terms: this.#drawn(factor, x, t, randomness.draws) };
    }
    if (this.#framed) return this.#framed.prediction(factor, x, t, dt);
    const noisy = randomness && this.#noisy(x, t, dt, factor);
    const mean = noisy?.mean ?? this.#mean(x, t, "mean", scalar);
    const width = (alpha * this.sigma0) ** 2 / total;
    const bend = (alpha / total) * variance * (alpha / total);
    return {
      terms: [...this.#meanTerms(factor, x, t, mean), ...(noisy?.noise ?? [])],
      ...(logLikelihood && { trace: { scalar, constant: dim * width, factor: bend } }),
    };
  }

  /** x_0 = (x + S s-hat) / alpha, with the score of the caller's function; `scalar` takes the trace of its derivative. */
  #calledPrediction(factor: number, x: Register, t: number, scalar: number): Predicted {
    const { logLikelihood, dim } = this.#options;
    const { alpha, variance } = this.level(t);
    const score = this.#call(x, t, "score", scalar);
    if (this.#framed) return this.#framed.tweedie(factor, x, score, t);
    return {
      terms: [
        [x, factor / alpha],
        [score, (factor * variance) / alpha],
      ],
      ...(logLikelihood && { trace: { scalar, constant: dim, factor: variance } }),
    };
  }

  /** A prediction kept by name, for this step and later ones. */
  keep(name: string, { terms, trace }: Predicted): Predicted {
    const kept = this.kept(name);
    this.affine(this.register(name), terms);
    if (kept.trace && trace) {
      const { scalar, constant, factor } = trace;
      this.#combine(kept.trace.scalar, constant, [[scalar, factor]]);
    }
    return kept;
  }

  /** What an earlier step kept by that name. */
  kept(name: string): Predicted {
    return {
      terms: [[this.register(name), 1]],
      ...(this.#options.logLikelihood && { trace: { scalar: this.#scalar(name), constant: 0, factor: 1 } }),
    };
  }

  /**
   * The log density of a step from t to s along the flow dy/dl = y - x_0(y), y = x / alpha, l = log sigma, with the trace of
   * x_0's derivative held at a combination of what is known: of weights that add up to 1, as the state's own.
   */
  carry(t: number, s: number, predictions: readonly (readonly [Predicted, number])[]): void {
    const { logLikelihood, dim } = this.#options;
    if (!logLikelihood) return;
    if (this.#framed) throw framed("a log density along predictions");
    const [from, to] = [t, s].map((time) => log(this.process.sigma(time))) as [number, number];
    let constant = dim * (from - to) + dim * (log(this.level(t).alpha) - log(this.level(s).alpha));
    const traces: [number, number][] = [];
    for (const [{ trace }, weight] of predictions) {
      if (trace === undefined || weight === 0) continue;
      constant += (to - from) * weight * trace.constant;
      traces.push([trace.scalar, (to - from) * weight * trace.factor]);
    }
    this.#addLogLikelihood(constant, traces);
  }

  /** `factor` times E[x_0] from the weighted mean of the points. */
  #meanTerms(factor: number, x: Register, t: number, mean: Register): Term[] {
    const { alpha, variance, total } = this.level(t);
    return [
      [mean, (factor * variance) / total],
      [x, (factor * alpha * this.sigma0 * this.sigma0) / total],
    ];
  }

  /** The terms of `factor` times the exact score at x. */
  scoreTerms(factor: number, x: Register, t: number): Term[] {
    const { alpha, total } = this.level(t);
    const { called, randomness } = this.#options;
    if (randomness) throw unserved("steady");
    if (called) return [[this.#call(x, t, "score"), factor]];
    if (this.#framed) return this.#framed.scoreTerms(factor, x, t);
    const mean = this.#mean(x, t, "mean");
    return [
      [x, -factor / total],
      [mean, (factor * alpha) / total],
    ];
  }

  bridge(...step: Parameters<OpenProgram["bridge"]>): Predicted {
    if (this.#framed) return this.#framed.bridge(...step);
    const [t, s, eta, origin, noise] = step;
    const x = this.state;
    const { a, b, c } = bridge(this.process, t, s, eta);
    const predicted = origin(b);
    const coloured: Term[] = c > 0 ? [[noise(), Math.sqrt(c)]] : [];
    this.affine(x, [[x, a], ...predicted.terms, ...coloured]);
    return predicted;
  }

  langevin(t: number, s: number, snr: number, stream: number): void {
    if (this.#framed) {
      this.#framed.langevin(t, s, snr, stream);
      return;
    }
    const x = this.state;
    const { scale } = this.process.transition(s, t);
    const size = 2 * (scale * snr) ** 2 * this.level(s).variance;
    const score = this.scoreTerms(size, x, s);
    const noise = this.normal("noise", stream);
    this.affine(x, [[x, 1], ...score, [noise, Math.sqrt(2 * size)]]);
  }

  raise(t: number, later: number, noiseScale: number, stream: number): void {
    const x = this.state;
    if (this.#framed) {
      this.#framed.raise(t, later, noiseScale, stream);
      return;
    }
    const { scale, variance } = this.process.transition(t, later);
    const noise = this.increment(stream);
    this.affine(x, [
      [x, scale],
      [noise, noiseScale * Math.sqrt(variance)],
    ]);
  }

  /** Carries the state from t to s by steps of each particle's own, within tolerances in units of the data. */
  adaptive(t: number, s: number, tolerance: { rtol: number; atol: number }): void {
    const { logLikelihood, dim, randomness, called } = this.#options;
    if (randomness) throw unserved("steady");
    if (this.#framed && !called) throw framed("adaptive steps");
    const from = this.level(t);
    const to = this.level(s);
    this.settle(this.state, from.alpha);
    this.affine(this.state, [[this.state, 1 / from.alpha]]);
    this.ops.push({
      code: OpCode.Adaptive,
      x: this.state,
      from: log2(this.process.sigma(t)),
      to: log2(this.process.sigma(s)),
      ...tolerance,
      sigma0: this.sigma0,
      size: this.#scalar("size"),
      evaluations: Scalar.Evaluations,
      logLikelihood: logLikelihood ? Scalar.LogLikelihood : -1,
      field: called ? 0 : -1,
    });
    this.affine(this.state, [[this.state, to.alpha]]);
    this.shifted(this.state, this.#options.far ? to.alpha : 0);
    // A density of x / alpha is alpha^dim times that of x.
    if (logLikelihood) this.#addLogLikelihood(dim * (log(from.alpha) - log(to.alpha)), []);
  }

  /** Replaces the state by its posterior mean: the step to 0 of every sampler. */
  posteriorMean(t: number): void {
    const { called, randomness } = this.#options;
    const x = this.state;
    if (randomness === undefined || called) this.affine(x, this.prediction(1, x, t, t).terms);
    else if (this.#framed) this.affine(x, this.#framed.average(1, x, t));
    else this.affine(x, this.#meanTerms(1, x, t, this.#mean(x, t, "mean")));
  }

  /** The state of the start, at the largest time. */
  start(initial: "noise" | "normal" | "marginal", t: number): void {
    const { alpha, variance, total } = this.level(t);
    const noise = this.normal("noise", streams.initial, INITIAL_STEP);
    if (initial === "normal") {
      this.affine(this.state, [[noise, 1]]);
      return;
    }
    this.#framed?.start(noise, initial, t);
    const width = this.#framed ? 1 : Math.sqrt(initial === "noise" ? variance : total);
    if (initial === "noise") {
      this.affine(this.state, [[noise, width]]);
      return;
    }
    const point = this.#drawData();
    this.affine(this.state, [
      [point, alpha],
      [noise, width],
    ]);
  }

  /** A draw of the data's points: at an infinite noise level the posterior is their law, so k is as small as kernels take. */
  #drawData(): Register {
    const point = this.register("point");
    this.shifted(point, 1);
    this.ops.push({
      code: OpCode.Draw,
      x: this.state,
      mean: this.register("mean"),
      out: point,
      k: this.#options.precision === "f32" ? 1e-30 : 1e-290,
      inverseAlpha: 1,
      points: 0,
      draws: 1,
      step: INITIAL_STEP,
      stream: streams.draw,
    });
    return point;
  }

  record(slot: number): void {
    this.ops.push({ code: OpCode.Record, x: this.state, slot });
  }
}
