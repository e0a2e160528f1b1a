import { createEngine, type Engine, exactScore } from "vkernel";
import { evaluatePoint, levelAt } from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import {
  float32LostWeight,
  float32Unit,
  type GoldenProcess,
  largest,
  mixtureOf,
  processOf,
  rounded,
  roundedMixture,
  variants,
  variantTitle,
} from "./golden.js";

interface MapGolden {
  readonly grid: readonly number[];
  readonly maps: readonly {
    readonly dataset: string;
    readonly mu: readonly (readonly number[])[];
    readonly w: readonly number[];
    readonly process: GoldenProcess;
    readonly t: number;
    readonly trC: readonly (readonly number[])[];
    readonly max: number;
    readonly argmax_xy: readonly number[];
  }[];
}

const golden = readGolden<MapGolden>("g2_proxy_variance_maps.json");

/** The tolerance of the file: |err| <= 1e-12 max(map) + 1e-9 |value|. */
const ofMaximum = 1e-12;
const ofValue = 1e-9;
/** In float32 the condition 2e-6 (1 + E) of a maximum, where E is up to 30 here. */
const ofMaximum32 = 1e-4;

describe.each(variants)(`g2, maps of tr C: ${variantTitle}`, ({ kernels, precision }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  it.each(golden.maps.map((map) => [map.dataset, map.t, map] as const))("%s at t = %d", async (_, t, map) => {
    const reference = mixtureOf(map);
    const process = processOf(map.process);
    const level = levelAt(process, t);
    const truth = map.trC.flat();
    const x = Float64Array.from(
      map.trC.flatMap((row, iy) => row.flatMap((_, ix) => [golden.grid[ix], golden.grid[iy]])) as number[],
    );
    const data = engine.mixture(reference.points, { dim: 2, weights: reference.weights, precision });
    const input = precision === "f32" ? Float32Array.from(x) : x;
    const { proxyVariance } = await exactScore(data, process).evaluate(input, t, ["proxyVariance"]);
    data.dispose();
    expect(proxyVariance.length).toBe(truth.length);

    const failures: string[] = [];
    truth.forEach((value, q) => {
      const tolerance =
        precision === "f64"
          ? ofMaximum * map.max + ofValue * value
          : float32Tolerance(reference, level, x.subarray(2 * q, 2 * q + 2), value);
      const error = Math.abs((proxyVariance[q] as number) - value);
      if (!(error <= tolerance)) {
        failures.push(
          `at ${x[2 * q]}, ${x[2 * q + 1]}: ${proxyVariance[q]}, not ${value}; allowed ${tolerance}`,
        );
      }
    });
    expect(failures).toEqual([]);

    // The largest value stands where the file has it, or at a mirror image that is as large.
    const best = proxyVariance.indexOf(largest(proxyVariance));
    expect(truth[best] as number).toBeGreaterThan(
      map.max * (1 - (precision === "f64" ? ofValue : ofMaximum32)),
    );
  });
});

/**
 * tr C = (alpha / S)^2 sum p_m |d_m|^2, d_m = mu_m - mean. An error e_m in the exponent of point m changes it by
 * (alpha / S)^2 p_m e_m (|d_m|^2 - tr Cov); e_m = 2e-6 (1 + E_m) in float32. To this come 2e-6 of the value, the
 * square of the error of the mean, weights below float32's range, and what rounding the inputs alone does.
 */
function float32Tolerance(
  mixture: ReturnType<typeof mixtureOf>,
  level: ReturnType<typeof levelAt>,
  x: Float64Array,
  truth: number,
): number {
  const { points, dim } = mixture;
  const stiffness = (level.alpha / level.variance) ** 2;
  const scale = largest(points);
  const { posteriorWeights, posteriorMean } = evaluatePoint(mixture, level, x, [
    "posteriorWeights",
    "posteriorMean",
  ]);
  let condition = 0;
  posteriorWeights.forEach((p, m) => {
    let exponent = 0;
    let square = 0;
    for (let i = 0; i < dim; i++) {
      const mu = points[m * dim + i] as number;
      exponent += ((x[i] as number) - level.alpha * mu) ** 2 / (2 * level.variance);
      square += (mu - (posteriorMean[i] as number)) ** 2;
    }
    condition += float32Unit * (1 + exponent) * p * (stiffness * square + truth);
  });
  const lost = stiffness * (4 * points.length * float32LostWeight + float32Unit ** 2) * scale * scale;
  const { proxyVariance } = evaluatePoint(roundedMixture(mixture), level, rounded(x), ["proxyVariance"]);
  return condition + float32Unit * truth + lost + Math.abs(proxyVariance - truth);
}
