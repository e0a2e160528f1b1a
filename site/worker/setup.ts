import {
  type Engine,
  type ExactScore,
  exactScore,
  type Grid,
  lShape,
  type Mixture,
  polygon,
  randomOutlier,
} from "../../src/index.js";
import { line } from "../../src/data/builtin.js";
import { notesOf } from "../../src/run/notes.js";
import { gridOf, processOf } from "../compute/make.js";
import { type Playable, playable } from "../compute/playable.js";
import { averageOf } from "../compute/smoothing.js";
import { processTable } from "../state/choices.js";
import { scoreOf, type View } from "../state/state.js";

/** The points of a built-in set of the plane. */
async function builtIn(set: View["set"]): Promise<Float64Array> {
  if (set === "line") return line().points;
  if (set === "l") return lShape().points;
  if (set === "random") return randomOutlier().points;
  if (set === "two" || set === "four") {
    const { fourPoints, twoPoints } = await import("./shapes.js");
    return (set === "two" ? twoPoints() : fourPoints()).points;
  }
  return polygon().points;
}

/** The training points of a view, and their two precisions. */
export interface Data {
  /** `[count, 2]` */
  readonly points: Float64Array;
  /** For particles and maps. */
  readonly f32: Mixture<"f32">;
  /** For what is shown as a number. */
  readonly f64: Mixture<"f64">;
  readonly notices: readonly string[];
  dispose(): void;
}

/** What a view's particles are driven by. */
export interface Drive extends Playable<"f32"> {
  /** For what is shown as a number. */
  readonly exact64: ExactScore<"f64">;
  readonly grid: Grid;
  readonly times: Float64Array;
}

/** The points of a view: a built-in set, or the user's own. */
export async function loadData(engine: Engine, view: View): Promise<Data> {
  const notices: string[] = [];
  let points: Float64Array;
  if (view.set === "own" && view.points.length >= 2) {
    points = Float64Array.from(view.points.slice(0, view.points.length - (view.points.length % 2)));
  } else {
    if (view.set === "own") notices.push("There are no points of your own yet: the polygon is shown.");
    points = await builtIn(view.set);
  }
  const f32 = engine.mixture(Float32Array.from(points), { dim: 2 });
  const f64 = engine.mixture(points, { dim: 2, precision: "f64" });
  return {
    points,
    f32,
    f64,
    notices,
    dispose() {
      f32.dispose();
      f64.dispose();
    },
  };
}

/** Half the least distance of two different points: the delta of Chen 2025. */
function halfGap(points: Float64Array): number | undefined {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < points.length; i += 2) {
    for (let j = 0; j < i; j += 2) {
      const dx = points[i] - points[j];
      const dy = points[i + 1] - points[j + 1];
      const square = dx * dx + dy * dy;
      if (square > 0 && square < least) least = square;
    }
  }
  return Number.isFinite(least) ? Math.sqrt(least) / 2 : undefined;
}

/** Makes what a view asks for; what does not go together is put right, and said. */
export async function makeDrive({ f32, f64, points }: Data, view: View): Promise<Drive> {
  const process = processOf(view.process);
  const played = await playable(view, {
    data: f32,
    process,
    half: halfGap(points),
    average: averageOf(points),
    start: processTable[view.process].start,
    initial: "noise",
  });
  const { field, sampler } = played;
  const grid = gridOf(played.recipe.grid);
  const times = grid.times(process);
  return {
    ...played,
    exact64: exactScore(f64, process),
    grid,
    times,
    notices: [...played.notices, ...notesOf(field, { sampler, times, noise: "independent" })],
  };
}

/** What of a view its data depend on; its drive; its run. */
export const dataKey = ({ set, points }: View): string => JSON.stringify([set, set === "own" ? points : []]);
export const driveKey = (view: View): string =>
  JSON.stringify([
    dataKey(view),
    view.process,
    scoreOf(view),
    view.sampler,
    view.grid,
    view.steps,
    view.epsilon,
  ]);
