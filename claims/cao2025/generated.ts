import { exactScore, generatedLaw, logSnr, ou, posterior, sample, voronoiMass } from "vkernel";
import type { Claim } from "../claim.js";
import { decide, shareDeviation } from "../decide.js";
import { type Estimate, rounded, shareIf } from "../estimate.js";
import { apart, listed, share, short, told } from "../told.js";
import { type Bench, linePoints } from "./bench.js";
import { endPoints } from "./neverGeneralizes.js";
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

type Numbers = { readonly generated: Generated };

export const generatedLawClaim: Claim<Numbers> = {
  id: "generated",
  source: { paper: "Cao et al. 2025", where: "Cor. 3.2, Eq. 3.19, Fig. 6" },
  sentence: "The generated law is rho_0(y) times the integral of rho(x, T* | y, 0) q_0(x) / rho(x, T*).",
  expected: "No share of samples differs from the corollary's by more than chance.",
  reads: ["generated"],
  card: endPoints,
  judge({ generated: { rows, count } }) {
    const shares = decide(
      rows.flatMap(({ masses, sampled }) => sampled.map((one, m) => shareDeviation(one, count, masses[m]))),
    );
    return {
      measured: told`Shares at ${rows.length} horizons differ from it by at most ${apart(shares)}; total variation from the weights ${listed(rows.map(({ horizon, totalVariation }) => told`${short(totalVariation, 2)} at T* = ${horizon}`))}.`,
      verdict: shares.differs ? "does not hold" : "holds",
      why: "By quadrature over the start, and by samples of exact bridges from N(0, 1).",
    };
  },
};

export const pointwise: Claim<Numbers> = {
  id: "pointwise",
  source: { paper: "Cao et al. 2025", where: "Remark after Cor. 3.2" },
  sentence: "q(y, T*) converges to rho_0(y) pointwise as T* grows.",
  expected:
    "The largest difference of their ratio from 1 falls with every horizon, to less than a hundredth.",
  reads: ["generated"],
  judge({ generated: { rows, rate } }) {
    const last = rows.at(-1) as Generated["rows"][number];
    const falling = rows.every((row, k) => k === 0 || row.pointwise < rows[k - 1].pointwise);
    return {
      measured: told`Largest |q / rho_0 - 1| on [-1.5, 2.5]: ${listed(rows.map((row) => short(row.pointwise, 2)))}; between the last two it falls as e^(${rate.toFixed(2)} T*).`,
      verdict: falling && last.pointwise < 0.01 ? "holds" : "does not hold",
      why: "p_T differs from N(0, 1) by its mean, of order e^-T, and the start remembers y by e^-T again: e^(-2 T*).",
    };
  },
};

export const support: Claim<Numbers> = {
  id: "support",
  source: { paper: "Cao et al. 2025", where: "Cor. 3.3, Eq. 4.45" },
  sentence: "Exact reverse diffusion does not generalize: it ends on one of the original samples.",
  expected: "At every horizon more than 99.9% of the samples end within 0.01 of a point.",
  reads: ["generated"],
  judge({ generated: { rows, count } }) {
    const least = rows.map(({ onPoints }) => onPoints).reduce((a, b) => (a.value <= b.value ? a : b));
    return {
      measured: told`Within 0.01 of a point, at every horizon at least ${share(least, count)}.`,
      verdict: least.value > 0.999 ? "holds" : "does not hold",
      why: "The law is rho_0 times a factor: where the data have no mass it has none, from any start.",
    };
  },
};
