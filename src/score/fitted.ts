import type { Process } from "../process/process.js";
import type { TimeRange } from "./field.js";

/** A digit more than the times of a grid may be off by rounding. */
const ROUNDING = 1e-9;

/** What has to be said of a learned field that is asked at times on which it was not fitted. */
export function beyondFit(
  { process, fitted }: { readonly process: Process; readonly fitted?: TimeRange | undefined },
  times: ArrayLike<number>,
): string[] {
  if (fitted === undefined) return [];
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < times.length; i++) {
    const t = times[i];
    if (!(t > 0)) continue;
    low = Math.min(low, t);
    high = Math.max(high, t);
  }
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

const short = (value: number): string => String(Number(value.toPrecision(4)));
