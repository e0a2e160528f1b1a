import {
  estimatorTable,
  gridTable,
  namesOf,
  processTable,
  quantityTable,
  samplerTable,
  setTable,
} from "./choices.js";
import {
  mostPanes,
  mostPoints,
  type Overlays,
  pointScale,
  ranges,
  reverseStarts,
  type State,
  tabs,
  type View,
} from "./state.js";

/** Said of what was put right; one sentence each. */
export type Say = (text: string) => void;

/** What numbers are called on the page, so that a notice reads as the control does. */
export const labels = {
  t: "t",
  epsilon: "epsilon",
  steps: "steps",
  draws: "R",
  noiseTime: "noise time",
  smoothingKappa: "kappa (smoothing)",
  tau: "tau",
  start: "t0",
  horizon: "T*",
  fewSteps: "few steps",
  particles: "particles",
  seed: "seed",
  point: "a coordinate",
  centre: "the centre",
  half: "the zoom",
  speed: "speed",
} as const satisfies Record<keyof typeof ranges, string>;

const whole = new Set<keyof typeof ranges>(["steps", "draws", "fewSteps", "particles", "seed"]);

/** A number within the range of its name: nearest value allowed; `fallback` where it is none. */
export function clampNumber(name: keyof typeof ranges, value: unknown, fallback: number, say: Say): number {
  const [least, most] = ranges[name];
  if (typeof value !== "number" || Number.isNaN(value)) {
    say(`${labels[name]} is no number: ${fallback} stays.`);
    return fallback;
  }
  const rounded = whole.has(name) && Number.isFinite(value) ? Math.round(value) : value;
  // + 0: a link has no minus zero.
  const clamped = Math.min(most, Math.max(least, rounded)) + 0;
  if (clamped !== rounded) say(`${labels[name]} goes from ${least} to ${most}: ${clamped} is taken.`);
  return clamped;
}

/** What somebody wrote, cut to a length that can be read in a notice. */
export function quote(value: unknown): string {
  const text = String(value);
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}

function word<T extends string>(name: string, list: readonly T[], value: unknown, fallback: T, say: Say): T {
  if ((list as readonly unknown[]).includes(value)) return value as T;
  say(`${name} has no ${quote(value)}: ${fallback} stays.`);
  return fallback;
}

function clampPoints(points: readonly number[], say: Say): readonly number[] {
  let list = points.length % 2 === 0 ? points : points.slice(0, -1);
  if (list.length > 2 * mostPoints) {
    say(`A set has at most ${mostPoints} points: the first ${mostPoints} of ${list.length / 2} are taken.`);
    list = list.slice(0, 2 * mostPoints);
  }
  if (!list.every(Number.isFinite)) {
    say("Points that are no numbers are left out.");
    const kept: number[] = [];
    for (let i = 0; i < list.length; i += 2) {
      const [x, y] = [list[i], list[i + 1]];
      if (Number.isFinite(x) && Number.isFinite(y)) kept.push(x, y);
    }
    list = kept;
  }
  const [least, most] = ranges.point;
  if (list.some((value) => value < least || value > most))
    say(`Coordinates go from ${least} to ${most}: what is beyond is moved there.`);
  return list.map((value) => {
    const clamped = Math.min(most, Math.max(least, value));
    return Math.round(clamped * pointScale) / pointScale + 0;
  });
}

/** What of a view is a word: what notices call it, and what it may be. */
type Words = Pick<View, "set" | "process" | "estimator" | "sampler" | "grid" | "quantity">;
const viewWords: { readonly [K in keyof Words]: readonly [string, Readonly<Record<Words[K], object>>] } = {
  set: ["Data", setTable],
  process: ["Process", processTable],
  estimator: ["Estimator", estimatorTable],
  sampler: ["Sampler", samplerTable],
  grid: ["Grid", gridTable],
  quantity: ["Quantity", quantityTable],
};

const viewNumbers = [
  "epsilon",
  "steps",
  "draws",
  "noiseTime",
  "smoothingKappa",
  "start",
  "particles",
] as const;

/** Part of a view with every value allowed; what is wrong falls back to `old`'s. */
export function clampView(patch: Partial<View>, old: View, say: Say): Partial<View> {
  const out: { -readonly [K in keyof View]?: View[K] } = { ...patch };
  for (const name of Object.keys(patch) as (keyof View)[]) {
    if (name in old) continue;
    say(`A view has no ${quote(name)}.`);
    delete out[name];
  }
  const choose = <K extends keyof Words>(name: K): void => {
    const value = patch[name];
    const [what, table] = viewWords[name];
    if (value !== undefined) out[name] = word(what, namesOf(table), value, old[name], say);
  };
  for (const name of namesOf(viewWords)) choose(name);
  if (patch.points !== undefined && patch.points !== old.points) out.points = clampPoints(patch.points, say);
  for (const name of viewNumbers) {
    const value = patch[name];
    if (value !== undefined) out[name] = clampNumber(name, value, old[name], say);
  }
  if (patch.tau !== undefined && patch.tau !== "tied")
    out.tau = clampNumber("tau", patch.tau, old.tau === "tied" ? 0 : old.tau, say);
  if (patch.overlays !== undefined) {
    const given: Partial<Overlays> = patch.overlays;
    const { arrows, voronoi, trajectories, ellipses } = { ...old.overlays, ...given };
    out.overlays = {
      arrows: arrows === true,
      voronoi: voronoi === true,
      trajectories: trajectories === true,
      ellipses: ellipses === true,
    };
  }
  return out;
}

/** A state with every value allowed; what is wrong falls back to `old`'s. */
export function clampState(state: State, old: State, say: Say): State {
  const view: View = state.view === old.view ? old.view : (clampView(state.view, old.view, say) as View);
  const panes =
    state.panes === old.panes
      ? old.panes
      : state.panes.slice(0, mostPanes).map((pane) => clampView(pane, view, say));
  const t = clampNumber("t", state.t, old.t, say);
  const end = processTable[view.process].horizon;
  if (t > end) say(`${view.process} ends at t = ${end}: ${end} is taken.`);
  const { x, y, half } = state.camera;
  const numbers = {
    x: clampNumber("centre", x, old.camera.x, say),
    y: clampNumber("centre", y, old.camera.y, say),
    half: clampNumber("half", half, old.camera.half, say),
  };
  return {
    tab: word("The page", tabs, state.tab, old.tab, say),
    story: state.story === undefined || /^[\w-]{1,40}$/.test(state.story) ? state.story : old.story,
    view,
    panes,
    t: Math.min(t, end),
    seed: clampNumber("seed", state.seed, old.seed, say),
    horizon: clampNumber("horizon", state.horizon, old.horizon, say),
    reverseStart: word("The reverse start", reverseStarts, state.reverseStart, old.reverseStart, say),
    fewSteps: clampNumber("fewSteps", state.fewSteps, old.fewSteps, say),
    ownImages: state.ownImages === true,
    camera: state.camera === old.camera ? old.camera : numbers,
    theme: word("Theme", ["auto", "light", "dark"] as const, state.theme, old.theme, say),
    speed: clampNumber("speed", state.speed, old.speed, say),
  };
}
