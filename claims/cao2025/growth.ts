import { fokkerPlanck, ou } from "vkernel";
import type { Claim } from "../claim.js";
import { rounded } from "../estimate.js";
import { short, told } from "../told.js";
import { type Bench, linePoints } from "./bench.js";
import { marginalCdf } from "./draws.js";
import { settings } from "./settings.js";

/** Growth of one wave number. */
export interface Growth {
  readonly s: number;
  readonly k: number;
  readonly measured: number;
  /** exp(k^2 (1 - e^(-2 s)) / 2); the same of the grid, which sees k as (2 / h) sin(k h / 2); and that wave's exp(k^2 s). */
  readonly theory: number;
  readonly onGrid: number;
  readonly brownian: number;
}

export interface IllPosed {
  readonly growth: readonly Growth[];
  /** Long waves for long. */
  readonly slow: readonly Growth[];
  /** The largest relative difference of what was measured from theory on the grid, all modes and times. */
  readonly worst: number;
  /** The naive reversal of p_T: densities at some s, in the coordinates of the start, and where it was stopped. */
  readonly x: readonly number[];
  readonly densities: readonly { readonly s: number; readonly values: readonly number[] }[];
  readonly exact: readonly number[];
  readonly stopped: { readonly s: number; readonly largest: number } | null;
}

/** Equation (2.3): what each wave number grows by, and what becomes of p_T. */
export async function measureGrowth(bench: Bench): Promise<IllPosed> {
  const { signal, done } = bench;
  const process = ou();
  const data = linePoints(bench);
  const horizon = 2;
  const { growthCells: cells, growthTimes } = settings;
  const domain = settings.domain as unknown as readonly [number, number];
  /** What each mode of a spike grows by. */
  const grown = async (count: number, after: readonly number[]): Promise<Growth[]> => {
    // Every mode: a uniform law with one cell a little higher.
    const level = 1 / ((domain[1] - domain[0]) * (1 + 1e-3 / count));
    const spike = Float64Array.from({ length: count }, (_, i) => level * (i === 17 ? 1 + 1e-3 : 1));
    const times = [horizon, ...after.map((s) => horizon - s)];
    const run = await fokkerPlanck(data, process, {
      direction: "unstable",
      times,
      cells: count,
      domain,
      initial: spike,
      signal,
    });
    const width = (domain[1] - domain[0]) / count;
    const [start] = run.amplitudes as [Float64Array];
    return after.flatMap((s, row) =>
      Array.from(run.waveNumbers.entries())
        // A mode that the spike has none of says nothing.
        .filter(([j]) => j > 0 && Math.abs(start[j]) >= 1e-8)
        .map(([j, k]) => ({
          s,
          k,
          measured: run.amplitudes[row + 1]?.[j] / start[j],
          theory: run.growth[row + 1]?.[j],
          onGrid: run.gridGrowth[row + 1]?.[j],
          brownian: Math.exp(((2 / width) * Math.sin((k * width) / 2)) ** 2 * s),
        })),
    );
  };
  const growth = await grown(cells, growthTimes);
  const slow = await grown(settings.slowCells, settings.slowTimes);
  const worst = [...growth, ...slow].reduce(
    (most, { measured, onGrid }) => Math.max(most, Math.abs(measured / onGrid - 1)),
    0,
  );
  done(0.5);
  const shown = [0.02, 0.027, 0.03];
  const later = Array.from({ length: 29 }, (_, i) => 0.05 * (i + 1));
  const naive = await fokkerPlanck(data, process, {
    direction: "unstable",
    times: [horizon, ...shown, ...later].map((s, i) => (i === 0 ? s : horizon - s)),
    cells: 256,
    domain,
    signal,
  });
  const last = naive.times[Math.min(naive.times.length - 1, shown.length)];
  const scale = process.alpha(last) / process.alpha(horizon);
  const cdf = marginalCdf(data, process, last);
  const half = (naive.axis[1] - naive.axis[0]) / 2;
  const exact = naive.axis.map((x) => (cdf((x + half) * scale) - cdf((x - half) * scale)) / (2 * half));
  data.dispose();
  done(1);
  return {
    growth,
    slow,
    worst,
    x: rounded(naive.axis),
    densities: Array.from(naive.times)
      .map((t, i) => ({ s: horizon - t, values: rounded(naive.densities[i]) }))
      .slice(1, 1 + shown.length),
    exact: rounded(exact),
    stopped: naive.stopped ? { s: horizon - naive.stopped.time, largest: naive.stopped.largest } : null,
  };
}

export const illPosed: Claim<{ illPosed: IllPosed }> = {
  id: "ill-posed",
  source: { paper: "Cao et al. 2025", where: "Eq. 2.3, Fig. 3" },
  sentence: "Read backward without the score the equation is ill-posed.",
  expected:
    "Some wave number that the grid resolves grows a thousandfold, and every growth is that of the theory on the grid to a hundredth.",
  reads: ["illPosed"],
  judge({ illPosed: { growth, slow, worst, stopped } }) {
    const naive = growth.filter(({ measured }) => Number.isFinite(measured));
    // Waves that the grid resolves: their exponents are those of the equation to a tenth.
    const resolved = naive.filter(({ onGrid, theory }) => Math.log(onGrid) > 0.9 * Math.log(theory));
    const fastest = resolved.reduce((best, row) => (row.measured > best.measured ? row : best));
    return {
      measured: told`The fastest wave that the grid resolves, of wave number ${short(fastest.k, 3)}, grows ${short(fastest.measured, 3)} times by s = ${fastest.s.toFixed(2)}, by Eq. 2.3 ${short(fastest.theory, 3)} times; ${naive.length + slow.length} growths agree with theory on the grid to ${short(worst, 1)}.${stopped ? told` From p_T, rounding passes 1e150 at s = ${short(stopped.s, 2)}.` : ""}`,
      verdict: fastest.measured > 1e3 && worst < 0.01 ? "exact" : "does not hold",
      why: "A wave number k0 grows by exp(k0² (1 - e^(-2s)) / 2): without bound in k0 for any s. exp(k² s) is that of (2.9): the drift of (2.3) moves k, and long waves come to an end.",
    };
  },
};
