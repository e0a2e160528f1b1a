import { OpCode, type Register } from "../../bindings/ops.js";
import { VkernelError } from "../core/errors.js";
import { bridge } from "../process/bridge.js";
import { streams } from "../numeric/streams.js";
import { noiseSize, type Randomness } from "../score/randomness.js";
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
          ...this.#component(
            `pull${name}`,
            -alpha / Math.sqrt(randomness.draws),
            this.#frames.componentPull,
            t,
          ),
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
          [this.#linear(`spread pull${name}`, noise, this.#frames.pull(t)), -size],
          ...this.#component(`pull${name}`, -alpha * size, this.#frames.componentPull, t),
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
    const { alpha } = this.#program.level(t);
    this.#program.settle(x, alpha);
    const mean = this.#register(name);
    const seen = this.#register("seen");
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
    const out = this.#register("point");
    this.#program.shifted(out, this.#far ? 1 : 0);
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
    const noise = this.#register("spread");
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

  /** A scratch register that no recipe has by its own name. */
  #register(name: string): Register {
    return this.#program.register(`framed ${name}`);
  }

  /** A register with a matrix times one whose multiple of the centre is none. */
  #linear(name: string, x: Register, matrix: number): Register {
    const out = this.#register(name);
    this.#program.ops.push({ code: OpCode.Linear, out, x, matrix });
    this.#program.shifted(out, 0);
    return out;
  }

  /** A register with a matrix times the difference of two that are seen alike. */
  #turned(name: string, a: Register, b: Register, matrix: number): Register {
    const residual = this.#register("residual");
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
  #outward(name: string, factor: number, seen: Register, z: Register, t: number): Term[] {
    const pull = this.#turned(`${name} pull`, seen, z, this.#frames.width(t));
    const out = this.#register(name);
    this.#program.ops.push({ code: OpCode.Linear, out, x: z, matrix: this.#frames.outward(t) });
    this.#program.shifted(out, this.#far ? 1 : 0);
    return [
      [out, factor],
      [pull, factor],
    ];
  }

  /** `factor` times noise of a component's width, by a root that depends on time. */
  #component(name: string, factor: number, root: (t: number) => number, t: number): Term[] {
    if (this.#program.sigma0 === 0) return [];
    const noise = this.#program.normal("framed normal", streams.component);
    return [[this.#linear(`${name} component`, noise, root(t)), factor]];
  }

  /** `factor` times an average of draws of x_0. */
  drawn(factor: number, x: Register, t: number, draws: number): Term[] {
    const { seen, out } = this.#draw(x, t, draws);
    return [
      ...this.#outward("drawn", factor, seen, out, t),
      ...this.#component("drawn", factor / Math.sqrt(draws), this.#frames.componentRoot, t),
    ];
  }

  /** `factor` times the mean of x_0, whatever an estimator draws. */
  average(factor: number, x: Register, t: number): Term[] {
    const { seen, mean } = this.#mean(x, t, "mean");
    return this.#outward("average", factor, seen, mean, t);
  }

  /** `factor` times the mean of x_0, and the noise of an estimator that draws by its law. */
  prediction(factor: number, x: Register, t: number, dt: number): Predicted {
    const randomness = this.#randomness;
    if (randomness === undefined) return { terms: this.average(factor, x, t) };
    const { seen, mean, noise } = this.#noise(x, t);
    const size = noiseSize(randomness, dt);
    return {
      terms: [
        ...this.#outward("average", factor, seen, mean, t),
        [this.#linear("average spread", noise, this.#frames.hold(t)), factor * size],
        ...this.#component("average", factor * size, this.#frames.componentRoot, t),
      ],
    };
  }

  /** `factor` times (x + S s-hat) / alpha, of a score that was called. */
  tweedie(factor: number, x: Register, score: Register, t: number): Predicted {
    const { alpha } = this.#program.level(t);
    return {
      terms: [
        [x, factor / alpha],
        [this.#linear("average", score, this.#frames.variance(t)), factor / alpha],
      ],
    };
  }

  diffused(score: Register, t: number, name: string): Register {
    return this.#linear(`pull${name}`, score, this.#frames.diffusion(t));
  }

  diffusionNoise(noise: Register, t: number, dt: number): Term[] {
    return [[this.#linear("diffusion noise", noise, this.#frames.diffusionRoot(t)), Math.sqrt(2 * dt)]];
  }

  scoreTerms(factor: number, x: Register, t: number): Term[] {
    const { seen, mean } = this.#mean(x, t, "mean");
    return [[this.#turned("score", seen, mean, this.#frames.score(t)), -factor]];
  }

  /** Colours the normals that a run starts from. */
  start(noise: Register, initial: "noise" | "marginal", t: number): void {
    const matrix = initial === "noise" ? this.#frames.noiseRoot(t) : this.#frames.totalRoot(t);
    this.#program.ops.push({ code: OpCode.Linear, out: noise, x: noise, matrix });
  }

  bridge(...[t, s, eta, origin, noise]: Parameters<FramedWriter["bridge"]>): Predicted {
    const frames = this.#frames;
    const program = this.#program;
    const x = program.state;
    if (frames.constant) {
      const { a, b, c } = bridge(program.process, t, s, eta);
      const predicted = origin(b);
      const terms: Term[] = [[x, a], ...predicted.terms];
      if (c > 0) {
        const size = Math.sqrt(c / program.level(s).variance);
        terms.push([this.#linear("bridge noise", noise(), frames.noiseRoot(s)), size]);
      }
      program.affine(x, terms);
      return predicted;
    }
    if (eta !== 1) {
      throw new VkernelError("E_UNSUPPORTED", {
        argument: "eta",
        expected: "1, the only bridge of matrices, where the covariance depends on time",
        got: `${eta}`,
      });
    }
    const { state, point, root } = frames.bridge(t, s);
    const predicted = origin(1);
    const at = this.#register("origin");
    program.affine(at, predicted.terms);
    // The matrices of the state and the point take alpha_t centres and one centre to alpha_s, whatever was predicted.
    program.settle(at, 1);
    program.settle(x, program.level(t).alpha);
    program.affine(x, [
      [this.#linear("kept", x, state), 1],
      [this.#linear("origin", at, point), 1],
      [this.#linear("bridge noise", noise(), root), 1],
    ]);
    if (this.#far) program.shifted(x, program.level(s).alpha);
    return predicted;
  }

  langevin(...[t, s, snr, stream]: Parameters<FramedWriter["langevin"]>): void {
    const frames = this.#frames;
    const program = this.#program;
    const x = program.state;
    const rate = 2 * (frames.scaleOf(s, t) * snr) ** 2;
    let drift: Term;
    if (this.#called) {
      drift = [this.#linear("langevin", program.called(x, s), frames.variance(s)), rate];
    } else {
      const { seen, mean } = this.#mean(x, s, "mean");
      drift = [this.#turned("langevin", seen, mean, frames.hold(s)), -rate * program.level(s).alpha];
    }
    const normal = program.normal("framed normal", stream);
    const noise = this.#linear("langevin noise", normal, frames.noiseRoot(s));
    program.affine(x, [[x, 1], drift, [noise, Math.sqrt(2 * rate)]]);
  }

  raise(...[t, later, noiseScale, stream]: Parameters<FramedWriter["raise"]>): void {
    const program = this.#program;
    const { scale, root } = this.#frames.transition(t, later);
    const noise = this.#linear("raise noise", program.increment(stream), root);
    program.affine(program.state, [
      [program.state, scale],
      [noise, noiseScale],
    ]);
  }
}

/** The coordinates of a run at every time, with what writes steps by them. */
export class RunFrames extends Frames implements Framing {
  steps(program: OpenProgram, options: FramedOptions): FramedWriter {
    return new FramedSteps(program, this, options);
  }
}
