import { type LiveRun, liveRun, sample, times } from "../../src/index.js";
import type { Drive } from "./setup.js";

/** Particles at a time of their run. */
export interface Run {
  /** Descending, `steps + 1`. */
  readonly times: Float64Array;
  readonly count: number;
  readonly step: number;
  /** A copy, `[count, 2]`. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** The run itself, where it lies in the kernels' memory. */
  readonly live: LiveRun<"f32"> | undefined;
  /** The particles without a copy, until the next `await`. */
  view(): Float32Array;
  /** Goes to a step of the grid; backward by the same run from its seed. */
  seek(step: number, signal?: AbortSignal): Promise<void>;
  dispose(): void;
}

export interface RunOptions {
  readonly count: number;
  readonly seed: number;
}

/** Particles that go through the grid, at its first time. */
export async function startRun(drive: Drive, options: RunOptions): Promise<Run> {
  if (drive.kernel) return new KernelRun(drive, options);
  const { field, sampler, grid, initial } = drive;
  return new FlowRun(await liveRun(field, { sampler, grid, initial, ...options }));
}

const aborts = (signal: AbortSignal | undefined): { signal?: AbortSignal } => (signal ? { signal } : {});

/** A run of the library, step by step. */
class FlowRun implements Run {
  readonly live: LiveRun<"f32">;

  constructor(live: LiveRun<"f32">) {
    this.live = live;
  }

  get times(): Float64Array {
    return this.live.times;
  }

  get count(): number {
    return this.live.count;
  }

  get step(): number {
    return this.live.step;
  }

  get samples(): Float32Array<ArrayBuffer> {
    return this.live.samples;
  }

  view(): Float32Array {
    return this.live.view();
  }

  async seek(step: number, signal?: AbortSignal): Promise<void> {
    await this.live.seek(step, aborts(signal));
  }

  dispose(): void {
    this.live.dispose();
  }
}

/** Draws of x_0 and of noise that stay the same while the noise shrinks: p(x | t) at every time, without a flow. */
class KernelRun implements Run {
  readonly live = undefined;
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
