import { sample, times } from "../../src/index.js";
import { aborts, type Run, type RunOptions } from "./run.js";
import type { Drive } from "./setup.js";

/** Draws of x_0 and of noise that stay the same while the noise shrinks: p(x | t) at every time, without a flow. */
export class KernelDensityRun implements Run {
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
    const t = this.times[step];
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
