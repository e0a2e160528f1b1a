import type { AnyField } from "../sampler/abilities.js";
import type { TimeRange } from "../score/field.js";
import type { RunSpec } from "./spec.js";

/** A digit more than the times of a grid may be off by rounding. */
const ROUNDING = 1e-9;

/** What has to be said of a run, in sentences; none for most. */
export function notesOf(field: AnyField, run: Pick<RunSpec, "sampler" | "times" | "noise">): string[] {
  return [...outside(field, run.times), ...idle(run)];
}

/** A learned field that is asked at times on which it was not fitted. */
function outside(field: AnyField, times: Float64Array): string[] {
  const { process } = field;
  const fitted = fittedOf(field);
  if (fitted === undefined) return [];
  const asked = times.filter((t) => t > 0);
  if (asked.length === 0) return [];
  const low = asked.reduce((a, b) => Math.min(a, b));
  const high = asked.reduce((a, b) => Math.max(a, b));
  const notes: string[] = [];
  const range = `the field was fitted on t in [${short(fitted.tMin)}, ${short(fitted.tMax)}] and is asked for t`;
  const nothing = "no sample has held its weights there, so that it extrapolates";
  if (high > fitted.tMax * (1 + ROUNDING)) {
    notes.push(
      `${range} = ${short(high)}: ${nothing}; start at tMax ${short(fitted.tMax)} (--t-max; sigma ${short(process.sigma(fitted.tMax))}), or fit up to ${short(high)}`,
    );
  }
  if (low < fitted.tMin * (1 - ROUNDING)) {
    notes.push(
      `${range} = ${short(low)}: ${nothing}; end at tMin ${short(fitted.tMin)} (--t-min; sigma ${short(process.sigma(fitted.tMin))}), or fit down to ${short(low)}`,
    );
  }
  return notes;
}

/** The times that a field was fitted on, where it was learned. */
export const fittedOf = (field: AnyField): TimeRange | undefined =>
  field.kind === "step" ? undefined : field.fitted;

/** Noise that was asked for, of a sampler that takes none. */
function idle({ sampler, noise }: Pick<RunSpec, "sampler" | "noise">): string[] {
  if (sampler.noise !== "none" || noise === "independent") return [];
  const what = noise === "shared" ? 'noise "shared"' : "the noise that was given";
  return [`${sampler.name} takes no noise: ${what} changes nothing`];
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
