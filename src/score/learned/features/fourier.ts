import { checkInteger, checkNumber, checkOptions } from "../../../core/check.js";
import { cos, sin } from "../../../numeric/circular.js";
import { log } from "../../../numeric/elementary.js";
import { fillNormals, streams, uniform } from "../../../numeric/random.js";
import {
  checkCount,
  type FeatureMap,
  kernelSlopes,
  separable,
  slopesBy,
  type TimeFactor,
  timeFactor,
  timeName,
} from "./feature.js";
import { bumps, checkRbf, type RbfOptions } from "./rbf.js";

export interface FourierOptions {
  /** The number of features. */
  count: number;
  /** Seed of the frequencies and the offsets, 0 to 2^53 - 1. Default 0. */
  seed?: number;
  /** The length over which the features vary: frequencies are drawn from N(0, I / width^2). Default 1. */
  width?: number;
  time?: TimeFactor;
}

/** Random Fourier features sqrt(2) cos(w . x + b), w normal, b uniform. Rahimi and Recht 2007. */
export function fourierFeatures(options: FourierOptions): FeatureMap {
  checkOptions(options, ["count", "seed", "width", "time"]);
  const count = checkInteger(options?.count, "count", 1, 10_000);
  const seed = checkInteger(options.seed ?? 0, "seed", 0, Number.MAX_SAFE_INTEGER);
  const width = checkNumber(options.width ?? 1, "width", { above: 0 });
  return {
    name: "fourier",
    parameters: { count, seed, width, time: timeName(options.time) },
    bind(dim, process) {
      const centres = fillNormals(
        new Float64Array(count * dim),
        dim,
        count,
        0,
        seed,
        0,
        streams.features,
      ).map((z) => z / width);
      const offsets = Float64Array.from(
        { length: count },
        (_, j) => 2 * Math.PI * uniform(seed, j, 1, streams.features, 0),
      );
      const scale = Math.SQRT2;
      const base = (x: Float64Array, out: Float64Array): void => {
        for (let i = 0; i * dim < x.length; i++) {
          for (let j = 0; j < count; j++) {
            let phase = offsets[j];
            for (let d = 0; d < dim; d++) phase += centres[j * dim + d] * x[i * dim + d];
            out[i * count + j] = scale * cos(phase);
          }
        }
      };
      const kernel = { kind: "fourier", centres, offsets, scale } as const;
      const factor = timeFactor(options.time, process);
      const slopes = slopesBy(dim, kernelSlopes(kernel, dim), (t) => new Float64Array(count).fill(factor(t)));
      return separable(count, base, factor, { kernel, slopes });
    },
  };
}

export interface GaussFourierOptions extends RbfOptions {
  /** Frequencies in time: cos and sin of k log sigma_t, k = 1 ... frequencies, and the constant; 1 by default. */
  frequencies?: number;
}

/** Every bump exp(-|x - c|^2 / (2 width^2)) times every one of 1, cos(k log sigma_t), sin(k log sigma_t). */
export function gaussFourierFeatures(options: GaussFourierOptions): FeatureMap {
  const { centresFor, width, parameters } = checkRbf(options, ["frequencies"]);
  const frequencies = checkInteger(options.frequencies ?? 1, "frequencies", 0, 100);
  const waves = 2 * frequencies + 1;
  return {
    name: "gaussFourier",
    parameters: { ...parameters, frequencies },
    bind(dim, process) {
      const centres = centresFor(dim);
      const bumpCount = centres.length / dim;
      const count = bumpCount * waves;
      checkCount(count, "count");
      const factor = timeFactor(options.time, process);
      const inner = bumps(centres, dim, width);
      const base = (x: Float64Array, out: Float64Array): void => {
        const rows = x.length / dim;
        const some = new Float64Array(rows * bumpCount);
        inner(x, some);
        for (let i = 0; i < rows; i++) {
          for (let w = 0; w < waves; w++) {
            out.set(some.subarray(i * bumpCount, (i + 1) * bumpCount), i * count + w * bumpCount);
          }
        }
      };
      const factors = (t: number): Float64Array => {
        const out = new Float64Array(count);
        const phase = log(process.sigma(t));
        for (let w = 0; w < waves; w++) {
          const k = (w + 1) >> 1;
          const wave = w === 0 ? 1 : w % 2 === 1 ? cos(k * phase) : sin(k * phase);
          out.fill(factor(t) * wave, w * bumpCount, (w + 1) * bumpCount);
        }
        return out;
      };
      // Kernels see each bump once per wave.
      const repeated = new Float64Array(count * dim);
      for (let w = 0; w < waves; w++) repeated.set(centres, w * centres.length);
      return {
        count,
        base,
        factors,
        slopes: slopesBy(dim, kernelSlopes({ kind: "rbf", centres: repeated, width }, dim), factors),
        row(x, t, out) {
          base(x, out);
          const f = factors(t);
          for (let j = 0; j < count; j++) out[j] = out[j] * f[j];
        },
        kernel: { kind: "rbf", centres: repeated, width },
      };
    },
  };
}
