import { sample, times } from "../../src/index.js";
import type { Drive } from "./setup.js";

/** Particles at a time of their run. */
export interface Run {
  /** Descending, `steps + 1`. */
  readonly times: Float64Array;
  readonly count: number;
  readonly step: number;
  /** A copy, `[count, 2]`. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** The same without a copy, until the next `await`. */
  view(): Float32Array;
  /** Goes to a step of the grid; backward by the same run from its seed. */
  seek(step: number, signal?: AbortSignal): Promise<void>;
  dispose(): void;
}

export interface RunOptions {
  readonly count: number;
  readonly seed: number;
}

/** Particles that go through the grid. */
export async function startRun(drive: Drive, options: RunOptions): Promise<Run> {
  return drive.kernel ? new KernelRun(drive, options) : SampledRun.start(drive, options);
}

const aborts = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal ? { signal } : {});

/** Draws of x_0 and of noise that stay the same while the noise shrinks: p(x | t) at every time, without a flow. */
class KernelRun implements Run {
  readonly times: Float64Array;
  readonly count: number;
  readonly #drive: Drive;
  readonly #seed: number;
  #step = -1;
  #samples = new Float32Array(0);

  constructor(drive: Drive, { count, seed }: RunOptions) {
    this.times = drive.times;
    this.count = count;
    this.#drive = drive;
    this.#seed = seed;
  }

  get step(): number {
    return Math.max(0, this.#step);
  }

  get samples(): Float32Array<ArrayBuffer> {
    return this.#samples.slice();
  }

  view(): Float32Array {
    return this.#samples;
  }

  async seek(step: number, signal?: AbortSignal): Promise<void> {
    if (step === this.#step) return;
    const t = this.times[step] as number;
    // The state that a run from p_t starts with; nothing is kept of where it goes.
    const { trajectories } = await sample(this.#drive.exact, {
      grid: times([t, t / 2]),
      initial: "marginal",
      record: [0],
      count: this.count,
      seed: this.#seed,
      ...aborts(signal),
    });
    this.#samples = trajectories as Float32Array<ArrayBuffer>;
    this.#step = step;
  }

  dispose(): void {
    this.#samples = new Float32Array(0);
  }
}

/** Numbers of a whole run that are kept; beyond, every step is computed from the start. */
const KEPT = 4e7;

class SampledRun implements Run {
  readonly times: Float64Array;
  readonly count: number;
  readonly #drive: Drive;
  readonly #seed: number;
  #step = 0;
  #all: Float32Array | undefined;
  #samples = new Float32Array(0);

  private constructor(drive: Drive, { count, seed }: RunOptions) {
    this.times = drive.times;
    this.count = count;
    this.#drive = drive;
    this.#seed = seed;
  }

  static async start(drive: Drive, options: RunOptions): Promise<SampledRun> {
    const run = new SampledRun(drive, options);
    if (2 * options.count * drive.times.length <= KEPT) run.#all = (await run.#record("all")) as Float32Array;
    await run.#show(0);
    return run;
  }

  async #record(record: "all" | number[], signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    const { field, sampler, grid, initial } = this.#drive;
    const { trajectories } = await sample(field, {
      sampler,
      grid,
      initial,
      record,
      count: this.count,
      seed: this.#seed,
      ...aborts(signal),
    });
    return trajectories as Float32Array<ArrayBuffer>;
  }

  async #show(step: number, signal?: AbortSignal): Promise<void> {
    const size = 2 * this.count;
    this.#samples = this.#all
      ? (this.#all.slice(step * size, (step + 1) * size) as Float32Array<ArrayBuffer>)
      : await this.#record([step], signal);
    this.#step = step;
  }

  get step(): number {
    return this.#step;
  }

  get samples(): Float32Array<ArrayBuffer> {
    return this.#samples.slice();
  }

  view(): Float32Array {
    return this.#samples;
  }

  async seek(step: number, signal?: AbortSignal): Promise<void> {
    if (step !== this.#step) await this.#show(step, signal);
  }

  dispose(): void {
    this.#all = undefined;
    this.#samples = new Float32Array(0);
  }
}
