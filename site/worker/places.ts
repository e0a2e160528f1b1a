import { sample, times } from "../../src/index.js";
import type { State } from "../state/state.js";
import type { Pane } from "./pane.js";
import type { Probe, Replies } from "./protocol.js";

/** The most trajectories that are drawn. */
const MOST_PATHS = 200;

/** What the library says of a place, in float64. */
export function probe(pane: Pane, x: readonly number[], t: number): Probe {
  const { exact64, process } = pane.drive;
  const at = Math.min(t, process.end);
  const place = Float64Array.of(x[0], x[1]);
  const found = exact64.evaluateSync(place, at, [
    "logDensity",
    "score",
    "proxyVariance",
    "posteriorWeights",
    "nearest",
  ]);
  const proxyVariance = found.proxyVariance[0];
  const [sx, sy] = found.score as unknown as [number, number];
  return {
    x: Array.from(place),
    t: at,
    logDensity: found.logDensity[0],
    score: [sx, sy],
    proxyVariance,
    fraction: proxyVariance > 0 ? proxyVariance / (proxyVariance + sx * sx + sy * sy) : 0,
    weights: Array.from(found.posteriorWeights),
    nearest: found.nearest[0],
  };
}

/** Scores and covariances at the middles of `side` x `side` equal squares of what is shown. */
export async function glyphs(
  pane: Pane,
  camera: State["camera"],
  t: number,
  side: number,
): Promise<Replies["glyphs"]> {
  const { exact64, process } = pane.drive;
  const places = new Float64Array(2 * side * side);
  const cell = (2 * camera.half) / side;
  for (let j = 0; j < side; j++) {
    for (let i = 0; i < side; i++) {
      places[2 * (j * side + i)] = camera.x - camera.half + (i + 0.5) * cell;
      places[2 * (j * side + i) + 1] = camera.y + camera.half - (j + 0.5) * cell;
    }
  }
  const { score, proxyCovariance } = await exact64.evaluate(places, Math.min(t, process.end), [
    "score",
    "proxyCovariance",
  ]);
  const covariances = new Float64Array(3 * side * side);
  for (let k = 0; k < side * side; k++) {
    covariances[3 * k] = proxyCovariance[4 * k];
    covariances[3 * k + 1] = proxyCovariance[4 * k + 1];
    covariances[3 * k + 2] = proxyCovariance[4 * k + 3];
  }
  return { places, scores: score, covariances };
}

/** The way of the first particles, or of ones that start from given places at a step of the grid. */
export async function paths(
  pane: Pane,
  seed: number,
  { from, step = 0, count = MOST_PATHS }: { from?: readonly number[]; step?: number; count?: number },
): Promise<Replies["paths"]> {
  const { drive } = pane;
  const { field, sampler } = drive;
  if (from !== undefined) {
    // The last step alone is no way: those start where the run does.
    const begin = step < drive.times.length - 1 ? step : 0;
    const rest = drive.times.slice(begin);
    const initial = Float32Array.from(from);
    const run = await sample(field, {
      sampler,
      grid: times(rest),
      initial,
      seed,
      record: "all",
    });
    return reply(run.trajectories as Float32Array, run.count, rest);
  }
  const some = Math.min(count, MOST_PATHS, pane.view.particles);
  if (drive.recipe.estimator === "kde") return reply(new Float32Array(0), 0, drive.times);
  const { grid } = drive;
  const { initial } = drive.recipe;
  const run = await sample(field, { sampler, grid, initial, count: some, seed, record: "all" });
  return reply(run.trajectories as Float32Array, some, drive.times);
}

/** `[times, paths, 2]`, as runs keep them, to `[paths, times, 2]`. */
function reply(states: Float32Array, count: number, grid: Float64Array): Replies["paths"] {
  const length = grid.length;
  const data = new Float32Array(states.length);
  for (let p = 0; p < count; p++) {
    for (let i = 0; i < length; i++) {
      data[2 * (p * length + i)] = states[2 * (i * count + p)];
      data[2 * (p * length + i) + 1] = states[2 * (i * count + p) + 1];
    }
  }
  return { data, count, times: Array.from(grid) };
}
