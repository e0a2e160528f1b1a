import type { Mixture } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "../process/process.js";
import { checkRequest } from "./evaluate/request.js";
import type { Places } from "./field.js";

/** Places as float64 rows and one time for each. */
export function checkPlaces(
  data: Mixture,
  process: Process,
  places: Places,
  argument: string,
): { x: Float64Array; times: Float64Array; count: number } {
  if (places === null || typeof places !== "object" || !("x" in places) || !("t" in places)) {
    throw badArgument("E_TYPE", argument, "an object { x, t }", places);
  }
  const { x, count, times } = checkRequest(data, process, places.x, places.t, [] as const);
  return {
    x: Float64Array.from(x),
    count,
    times: times.length === 1 ? new Float64Array(count).fill(times[0]) : times,
  };
}
