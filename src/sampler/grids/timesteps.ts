import { checkInteger, checkOptions, checkWord } from "../../core/check.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import type { DdpmProcess } from "../../process/ddpm.js";
import type { Process } from "../../process/process.js";
import { type Grid, maxSteps } from "./grid.js";

export interface TimestepsOptions {
  /** The number of steps, 1 to the levels of the process; the grid has one time more. */
  steps: number;
  /** How diffusers spaces them (`timestep_spacing`). */
  spacing: "leading" | "linspace" | "trailing";
  /** diffusers' `steps_offset`, added to timesteps of "leading" only; 0 by default (Stable Diffusion has 1). */
  offset?: number;
  /** "zero" (default): `steps` levels, then 0. "sigmaMin": `steps + 1` levels. */
  last?: "zero" | "sigmaMin";
}

/**
 * The timesteps of Hugging Face diffusers' schedulers on a `ddpm` process, descending. Timestep k of diffusers, which
 * counts from 0, is the time t = k + 1 here; t = 0 is the data, diffusers' "previous timestep" -1. Of T levels, n:
 *
 * - "leading": multiples of floor(T / n) from 0 up, plus `offset`; stops short of the noisiest level.
 * - "linspace": from 0 to T - 1, both there, rounded to even halves (one level: 0).
 * - "trailing": T, T - T / n, T - 2 T / n, ... rounded to even halves, less 1; has the noisiest level.
 *
 * With n = T all three visit T, T - 1, ..., 1, 0. Lin et al. (2023), Table 2; `DDPMScheduler.set_timesteps`.
 *
 * @throws {VkernelError} E_USAGE for a process that is not made by `ddpm`, E_RANGE for more steps than it has levels
 * @example
 * timesteps({ steps: 4, spacing: "trailing" }).times(ddpm({ schedule: "linear" })); // 1000, 750, 500, 250, 0
 */
export function timesteps(options: TimestepsOptions): Grid {
  if (options === undefined) throw badArgument("E_TYPE", "options", "an object with steps", options);
  checkOptions(options, ["steps", "spacing", "offset", "last"]);
  const steps = checkInteger(options.steps, "steps", 1, maxSteps);
  const spacing = checkWord(options.spacing, ["leading", "linspace", "trailing"], "spacing");
  const offset = checkInteger(options.offset ?? 0, "offset", 0, maxSteps);
  if (options.offset !== undefined && spacing !== "leading") {
    throw badArgument("E_USAGE", "offset", 'spacing "leading" with it', offset);
  }
  const last = checkWord(options.last ?? "zero", ["zero", "sigmaMin"], "last");
  const count = last === "zero" ? steps : steps + 1;
  return Object.freeze({
    name: "timesteps",
    parameters: Object.freeze({ steps, spacing, ...(spacing === "leading" && { offset }), last }),
    times(process: Process): Float64Array {
      const total = levelsOf(process);
      const most = last === "zero" ? total : total - 1;
      if (steps > most) {
        throw badArgument("E_RANGE", "steps", `at most ${most} (${process.name} has ${total} levels)`, steps);
      }
      const times = new Float64Array(steps + 1);
      for (let i = 0; i < count; i++) times[i] = timestep(i, count, total) + 1;
      if (times[0] > total) {
        const room = total - 1 - (count - 1) * Math.floor(total / count);
        throw badArgument("E_RANGE", "offset", `at most ${room}, with ${count} of ${total} levels`, offset);
      }
      return times;
    },
  });

  /** The i-th timestep of `count`, from the noisiest down, in the order of operations of NumPy. */
  function timestep(i: number, count: number, total: number): number {
    if (spacing === "leading") return (count - 1 - i) * Math.floor(total / count) + offset;
    if (spacing === "linspace") {
      if (i === 0 && count > 1) return total - 1;
      return count === 1 ? 0 : rounded((count - 1 - i) * ((total - 1) / (count - 1)));
    }
    // arange fills with the difference of its first two values.
    const difference = total - total / count - total;
    return rounded(total + i * difference) - 1;
  }
}

/** To the nearest whole number, halves to the even one, as NumPy. */
function rounded(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/** The levels of a ddpm process, or of one that is made from it. */
function levelsOf(process: Process): number {
  const base = (process.base ?? process) as Partial<DdpmProcess>;
  if (typeof base.posterior !== "function" || typeof base.end !== "number") {
    throw new VkernelError("E_USAGE", {
      argument: "grid",
      expected: "a process of discrete levels, made by ddpm",
      got: `"${process.name}"`,
    });
  }
  return base.end;
}
