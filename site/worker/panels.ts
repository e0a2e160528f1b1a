/**
 * What the tabs 1-D, Digits and PDE ask of the worker, and what comes back: plain data, part of the protocol. Arrays are fresh
 * and handed over; numbers are float64.
 */
import type { ReverseStart, View } from "../state/state.js";

type Numbers = Float64Array<ArrayBuffer>;

export type PanelRequest =
  /** Density and scores at `places` evenly spaced places of the line, at time `t`. */
  | { readonly kind: "curves"; readonly view: View; readonly t: number; readonly places: number }
  /** Where the flow from `view.start` takes `places` places, and how `paths` of them go there. */
  | {
      readonly kind: "flow";
      readonly view: View;
      readonly seed: number;
      readonly places: number;
      readonly paths: number;
    }
  /** Densities of the forward and of a reverse equation from noise to data. */
  | {
      readonly kind: "densities";
      readonly view: View;
      readonly horizon: number;
      readonly start: DensityStart;
    }
  /** Particles of the reverse process at the same times, in bins. */
  | {
      readonly kind: "densityParticles";
      readonly view: View;
      readonly horizon: number;
      readonly start: DensityStart;
      readonly seed: number;
      readonly particles: number;
      readonly bins: number;
    }
  /** The share of these particles that have reached the cell of their end. */
  | {
      readonly kind: "captureShares";
      readonly view: View;
      readonly horizon: number;
      readonly start: DensityStart;
      readonly seed: number;
      readonly particles: number;
    }
  /** What the exact reverse process generates: Corollary 3.2 of Cao et al. 2025. */
  | {
      readonly kind: "generatedMasses";
      readonly view: View;
      readonly horizon: number;
      readonly start: DensityStart;
    }
  /** The naive reversal of diffusion, Eq. 2.3, until it is stopped. */
  | {
      readonly kind: "reversal";
      readonly view: View;
      readonly horizon: number;
      readonly start: DensityStart;
    }
  /** Puts images of the reader's own beside those of `set` (or in their place); they stay until others come. */
  | {
      readonly kind: "ownImages";
      /** `[count, height * width]`, 0 (black) to 1 (white). */
      readonly values: Float32Array<ArrayBuffer>;
      readonly width: number;
      readonly height: number;
    }
  /** What the training images are; of the reader's own, what is nearest to each. */
  | { readonly kind: "imageSet"; readonly set: ImageSetName }
  /** Samples at the time of a run that is nearest to `t`, each beside its nearest training image. */
  | {
      readonly kind: "imageRun";
      readonly set: ImageSetName;
      readonly way: ImageWay;
      readonly view: View;
      readonly fewSteps: number;
      readonly seed: number;
      readonly t: number;
      readonly count: number;
    }
  /** Particles of a run from `view.start`, in `bins` at the time of the run nearest to `t`, beside their law. */
  | {
      readonly kind: "histogram";
      readonly view: View;
      readonly seed: number;
      readonly t: number;
      readonly bins: number;
    };

/** "own": the reader's images alone. */
export const imageSets = ["digits", "fashion", "own"] as const;
export type ImageSetName = (typeof imageSets)[number];

/** The exact score in many steps, smoothed in many, exact in few. */
export const imageWays = ["exact", "smoothed", "few"] as const;
export type ImageWay = (typeof imageWays)[number];

export interface ImageSet {
  /** All of them, and how many are the reader's own: the last ones. */
  readonly count: number;
  readonly own: number;
  readonly width: number;
  readonly height: number;
  /** Half the median distance of an image from its nearest other one. */
  readonly half: number;
  readonly source: string;
  /** Of the first 48 of the reader's own: the nearest of all images, its distance, and the distance of the nearest other one. */
  readonly nearest: Int32Array<ArrayBuffer>;
  readonly distance: Numbers;
  readonly second: Numbers;
}

export interface ImageRun {
  readonly way: ImageWay;
  readonly width: number;
  readonly height: number;
  readonly t: number;
  readonly sigma: number;
  readonly step: number;
  readonly steps: number;
  /** `[count, height * width]`, 0 (black) to 255, noise shrunk so that it stays in sight; and the images nearest to them. */
  readonly samples: Uint8ClampedArray<ArrayBuffer>;
  readonly neighbours: Uint8ClampedArray<ArrayBuffer>;
  readonly nearest: Int32Array<ArrayBuffer>;
  /** What the nearest image is of, in words. */
  readonly labels: readonly string[];
  /** Distance from the nearest image, and its ratio to that from the second nearest. */
  readonly distance: Numbers;
  readonly ratio: Numbers;
  readonly sampler: string;
  readonly notices: readonly string[];
}

/** The law that a reverse process starts from: that of the data, N(0, S), N(0, 1). */
export type DensityStart = Exclude<ReverseStart, "auto">;

/** Rows are times, descending; `[times, cells]`. */
export interface Densities extends OnLine {
  readonly times: Numbers;
  /** Centres of the cells. */
  readonly x: Numbers;
  /** Which equation runs back, in words: that of the sampler. */
  readonly equation: string;
  readonly forward: Numbers;
  readonly backward: Numbers;
  /** The mixture of Gaussians, by its formula. */
  readonly exact: Numbers;
  readonly forwardMass: Numbers;
  readonly backwardMass: Numbers;
  /** RGBA through cividis by the root of the density, each row for itself. */
  readonly forwardPixels: Uint8ClampedArray<ArrayBuffer>;
  readonly backwardPixels: Uint8ClampedArray<ArrayBuffer>;
}

