import { type LiveRun, liveRun } from "../../src/index.js";
import { aborts, type Run, type RunOptions } from "./run.js";
import type { Drive } from "./setup.js";

/** Particles that go through the grid, at its first time. */
export async function startRun(drive: Drive, options: RunOptions): Promise<Run> {
  if (drive.recipe.estimator === "kde")
    return new (await import("./kernelDensityRun.js")).KernelDensityRun(drive, options);
  const { field, sampler, grid, recipe } = drive;
  const { initial } = recipe;
  return new FlowRun(await liveRun(field, { sampler, grid, initial, ...options }));
}

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
