/**
 * All that the explorer shows, as one plain value: what a link carries, what undo goes back to, what the worker is told.
 * Nothing here is computed and nothing is a pixel.
 */
import type { EstimatorName, GridName, MapQuantity, ProcessName, SamplerName, SetName } from "./choices.js";

export const tabs = ["map", "particles", "line", "pde", "digits", "compare"] as const;
export type Tab = (typeof tabs)[number];

/**
 * The law that the reverse process of the PDE tab starts from: what the process tends to, the law of the data at the horizon,
 * N(0, S), N(0, 1).
 */
export const reverseStarts = ["auto", "marginal", "noise", "normal"] as const;
export type ReverseStart = (typeof reverseStarts)[number];

export interface Overlays {
  readonly arrows: boolean;
  readonly voronoi: boolean;
  readonly trajectories: boolean;
  readonly ellipses: boolean;
}

/** What one pane shows. */
export interface View {
  readonly set: SetName;
  /** `[count, 2]`, row-major: the user's own points, where `set` is "own". */
  readonly points: readonly number[];
  readonly process: ProcessName;
  readonly estimator: EstimatorName;
  readonly sampler: SamplerName;
  readonly grid: GridName;
  readonly steps: number;
  /** The last time of a run. */
  readonly epsilon: number;
  /** Draws of the naive estimator, Vastola 2025's R. */
  readonly draws: number;
  /** In units of t: the naive estimator's `noiseTime`, with which small steps have a limit (docs/mathematics.md). */
  readonly noiseTime: number;
  /** Width of the smoothed score: delta - sqrt(kappa t), and the kappa of the piecewise score. */
  readonly smoothingKappa: number;
  /** A fixed width as a share of delta, 0 to 0.99; "tied": it follows t by `smoothingKappa`. */
  readonly tau: number | "tied";
  /** Where the runs of the 1-D tab start, from the exact law there: t0 of Chen 2025. */
  readonly start: number;
  readonly particles: number;
  readonly quantity: MapQuantity;
  readonly overlays: Overlays;
}

/** What of a view decides whose score drives, beside the process. */
export const scoreOf = ({ estimator, draws, noiseTime, smoothingKappa, tau }: View): readonly unknown[] => [
  estimator,
  draws,
  noiseTime,
  smoothingKappa,
  tau,
];

export interface State {
  readonly tab: Tab;
  /** The story that is open, by name; its cards hold the view to numbers. */
  readonly story: string | undefined;
  readonly view: View;
  /** Compare: the panes beside the first; each differs from `view` where it says so. At most three. */
  readonly panes: readonly Partial<View>[];
  /** The time that is shown, shared by all panes. */
  readonly t: number;
  readonly seed: number;
  /** The PDE tab: where the forward process ends and the reverse one starts, T* of Cao et al. 2025. */
  readonly horizon: number;
  /** The PDE tab: what the reverse process starts from there. */
  readonly reverseStart: ReverseStart;
  /** The Digits tab: steps of the run that takes few. */
  readonly fewSteps: number;
  /** The Digits tab: the reader's own images alone, without a set. The images themselves stay in the page. */
  readonly ownImages: boolean;
  /** Centre and half the width of what the stage shows. */
  readonly camera: { readonly x: number; readonly y: number; readonly half: number };
  readonly theme: "auto" | "light" | "dark";
  /** 1-based speed of play: grid steps per frame are chosen from it. */
  readonly speed: number;
}

export const defaultView: View = {
  set: "polygon",
  points: [],
  process: "edm",
  estimator: "exact",
  sampler: "heun",
  grid: "karras",
  steps: 100,
  epsilon: 0.02,
  draws: 1,
  noiseTime: 0.1,
  smoothingKappa: 0.4,
  tau: "tied",
  start: 0.3,
  particles: 20_000,
  quantity: "fraction",
  overlays: { arrows: false, voronoi: false, trajectories: false, ellipses: false },
};

export const defaultState: State = {
  tab: "particles",
  story: undefined,
  view: defaultView,
  panes: [],
  t: 0.1,
  seed: 1,
  horizon: 2,
  reverseStart: "auto",
  fewSteps: 4,
  ownImages: false,
  camera: { x: 0, y: 0, half: 2 },
  theme: "auto",
  speed: 1,
};

/** Points of one's own that a state holds; coordinates are kept to 1 / `pointScale`, so that links carry them exactly. */
export const mostPoints = 2000;
export const pointScale = 10_000;

/** Panes beside the first. */
export const mostPanes = 3;

/** The least and largest value of what is a number; both are allowed. */
export const ranges = {
  t: [1e-4, 80],
  epsilon: [1e-4, 0.5],
  steps: [1, 1000],
  draws: [1, 64],
  noiseTime: [0, 2],
  smoothingKappa: [0, 2],
  tau: [0, 0.99],
  start: [1e-4, 80],
  horizon: [0.25, 4],
  fewSteps: [1, 20],
  particles: [1, 500_000],
  seed: [0, 2 ** 32 - 1],
  point: [-100, 100],
  centre: [-100, 100],
  half: [0.01, 200],
  speed: [0.1, 10],
} as const;
