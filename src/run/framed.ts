import { OpCode, type Register } from "../../bindings/job.js";
import { bridge } from "../process/bridge.js";
import { streams } from "../numeric/random.js";
import { noiseSize, type Randomness } from "../score/field.js";
import type { Predicted, Slope, Term } from "../sampler/program.js";
import { Frames } from "./frames.js";
import type { FramedOptions, FramedWriter, Framing, OpenProgram } from "./framing.js";

/**
 * How steps are written where noise has a matrix of its own at every time: points are seen in coordinates z = L^-1 x in which it is
 * round (see `Frames`), and what they give is taken back to x by matrices. What a sampler asks for is the same.
 */
class FramedSteps implements FramedWriter {
  readonly #program: OpenProgram;
  readonly #frames: Frames;
  readonly #randomness: Randomness | undefined;
  readonly #called: boolean;
  readonly #far: boolean;

  constructor(program: OpenProgram, frames: Frames, options: FramedOptions) {
    this.#program = program;
    this.#frames = frames;
    this.#randomness = options.randomness;
    this.#called = options.called ?? false;
    this.#far = options.far ?? false;
  }

  /** The velocity where noise has a matrix of its own at every time: -beta x + D_t V^-1 (x - alpha mean), and noise. */
  slope(x: Register, t: number, dt: number, name: string): Slope {
    const { beta, alpha } = this.#program.level(t);
    const randomness = this.#randomness;
    if (randomness && "draws" in randomness && randomness.gaussian === undefined) {
      const { seen, out } = this.#draw(x, t, randomness.draws);
      return {
        terms: [
          [x, -beta],
          [this.#turned(`pull${name}`, seen, out, this.#frames.pull(t)), 1],
          ...this.#component(-alpha / Math.sqrt(randomness.draws), this.#frames.componentPull, t),
        ],
      };
    }
    if (randomness) {
      const { seen, mean, noise } = this.#noise(x, t);
      const size = noiseSize(randomness, dt);
      // pull is alpha D V^-1 L.
      return {
        terms: [
          [x, -beta],
          [this.#turned(`pull${name}`, seen, mean, this.#frames.pull(t)), 1],
          [this.#linear("spread", noise, this.#frames.pull(t)), -size],
          ...this.#component(-alpha * size, this.#frames.componentPull, t),
        ],
      };
    }
    const { seen, mean } = this.#mean(x, t, `mean${name}`);
    return {
      terms: [
        [x, -beta],
        [this.#turned(`pull${name}`, seen, mean, this.#frames.pull(t)), 1],
      ],
    };
  }

  /** x / alpha in the coordinates where the noise of time t is round, and what operations on points take there. */
  #seen(x: Register, t: number, name: string) {
    this.#program.settle(x, t);
    const { alpha } = this.#program.level(t);
    const mean = this.#program.register(name);
    const seen = this.#program.register("seen");
    this.#program.ops.push({ code: OpCode.Linear, out: seen, x, matrix: this.#frames.inward(t) });
    this.#program.affine(seen, [[seen, 1 / alpha]]);
    // Of the centre in these coordinates.
    for (const register of [seen, mean]) this.#program.shifted(register, this.#far ? 1 : 0);
    this.#program.evaluations++;
    return { x: seen, mean, k: this.#frames.scale(t), inverseAlpha: 1, points: this.#frames.points(t) };
  }

  /** x / alpha and the weighted mean, there. */
  #mean(x: Register, t: number, name: string): { seen: Register; mean: Register } {
    const seen = this.#seen(x, t, name);
    this.#program.ops.push({ code: OpCode.Score, ...seen, trace: -1 });
    return { seen: seen.x, mean: seen.mean };
  }

  /** x / alpha, the weighted mean and the average of `draws` points drawn, there. */
  #draw(x: Register, t: number, draws: number) {
    const seen = this.#seen(x, t, "mean");
    const out = this.#program.register("point");
    this.#program.shifted(out, this.#far ? 1 : 0);
    this.#program.draws = Math.max(this.#program.draws, draws);
    this.#program.ops.push({
      code: OpCode.Draw,
      ...seen,
      out,
      draws,
      step: this.#program.step,
      stream: streams.draw,
    });
    return { seen: seen.x, mean: seen.mean, out };
  }

