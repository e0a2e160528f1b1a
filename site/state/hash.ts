import { defaultState, type Overlays, pointScale, type State, type View } from "./state.js";

/**
 * The state as the fragment of a link: `#v1;tab=map;set=four;n=30;1.smp=euler`. Only what differs from the defaults is in
 * it, under short names; a number is written so that it reads back to the same bits; what a pane changes carries its number.
 */
export const version = "v1";

/** Short names, in the order in which a link has them. */
export const viewKeys = {
  set: "set",
  points: "pts",
  process: "proc",
  estimator: "est",
  sampler: "smp",
  grid: "grid",
  steps: "n",
  epsilon: "eps",
  draws: "r",
  noiseTime: "nt",
  smoothingKappa: "ks",
  tau: "tau",
  start: "t0",
  particles: "count",
  quantity: "q",
  overlays: "ov",
} as const satisfies Record<keyof View, string>;

export const viewNames = Object.keys(viewKeys) as (keyof View)[];
/** Numbers of the state itself. */
export const stateKeys = {
  t: "t",
  seed: "seed",
  horizon: "end",
  fewSteps: "few",
  speed: "speed",
} as const satisfies Partial<Record<keyof State, string>>;

export const stateNames = Object.keys(stateKeys) as (keyof typeof stateKeys)[];

export const overlayLetters: readonly (readonly [keyof Overlays, string])[] = [
  ["arrows", "a"],
  ["voronoi", "v"],
  ["trajectories", "t"],
  ["ellipses", "e"],
];

export const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whole numbers as text of base 64, five bits per letter, the sixth says that more follow: small ones are short. */
function packPoints(points: readonly number[]): string {
  let text = "";
  for (const value of points) {
    const scaled = Math.round(value * pointScale);
    let rest = scaled < 0 ? -2 * scaled - 1 : 2 * scaled;
    do {
      const five = rest % 32;
      rest = Math.floor(rest / 32);
      text += alphabet[five + (rest > 0 ? 32 : 0)];
    } while (rest > 0);
  }
  return text;
}

function writeValue(name: keyof View, view: Partial<View>): string {
  if (name === "points") return packPoints(view.points ?? []);
  if (name === "overlays")
    return overlayLetters.map(([key, letter]) => (view.overlays?.[key] ? letter : "")).join("");
  return String(view[name]);
}

function writeView(view: Partial<View>, base: View | undefined, prefix: string): string[] {
  const parts: string[] = [];
  for (const name of viewNames) {
    if (view[name] === undefined) continue;
    const value = writeValue(name, view);
    if (base === undefined || value !== writeValue(name, base))
      parts.push(`${prefix}${viewKeys[name]}=${value}`);
  }
  return parts;
}

/** What follows the # in a link to this state; empty where nothing differs from the defaults. */
export function encodeState(state: State): string {
  const base = defaultState;
  const parts: string[] = [];
  const add = (key: string, value: unknown, usual: unknown): void => {
    if (value !== usual && value !== undefined) parts.push(`${key}=${String(value)}`);
  };
  add("tab", state.tab, base.tab);
  add("story", state.story, undefined);
  parts.push(...writeView(state.view, base.view, ""));
  state.panes.forEach((pane, i) => {
    const changes = writeView(pane, undefined, `${i + 1}.`);
    parts.push(...(changes.length > 0 ? changes : [`${i + 1}.`]));
  });
  for (const name of stateNames) add(stateKeys[name], state[name], base[name]);
  add("rev", state.reverseStart, base.reverseStart);
  add("own", Number(state.ownImages), Number(base.ownImages));
  const camera = ({ x, y, half }: State["camera"]): string => `${x},${y},${half}`;
  add("cam", camera(state.camera), camera(base.camera));
  add("theme", state.theme, base.theme);
  return parts.length === 0 ? "" : [version, ...parts].join(";");
}
