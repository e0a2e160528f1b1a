import { isDiverging } from "../../mapColors.js";
import type { Colors } from "../../report/map.js";
import { short } from "../../text.js";
import { conflict } from "../../values.js";
import type { MapChoices } from "./choices.js";
import type { Extremes } from "./extremes.js";

/** A logarithmic scale goes at most this many decades down, unless `--limits` says otherwise. */
const MAX_DECADES = 12;

export function colorsOf(
  choices: MapChoices,
  values: ArrayLike<number>,
  limits: readonly [number, number] | undefined,
  { least, most, positive }: Extremes,
): Colors {
  const [low, high] = [values[least], values[most]];
  const scheme =
    choices.colors ??
    (choices.quantity === "divergence" && low < 0 && high > 0 && !choices.log ? "rdbu" : "viridis");
  const log = choices.log === true;
  if (log && (low < 0 || !(high > 0))) {
    throw conflict(
      "--log",
      `needs values above 0: ${choices.quantity} goes from ${short(low)} to ${short(high)}`,
    );
  }
  if (limits !== undefined) return { scheme, domain: limits, log };
  if (log) {
    return { scheme, domain: [Math.max(positive, high * 10 ** -MAX_DECADES), high], log };
  }
  if (isDiverging(scheme) && low < 0 && high > 0) {
    const size = Math.max(-low, high);
    return { scheme, domain: [-size, size], log };
  }
  return { scheme, domain: [low, high], log };
}
