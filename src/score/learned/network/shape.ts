import { log } from "../../../numeric/elementary.js";
import type { Process } from "../../../process/process.js";
import { cos } from "../../../numeric/trigonometric.js";

/** How a network's output is a score: score = skip x + scale output, and what it sees of (x, t). */
export interface NetworkShape {
  readonly dim: number;
  /**
   * "scaled": inputs (x, log t), score = output / sqrt(S_t) (Chen 2025, A.7). "edm": inputs c_in x / alpha and c_noise, the
   * denoiser c_skip x / alpha + c_out output (Karras et al. 2022, Table 1, at sigma = sqrt(S) / alpha).
   */
  readonly conditioning: "scaled" | "edm";
  /** Sines and cosines of 2 pi 2^k log(sigma) / 4 beside, k from 0: so many pairs. */
  readonly timeFeatures: number;
  /** The spread of the data, which EDM's conditioning takes. */
  readonly sigmaData: number;
}

/** The most units of a layer. */
export const MOST_WIDTH = 4096;
/** The most pairs of sines and cosines. */
export const MOST_TIME_FEATURES = 16;

export const inputCount = ({ dim, timeFeatures }: Pick<NetworkShape, "dim" | "timeFeatures">): number =>
  dim + 1 + 2 * timeFeatures;

/** The numbers of one time. */
export interface TimeShape {
  /** What x is multiplied by at the input. */
  readonly gain: number;
  /** Inputs after x. */
  readonly time: Float64Array;
  readonly skip: number;
  readonly scale: number;
}

export function shapeAt(shape: NetworkShape, process: Process, t: number): TimeShape {
  const [alpha, variance] = [process.alpha(t), process.variance(t)];
  const sigma = Math.sqrt(variance) / alpha;
  const noise = log(sigma) / 4;
  const time = new Float64Array(1 + 2 * shape.timeFeatures);
  time[0] = shape.conditioning === "edm" ? noise : log(t);
  for (let k = 0; k < shape.timeFeatures; k++) {
    const angle = 2 * Math.PI * 2 ** k * noise;
    time[1 + 2 * k] = cos(angle - Math.PI / 2);
    time[2 + 2 * k] = cos(angle);
  }
  if (shape.conditioning === "scaled") return { gain: 1, time, skip: 0, scale: 1 / Math.sqrt(variance) };
  const square = shape.sigmaData * shape.sigmaData;
  const total = sigma * sigma + square;
  // (alpha D - x) / S, with c_skip - 1 = -sigma^2 / (sigma^2 + sd^2).
  return {
    gain: 1 / (alpha * Math.sqrt(total)),
    time,
    skip: -(sigma * sigma) / total / variance,
    scale: (alpha * ((sigma * shape.sigmaData) / Math.sqrt(total))) / variance,
  };
}

/** Inputs of rows, each at its own time; yields the work of each. */
export function* inputsOf(
  shape: NetworkShape,
  x: Float64Array,
  at: (row: number) => TimeShape,
): Generator<number, Float64Array, void> {
  const { dim } = shape;
  const width = inputCount(shape);
  const rows = x.length / dim;
  const out = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const { gain, time } = at(r);
    for (let d = 0; d < dim; d++) out[r * width + d] = gain * x[r * dim + d];
    out.set(time, r * width + dim);
    yield 20 + 2 * width;
  }
  return out;
}
