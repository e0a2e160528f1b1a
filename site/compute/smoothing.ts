import type { Process } from "../../src/process/index.js";
import type { View } from "../state/state.js";

/**
 * A width that scores are averaged over, 2 tau: tau = alpha delta - sqrt(kappa S), which leaves the score of each point its own
 * neighbourhood (Chen 2025), or a share of alpha delta; delta is half the least distance of two points.
 */
export type Smoothing = { readonly half: number } & ({ readonly kappa: number } | { readonly share: number });

/**
 * How boxes are averaged where there is no closed form: over few places, the same at every query; "pairs", of images: over
 * Gaussian draws in opposite pairs.
 */
export type Average =
  | { readonly rule: "quasi"; readonly count: number }
  | { readonly rule: "pairs"; readonly count: number };

export const smoothingOf = ({ tau, smoothingKappa }: View, half: number): Smoothing =>
  tau === "tied" ? { half, kappa: smoothingKappa } : { half, share: tau };

/** tau at time t, in units of x. */
export function widthAt(smoothing: Smoothing, process: Process, t: number): number {
  const { half } = smoothing;
  const alpha = process.alpha(t);
  if ("share" in smoothing) return smoothing.share * half * alpha;
  return Math.max(0, alpha * half - Math.sqrt(smoothing.kappa * process.variance(t)));
}

/** A smoothing whose width would be less than this share of the gap's half is none. */
const LEAST_WIDTH = 1e-3;

/** The same where it is wide enough to be seen. */
export function shownWidth(smoothing: Smoothing, process: Process, t: number): number | undefined {
  const width = widthAt(smoothing, process, t);
  return width > LEAST_WIDTH * process.alpha(t) * smoothing.half ? width : undefined;
}

/** The latest time from which on the score is smoothed down to `end`, at most `start`. */
export function smoothedFrom(
  smoothing: Smoothing,
  process: Process,
  { start, end }: { readonly start: number; readonly end: number },
): number | undefined {
  if (shownWidth(smoothing, process, end) === undefined) return undefined;
  if (shownWidth(smoothing, process, start) !== undefined) return start;
  let [low, high] = [end, start];
  for (let round = 0; round < 60; round++) {
    const middle = Math.sqrt(low * high);
    if (shownWidth(smoothing, process, middle) === undefined) high = middle;
    else low = middle;
  }
  return low;
}

/**
 * How boxes of the plane are averaged: in closed form where the points vary along one axis, else over few places, the same at
 * every query, which is what a picture that moves has time for.
 */
export function averageOf(points: ArrayLike<number>): Average | undefined {
  const varies = (axis: number): boolean => {
    for (let i = axis; i < points.length; i += 2) if (points[i] !== points[axis]) return true;
    return false;
  };
  return varies(0) && varies(1) ? { rule: "quasi", count: 64 } : undefined;
}
