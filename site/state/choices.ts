/**
 * What can be chosen on the page, each in one table: the names that links carry, in the order of the controls, and what the
 * page has to know of them. A name of a sampler, a process or a grid is the library's, unless its row has another.
 */

type Makers = typeof import("../../src/sampler/samplers.js");
/** The library's makers of samplers. */
export type SamplerMaker = keyof Makers;

type OptionsOf<M> = M extends (options?: infer O) => unknown ? (unknown extends O ? never : O) : never;
type All<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;
/** Options of any of them: each checks that it knows those that it is given. */
export type SamplerOptions = All<OptionsOf<Makers[SamplerMaker]>>;

interface Row {
  /** In its control. */
  readonly label: string;
}

interface SamplerRow extends Row {
  /** In sentences, where it is called otherwise there. */
  readonly called?: string;
  /** The library's maker, where it has another name, and the options that it is given. */
  readonly maker?: SamplerMaker;
  readonly options?: SamplerOptions;
  /** Looks at the score in one step; one, unless given. */
  readonly looks?: number;
  /** What it draws has neither the law of the probability flow nor that of the reverse SDE, however small its steps. */
  readonly neither?: true;
}

const samplerRows = {
  euler: { label: "Euler" },
  heun: { label: "Heun", looks: 2 },
  rk4: { label: "Runge-Kutta 4", called: "RK4", looks: 4 },
  dpmpp2m: { label: "DPM-Solver++ 2M", called: "DPM-Solver++(2M)" },
  dopri5: { label: "Dormand-Prince 5", called: "Dopri5", looks: 6 },
  eulerMaruyama: { label: "Euler-Maruyama" },
  // With the noise of Cao et al. 2025, Eq. 4.19, as it is printed: half the variance.
  eulerMaruyamaPrinted: {
    label: "The same, noise as printed",
    called: "Euler-Maruyama with the noise as printed",
    maker: "eulerMaruyama",
    options: { noise: "asPrinted" },
    neither: true,
  },
  ancestral: { label: "Ancestral", called: "the ancestral sampler" },
  posterior: { label: "Posterior", called: "the posterior sampler" },
  predictorCorrector: { label: "Predictor-corrector", called: "the predictor-corrector", neither: true },
} as const satisfies Readonly<Record<string, SamplerRow>>;

interface EstimatorRow extends Row {
  /** In sentences of the 1-D tab. */
  readonly called: string;
  /** What of a view it depends on beside the process: the naive estimator's numbers, or the width of what is smoothed. */
  readonly reads?: "draws" | "noiseTime" | "width";
}

/** Whose score drives the particles; "kde": samples of the Gaussian kernel density of width epsilon, no flow at all. */
const estimatorRows = {
  exact: { label: "Exact", called: "exact score" },
  naive: { label: "Naive, R draws", called: "naive score", reads: "draws" },
  noiseTime: { label: "Exact with noise", called: "naive score, noise time", reads: "noiseTime" },
  effective: { label: "Effective SDE", called: "effective SDE", reads: "draws" },
  smoothed: { label: "Smoothed", called: "smoothed score", reads: "width" },
  piecewise: { label: "Piecewise linear", called: "piecewise score", reads: "width" },
  kde: { label: "Kernel density", called: "exact score" },
} as const satisfies Readonly<Record<string, EstimatorRow>>;

/** What further panes show: the first that no pane has yet. */
export const compared = ["naive", "smoothed", "kde", "effective", "noiseTime"] as const;

interface ProcessRow extends Row {
  /** Where runs start: the noise is several times as wide as the built-in sets, and still in sight. */
  readonly start: number;
  /** The largest time there is to show. */
  readonly horizon: number;
}

const processRows = {
  edm: { label: "EDM", start: 3, horizon: 80 },
  ve: { label: "VE, S = t", start: 9, horizon: 80 },
  vp: { label: "VP", start: 1, horizon: 1 },
  ou: { label: "Ornstein-Uhlenbeck", start: 3, horizon: 5 },
} as const satisfies Readonly<Record<string, ProcessRow>>;

const gridRows = {
  karras: { label: "Karras" },
  linear: { label: "Linear" },
  logarithmic: { label: "Logarithmic" },
  squareRoot: { label: "Square root" },
} as const satisfies Readonly<Record<string, Row>>;

interface SetRow extends Row {
  /** The library's name, where it has another. */
  readonly named?: string;
  /** Images: a set of the Digits tab alone. */
  readonly images?: true;
}

const setRows = {
  polygon: { label: "Polygon" },
  line: { label: "Line" },
  l: { label: "L", named: "L" },
  random: { label: "Random" },
  two: { label: "Two points" },
  four: { label: "Four on a line" },
  own: { label: "Your own" },
  digits: { label: "Digits", images: true },
  fashion: { label: "Clothes", images: true },
} as const satisfies Readonly<Record<string, SetRow>>;

/**
 * What colours the plane. "fraction" is f = tr C / (tr C + |s|^2), fixed to [0, 1]; "residual" is what the kernels give for it
 * less what plain float64 gives.
 */
const quantityRows = {
  none: { label: "Nothing" },
  fraction: { label: "f = tr C / (tr C + |s|\u00b2)" },
  proxyVariance: { label: "tr C" },
  vKernel: { label: "tr V" },
  logDensity: { label: "log p" },
  scoreNorm: { label: "|s|" },
  posteriorEntropy: { label: "Entropy of the weights" },
  cells: { label: "Nearest point" },
  residual: { label: "Kernels less plain float64" },
} as const satisfies Readonly<Record<string, Row>>;

export type SamplerName = keyof typeof samplerRows;
export type EstimatorName = keyof typeof estimatorRows;
export type ProcessName = keyof typeof processRows;
export type GridName = keyof typeof gridRows;
export type SetName = keyof typeof setRows;
export type MapQuantity = keyof typeof quantityRows;

/** A row is named like the library's maker, or has one. */
export const samplerTable: {
  readonly [K in SamplerName]: SamplerRow &
    (K extends SamplerMaker ? object : { readonly maker: SamplerMaker });
} = samplerRows;
export const estimatorTable: Readonly<Record<EstimatorName, EstimatorRow>> = estimatorRows;
export const processTable: Readonly<Record<ProcessName, ProcessRow>> = processRows;
export const gridTable: Readonly<Record<GridName, Row>> = gridRows;
export const setTable: Readonly<Record<SetName, SetRow>> = setRows;
export const quantityTable: Readonly<Record<MapQuantity, Row>> = quantityRows;

/** The names of a table, in its order. */
export const namesOf = <T extends string>(table: Readonly<Record<T, object>>): readonly T[] =>
  Object.keys(table) as T[];

/** Names with their labels, as a control lists them. */
export const labelled = <T extends string>(
  table: Readonly<Record<T, Row>>,
): readonly (readonly [T, string])[] => namesOf(table).map((name) => [name, table[name].label]);