export interface ParticleBins extends OnLine {
  readonly times: Numbers;
  readonly particles: number;
  readonly edges: Numbers;
  /** `[times, bins]` */
  readonly counts: Numbers;
}

/** One value per time. */
export interface CaptureShares extends OnLine {
  readonly times: Numbers;
  readonly particles: number;
  readonly inFinalCell: Numbers;
  readonly settled: Numbers;
  /** Standard errors of `inFinalCell`. */
  readonly error: Numbers;
  /** Exactly, where it is known; NaN at the horizon itself. */
  readonly inFinalCellTheory: Numbers | undefined;
  readonly settledTheory: Numbers | undefined;
  /** Whether they follow the probability flow: then laws of the reverse SDE are not theirs. */
  readonly flow: boolean;
  /** The share of particles that end at each point. */
  readonly ends: Numbers;
}

export interface GeneratedMasses extends OnLine {
  readonly horizon: number;
  /** What ends at each point, with its error; and the points' weights. */
  readonly masses: Numbers;
  readonly errors: Numbers;
  readonly weights: Numbers;
  readonly totalVariation: number;
  /** The distance at horizons from 0.25 to 4. */
  readonly horizons: Numbers;
  readonly distances: Numbers;
}

/** Rows are times, descending from the horizon; `[times, cells]`, as many waves as cells. */
export interface Reversal extends OnLine {
  readonly times: Numbers;
  /** What the drift has stretched the line by. */
  readonly scales: Numbers;
  /** Where a run on `fineCells` cells was stopped, before numbers overflow. */
  readonly stopped: { readonly time: number; readonly largest: number } | undefined;
  readonly fineCells: number;
  readonly waveNumbers: Numbers;
  readonly amplitudes: Numbers;
  /** By exp(k^2 v / 2), and as second differences on the grid have it. */
  readonly growth: Numbers;
  readonly gridGrowth: Numbers;
  /** Centres of the cells at the horizon; the densities, and the law of the data, at `x` times the scale. */
  readonly x: Numbers;
  readonly densities: Numbers;
  readonly truth: Numbers;
}

/** The points on the line, and what is said of them. */
export interface OnLine {
  readonly points: Numbers;
  /** What was put right or left out, in words. */
  readonly notices: readonly string[];
}

export interface Curves extends OnLine {
  readonly t: number;
  /** sqrt(S) / alpha at t. */
  readonly sigma: number;
  readonly x: Numbers;
  /** By the library, and by the formula of a Gaussian mixture. */
  readonly density: Numbers;
  readonly densityTheory: Numbers;
  readonly exact: Numbers;
  readonly exactTheory: Numbers;
  /** tau of the smoothed score; undefined where it is not smoothed at t: then it is the exact one. */
  readonly width: number | undefined;
  readonly smoothed: Numbers | undefined;
  /** The difference of log densities at x - tau and x + tau, over 2 tau. */
  readonly smoothedTheory: Numbers | undefined;
  readonly piecewise: Numbers | undefined;
}

export interface Flow extends OnLine {
  /** The times of the run, descending, the last 0; and sqrt(S) / alpha at each. */
  readonly times: Numbers;
  readonly sigmas: Numbers;
  /** Places at the start, ascending. */
  readonly from: Numbers;
  /** Where the exact score takes them, by the sampler and by quantiles: in one dimension a flow keeps them. */
  readonly exact: Numbers;
  readonly exactTheory: Numbers;
  /** Where the chosen score takes them, if it is another; `random`: each place has noise of its own. */
  readonly chosen: Numbers | undefined;
  readonly random: boolean;
  /** The closed form of the smoothed flow, Chen 2025, Eq. 17; undefined where there is none. */
  readonly closedForm: Numbers | undefined;
  /** `[times, paths]`, of the chosen score, from places of equal shares of the law at the start. */
  readonly paths: Numbers;
}

export interface Histogram extends OnLine {
  readonly t: number;
  readonly sigma: number;
  /** Steps done, and of the whole run. */
  readonly step: number;
  readonly steps: number;
  readonly particles: number;
  /** `bins + 1` edges; what lies beyond them counts in `outside`. */
  readonly edges: Numbers;
  /** Particles in each bin; at t = 0 without those that lie on a point. */
  readonly counts: Numbers;
  readonly outside: number;
  /** The mass of the law in each bin, without atoms; undefined where no law is known. */
  readonly theory: Numbers | undefined;
  /** What the law is, in words. */
  readonly law: string;
  /** At t = 0, of each point: the share of the particles that lie on it, and what the law says. */
  readonly atoms: { readonly share: Numbers; readonly theory: Numbers | undefined } | undefined;
}

export interface PanelReplies {
  curves: Curves;
  flow: Flow;
  histogram: Histogram;
  densities: Densities;
  densityParticles: ParticleBins;
  captureShares: CaptureShares;
  generatedMasses: GeneratedMasses;
  reversal: Reversal;
  ownImages: { readonly count: number };
  imageSet: ImageSet;
  imageRun: ImageRun;
}
