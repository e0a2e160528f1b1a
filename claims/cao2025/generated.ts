import { exactScore, generatedLaw, logSnr, ou, posterior, sample, voronoiMass } from "vkernel";
import { type Estimate, rounded, shareIf } from "../estimate.js";
import { type Bench, linePoints } from "./bench.js";
import { settings } from "./settings.js";

export interface Generated {
  readonly weights: readonly number[];
  readonly rows: readonly {
    readonly horizon: number;
    /** What ends at each point from N(0, 1) at T*: Corollary 3.2, and shares of samples. */
    readonly masses: readonly number[];
    readonly sampled: readonly Estimate[];
    /** From the weights. */
    readonly totalVariation: number;
    readonly error: number;
    /** The largest |q(y, T*) / rho_0(y) - 1| over the picture, for points with a width. */
    readonly pointwise: number;
    /** Samples within 0.01 of a point. */
    readonly onPoints: Estimate;
  }[];
  /** q(y, T*) / rho_0(y), for points with a width, one per horizon. */
  readonly y: readonly number[];
  readonly ratios: readonly (readonly number[])[];
  /** d log of the pointwise difference / d T*, between the last two horizons. */
  readonly rate: number;
  readonly count: number;
}

/** Figure 6: what the exact reverse process generates from N(0, 1). Corollaries 3.2 and 3.3. */
export async function measureGenerated(bench: Bench): Promise<Generated> {
  const { sizes, seed, signal, done } = bench;
  const process = ou();
  const data = linePoints(bench);
  const wide = linePoints(bench, settings.line.width);
  const field = exactScore(data, process);
  const y = Array.from({ length: 81 }, (_, i) => -1.5 + (i * 4) / 80);
  const rows: Generated["rows"][number][] = [];
  const ratios: number[][] = [];
  for (const horizon of settings.horizons) {
    const law = await generatedLaw(data, process, { horizon, initial: "normal", signal });
    const run = await sample(field, {
      sampler: posterior(),
      grid: logSnr({ steps: 4, tMin: 1e-7, tMax: horizon }),
      initial: "normal",
      count: sizes.particles,
      seed: seed + 30,
      signal,
    });
    const { mass, standardError } = await voronoiMass(run.samples, data, { signal });
    const smooth = await generatedLaw(wide, process, { horizon, initial: "normal", signal });
    const { values } = await smooth.ratio(
      y.map((place) => [place]),
      0,
    );
    ratios.push(rounded(values));
    rows.push({
      horizon,
      masses: Array.from(law.masses),
      sampled: Array.from(mass, (value, m) => ({ value, standardError: standardError[m] })),
      totalVariation: law.totalVariation.value,
      error: law.totalVariation.standardError,
      pointwise: Math.max(...Array.from(values, (value) => Math.abs(value - 1))),
      onPoints: shareIf(sizes.particles, (i) =>
        settings.line.points.some((point) => Math.abs(run.samples[i] - point) < 0.01),
      ),
    });
    done(rows.length / settings.horizons.length);
  }
  const [before, last] = rows.slice(-2) as [(typeof rows)[number], (typeof rows)[number]];
  const weights = Array.from(data.weights);
  data.dispose();
  wide.dispose();
  return {
    weights,
    rows,
    y: rounded(y),
    ratios,
    rate: Math.log(last.pointwise / before.pointwise) / (last.horizon - before.horizon),
    count: sizes.particles,
  };
}