  /** x / alpha, the weighted mean, and what an estimator that draws adds to it for its law, there. */
  #noise(x: Register, t: number) {
    const randomness = this.#randomness as NonNullable<Randomness>;
    const noise = this.#program.register("spread");
    if (randomness.gaussian === undefined) {
      // One point drawn, less its mean.
      const { seen, mean, out } = this.#draw(x, t, 1);
      this.#program.affine(noise, [
        [out, 1],
        [mean, -1],
      ]);
      this.#program.shifted(noise, 0);
      return { seen, mean, noise };
    }
    const seen = this.#seen(x, t, "mean");
    this.#program.shifted(noise, 0);
    this.#program.ops.push({
      code: OpCode.Spread,
      ...seen,
      out: noise,
      step: this.#program.step,
      stream: streams.spread,
    });
    return { seen: seen.x, mean: seen.mean, noise };
  }

  /** A register with a matrix times one whose multiple of the centre is none. */
  #linear(name: string, x: Register, matrix: number): Register {
    const out = this.#program.register(name);
    this.#program.ops.push({ code: OpCode.Linear, out, x, matrix });
    this.#program.shifted(out, 0);
    return out;
  }

  /** A register with a matrix times the difference of two that are seen alike. */
  #turned(name: string, a: Register, b: Register, matrix: number): Register {
    const residual = this.#program.register("residual");
    this.#program.affine(residual, [
      [a, 1],
      [b, -1],
    ]);
    return this.#linear(name, residual, matrix);
  }

  /**
   * The terms of `factor` times E[x_0] given x and a component of mean z, or an average of them, in coordinates where noise is
   * round: L z + alpha sigma0^2 V^-1 (x - alpha L z).
   */
  #outward(factor: number, seen: Register, z: Register, t: number): Term[] {
    const pull = this.#turned("pull", seen, z, this.#frames.width(t));
    const out = this.#program.register("origin");
    this.#program.ops.push({ code: OpCode.Linear, out, x: z, matrix: this.#frames.outward(t) });
    this.#program.shifted(out, this.#far ? 1 : 0);
    return [
      [out, factor],
      [pull, factor],
    ];
  }

  /** `factor` times noise of a component's width, by a root that depends on time. */
  #component(factor: number, root: (t: number) => number, t: number): Term[] {
    if (this.#program.sigma0 === 0) return [];
    const noise = this.#program.normal("component", streams.component);
    return [[this.#linear("component", noise, root(t)), factor]];
  }

  /** `factor` times an average of draws of x_0. */
  drawn(factor: number, x: Register, t: number, draws: number): Term[] {
    const { seen, out } = this.#draw(x, t, draws);
    return [
      ...this.#outward(factor, seen, out, t),
      ...this.#component(factor / Math.sqrt(draws), this.#frames.componentRoot, t),
    ];
  }

  /** `factor` times the mean of x_0, whatever an estimator draws. */
  average(factor: number, x: Register, t: number): Term[] {
    const { seen, mean } = this.#mean(x, t, "mean");
    return this.#outward(factor, seen, mean, t);
  }

  /** `factor` times the mean of x_0, and the noise of an estimator that draws by its law. */
  prediction(factor: number, x: Register, t: number, dt: number): Predicted {
    const randomness = this.#randomness;
    if (randomness === undefined) return { terms: this.average(factor, x, t) };
    const { seen, mean, noise } = this.#noise(x, t);
    const size = noiseSize(randomness, dt);
    return {
      terms: [
        ...this.#outward(factor, seen, mean, t),
        [this.#linear("spread", noise, this.#frames.hold(t)), factor * size],
        ...this.#component(factor * size, this.#frames.componentRoot, t),
      ],
    };
  }

  /** `factor` times (x + S s-hat) / alpha, of a score that was called. */
  tweedie(factor: number, x: Register, score: Register, t: number): Predicted {
    const { alpha } = this.#program.level(t);
    return {
      terms: [
        [x, factor / alpha],
        [this.#linear("score", score, this.#frames.variance(t)), factor / alpha],
      ],
    };
  }

  /** Takes a score to D_t times it. */
  diffuse(score: Register, t: number): void {
    this.#program.ops.push({ code: OpCode.Linear, out: score, x: score, matrix: this.#frames.diffusion(t) });
  }

  diffusionNoise(noise: Register, t: number, dt: number): Term[] {
    const out = this.#program.register("coloured");
    this.#program.ops.push({ code: OpCode.Linear, out, x: noise, matrix: this.#frames.diffusionRoot(t) });
    return [[out, Math.sqrt(2 * dt)]];
  }

  scoreTerms(factor: number, x: Register, t: number): Term[] {
    const { seen, mean } = this.#mean(x, t, "mean");
    return [[this.#turned("pull", seen, mean, this.#frames.score(t)), -factor]];
  }

  /** Colours the normals that a run starts from. */
  start(noise: Register, initial: "noise" | "marginal", t: number): void {
    const matrix = initial === "noise" ? this.#frames.noiseRoot(t) : this.#frames.totalRoot(t);
    this.#program.ops.push({ code: OpCode.Linear, out: noise, x: noise, matrix });
  }

  bridge(
    t: number,
    s: number,
    eta: number,
    origin: (factor: number) => Predicted,
    noise: () => Register,
  ): Predicted {
    const frames = this.#frames;
    const program = this.#program;
    const x = program.state;
    if (frames.constant) {
      const { a, b, c } = bridge(program.process, t, s, eta);
      const predicted = origin(b);
      const terms: Term[] = [[x, a], ...predicted.terms];
      if (c > 0) {
        const size = Math.sqrt(c / program.level(s).variance);
        terms.push([this.#linear("coloured", noise(), frames.noiseRoot(s)), size]);
      }
      program.affine(x, terms);
      return predicted;
    }
    const { state, point, root } = frames.bridge(t, s);
    const predicted = origin(1);
    const at = program.register("at");
    program.affine(at, predicted.terms);
    // A sampler's own prediction may not have looked at the state.
    program.settle(x, t);
    program.affine(x, [
      [this.#linear("kept", x, state), 1],
      [this.#linear("at", at, point), 1],
      [this.#linear("coloured", noise(), root), 1],
    ]);
    // The matrices of the state and the point take alpha_t centres and one centre to alpha_s.
    if (this.#far) program.shifted(x, program.level(s).alpha);
    return predicted;
  }

  langevin(t: number, s: number, snr: number, stream: number): void {
    const frames = this.#frames;
    const program = this.#program;
    const x = program.state;
    const rate = 2 * (frames.scaleOf(s, t) * snr) ** 2;
    let drift: Term;
    if (this.#called) {
      const [[score]] = program.scoreTerms(1, x, s) as [Term];
      drift = [this.#linear("score", score, frames.variance(s)), rate];
    } else {
      const { seen, mean } = this.#mean(x, s, "mean");
      drift = [this.#turned("pull", seen, mean, frames.hold(s)), -rate * program.level(s).alpha];
    }
    const noise = this.#linear("coloured", program.normal("noise", stream), frames.noiseRoot(s));
    program.affine(x, [[x, 1], drift, [noise, Math.sqrt(2 * rate)]]);
  }

  raise(t: number, later: number, noiseScale: number, stream: number): void {
    const program = this.#program;
    const { scale, root, factor } = this.#frames.transition(t, later);
    const noise = this.#linear("coloured", program.increment(stream), root);
    program.affine(program.state, [
      [program.state, scale],
      [noise, noiseScale * factor],
    ]);
  }
}

/** The coordinates of a run at every time, with what writes steps by them. */
export class RunFrames extends Frames implements Framing {
  steps(program: OpenProgram, options: FramedOptions): FramedWriter {
    return new FramedSteps(program, this, options);
  }
}
