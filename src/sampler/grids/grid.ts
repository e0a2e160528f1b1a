import { checkInteger, checkNumber, checkOptions, checkWord } from "../../core/check.js";
import { badArgument, VkernelError } from "../../core/errors.js";
import type { Process } from "../../process/process.js";

/** A recipe for the times of a run: descending, `steps + 1` long. */
export interface Grid {
  readonly name: string;
  /** The parameters that the grid was made with, to print and to send elsewhere. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /**
   * The times of a process, descending, `[steps + 1]`.
   * @throws {VkernelError} E_RANGE, naming the end that lies outside the process's range
   */
  times(process: Process): Float64Array;
}

/** The options of every grid but `times`. The ends are a pair of noise levels or a pair of times. */
export interface GridOptions {
  /** The number of steps, 1 to 1e7; the grid has one time more. */
  steps: number;
  /** "zero": `steps` levels down to the lower end, then 0. "sigmaMin": `steps + 1` levels. */
  last?: "zero" | "sigmaMin";
  /** The lowest level above 0, a standard deviation in units of the data: sqrt(S) / alpha. */
  sigmaMin?: number;
  /** The level to start from. */
  sigmaMax?: number;
  /** The lower end as a time. */
  tMin?: number;
  /** The upper end as a time. */
  tMax?: number;
}

/** What tells one grid from another. */
export interface Spacing {
  readonly name: string;
  /** The quantity that is spaced: the time, or the noise level sigma. */
  readonly of: "time" | "sigma";
  /** Whether the lower end may be 0 itself. */
  readonly zeroEnd?: boolean;
  readonly last: "zero" | "sigmaMin";
  readonly ends?: { readonly sigmaMin: number; readonly sigmaMax: number };
  readonly parameters?: Readonly<Record<string, number>>;
  /** The value at the fraction u in (0, 1) of the way from the upper end down to the lower. */
  at(upper: number, lower: number, u: number): number;
}

/** The most steps that a grid may have. */
export const maxSteps = 1e7;

export const gridOptionNames = ["steps", "last", "sigmaMin", "sigmaMax", "tMin", "tMax"] as const;

/** Checks the options and builds the grid of a spacing. */
export function makeGrid(
  options: GridOptions,
  spacing: Spacing,
  known: readonly string[] = gridOptionNames,
): Grid {
  if (options === undefined) throw badArgument("E_TYPE", "options", "an object with steps", options);
  checkOptions(options, known);
  const steps = checkInteger(options.steps, "steps", 1, maxSteps);
  const last = checkWord(options.last ?? spacing.last, ["zero", "sigmaMin"], "last");
  const byTime = options.tMin !== undefined || options.tMax !== undefined;
  const bySigma = options.sigmaMin !== undefined || options.sigmaMax !== undefined;
  if (byTime && bySigma) {
    throw new VkernelError("E_USAGE", {
      argument: options.tMin !== undefined ? "tMin" : "tMax",
      expected: "the ends as sigmaMin and sigmaMax or as tMin and tMax",
      got: "some of both",
    });
  }
  const minName = byTime ? "tMin" : "sigmaMin";
  const maxName = byTime ? "tMax" : "sigmaMax";
  const min = options[minName] ?? (byTime ? undefined : spacing.ends?.sigmaMin);
  const max = options[maxName] ?? (byTime ? undefined : spacing.ends?.sigmaMax);
  if (min === undefined || max === undefined) {
    const [missing, other] = min === undefined ? [minName, max] : [maxName, min];
    const pairs = "sigmaMin and sigmaMax, or tMin and tMax";
    const expected = other === undefined ? `the ends of the grid: ${pairs}` : `the other end too (${pairs})`;
    throw badArgument("E_USAGE", missing, expected, undefined);
  }
  checkNumber(min, minName, spacing.zeroEnd === true && last === "sigmaMin" ? { min: 0 } : { above: 0 });
  checkNumber(max, maxName, { above: min });

  const parameters = Object.freeze({ steps, last, [minName]: min, [maxName]: max, ...spacing.parameters });
  const toTime = (end: number, name: string, process: Process): number => {
    if (byTime) {
      if (end > process.end) {
        throw badArgument("E_RANGE", name, `a time at most ${process.end} (the end of ${process.name})`, end);
      }
      return end;
    }
    const t = process.timeOfSigma(end);
    if (t <= process.end) return t;
    // The level of the end itself may map to a time that is larger by a rounding.
    const largest = process.sigma(process.end);
    if (end <= largest) return process.end;
    throw badArgument("E_RANGE", name, `a noise level at most ${largest} (the end of ${process.name})`, end);
  };

  return Object.freeze({
    name: spacing.name,
    parameters,
    times(process: Process): Float64Array {
      const tMax = toTime(max, maxName, process);
      const tMin = toTime(min, minName, process);
      const ofTime = spacing.of === "time";
      const upper = ofTime ? tMax : byTime ? process.sigma(max) : max;
      const lower = ofTime ? tMin : byTime ? process.sigma(min) : min;
      const times = new Float64Array(steps + 1);
      const intervals = last === "zero" ? steps - 1 : steps;
      times[0] = tMax;
      for (let i = 1; i < intervals; i++) {
        const value = spacing.at(upper, lower, i / intervals);
        times[i] = ofTime ? value : process.timeOfSigma(value);
      }
      if (intervals > 0) times[intervals] = tMin;
      if (last === "zero") times[steps] = 0;
      for (let i = 0; i < steps; i++) {
        if (!(times[i] > times[i + 1])) {
          throw new VkernelError("E_RANGE", {
            argument: "steps",
            expected: `few enough that float64 tells the times between ${tMin} and ${tMax} apart`,
            got: `${steps}`,
          });
        }
      }
      return times;
    },
  });
}
