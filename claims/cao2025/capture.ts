import {
  basinMap,
  type Capture,
  capture,
  cellLaw,
  cellMap,
  eulerMaruyama,
  exactScore,
  heun,
  logSnr,
  type Mixture,
  ou,
  posterior,
  type RecordedRun,
  sample,
  type Sampler,
  type SampleRun,
  type Shares,
} from "vkernel";
import type { Claim } from "../claim.js";
import { decide, limitOf, shareDeviation } from "../decide.js";
import { type Estimate, meanOf } from "../estimate.js";
import { apart, listed as inARow, pm, share, short, told } from "../told.js";
import { type Bench, hexagon, listed, uneven } from "./bench.js";
import { finalCell } from "./neverGeneralizes.js";
import { settings } from "./settings.js";

/** Both shares at a time: exact ones from p_T, and what runs count. */
export interface CaptureRow {
  readonly t: number;
  readonly inCell: { readonly exact: number; readonly sde: Estimate; readonly ode: Estimate };
  readonly settled: {
    readonly exact: number;
    /** Of the finest record: what is seen, its bounds, and what is seen extrapolated in the root of the step. */
    readonly seen: Estimate;
    readonly low: Estimate;
    readonly high: Estimate;
    readonly extrapolated: Estimate;
    readonly ode: Estimate;
  };
}

/** One record of the same process: the shares of those that are not seen to leave again, one per time. */
export interface Recording {
  readonly steps: number;
  readonly seen: readonly Estimate[];
  readonly low: readonly Estimate[];
  readonly high: readonly Estimate[];
}

/** Shares along a run. */
export interface CaptureCurves {
  readonly set: string;
  readonly times: readonly number[];
  readonly inCellExact: readonly number[];
  /** NaN-free: null where there is no closed form. */
  readonly settledExact: readonly number[] | null;
  readonly inCell: readonly Estimate[];
  readonly seen: readonly Estimate[];
  readonly low: readonly Estimate[];
  readonly high: readonly Estimate[];
  readonly flowInCell: readonly Estimate[];
  readonly flowSettled: readonly Estimate[];
}

export interface Captured {
  readonly count: number;
  readonly rows: readonly CaptureRow[];
  readonly recordings: readonly Recording[];
  readonly curves: readonly CaptureCurves[];
  /** From N(0, I) at a horizon: the exact share in the final cell, and that of samples. */
  readonly started: readonly {
    readonly t: number;
    readonly exact: number;
    readonly measured: Estimate;
    readonly maruyama: Estimate;
  }[];
  readonly horizon: number;
  /** The share of starts on a grid that do not end on their nearest point, by time. */
  readonly basins: readonly { readonly t: number; readonly flow: number; readonly sde: number }[];
}

/** Maps and paths, drawn and not kept in the JSON. */
export interface CapturePictures {
  readonly side: number;
  readonly half: number;
  readonly points: Float64Array;
  readonly cells: Int32Array;
  readonly flow: readonly Int32Array[];
  readonly sde: readonly Int32Array[];
  /** Paths on the hexagon. */
  readonly paths: { readonly sde: PathPicture; readonly flow: PathPicture };
}

/** Paths of x / alpha, `[times, paths, 2]`, and the point that each ends on. */
export interface PathPicture {
  readonly states: Float64Array;
  readonly count: number;
  readonly ends: Int32Array;
}

const at = ({ fraction, standardError }: Shares, row: number): Estimate => ({
  value: fraction[row],
  standardError: standardError[row],
});

const allOf = (shares: Shares): Estimate[] => Array.from(shares.fraction.keys(), (row) => at(shares, row));

/** Figure 10: both shares, on the hexagon and on a set without symmetry. Eq. 4.42-4.45. */
export async function measureCapture(bench: Bench): Promise<{ result: Captured; pictures: CapturePictures }> {
  const { sizes, seed, signal, done } = bench;
  const process = ou();
  const data = hexagon(bench);
  const field = exactScore(data, process);
  const { captureTimes: times, curve } = settings;
  const count = sizes.captured;

  const follow = (
    own: Mixture<"f64">,
    sampler: Sampler,
    grid: ReturnType<typeof listed>,
    offset: number,
  ): Promise<SampleRun<"f64">> =>
    sample(exactScore(own, process), {
      sampler,
      grid,
      initial: "marginal",
      count,
      seed: seed + offset,
      record: "all",
      signal,
    });

  // Records of more and more states of the same paths; all of them give the rows.
  const steps = settings.recordings.slice(0, sizes.recordings);
  const most = steps.at(-1) as number;
  const whole = await follow(data, posterior(), recordGrid(most), 40);
  const records: { captured: Capture; rows: number[] }[] = [];
  for (const each of steps) {
    const captured = await capture(field, thinned(whole, most / each), { unseen: true, signal });
    records.push({ captured, rows: times.map((_, i) => i * each) });
    done((0.4 * records.length) / steps.length);
  }
  const recordings = records.map(({ captured, rows }, r): Recording => {
    const { settled, unseen } = captured.shareByTime;
    const { low, high } = unseen as NonNullable<typeof unseen>;
    return {
      steps: steps[r] as number,
      seen: rows.map((row) => at(settled, row)),
      low: rows.map((row) => at(low, row)),
      high: rows.map((row) => at(high, row)),
    };
  });
  const { captured, rows: lines } = records.at(-1) as (typeof records)[number];
  const flow = await capture(field, await follow(data, heun(), recordGrid(24), 50), { signal });
  const law = await cellLaw(data, process, { times, signal });
  const fine = recordings.at(-1) as Recording;
  /** Whether each path of a record is not seen to leave again after the i-th time. */
  const stays = (back: number, i: number): Int32Array => {
    const { captured: own, rows: at } = records.at(-1 - back) as (typeof records)[number];
    return own.index.map((row) => Number(row <= at[i]));
  };
  const rows = times.map((t, i): CaptureRow => {
    const [all, some, few] = [stays(0, i), stays(1, i), stays(2, i)];
    return {
      t,
      inCell: {
        exact: law.inFinalCell[i],
        sde: at(captured.shareByTime.inFinalCell, lines[i]),
        ode: at(flow.shareByTime.inFinalCell, i * 24),
      },
      settled: {
        exact: law.settled[i],
        seen: fine.seen[i],
        low: fine.low[i],
        high: fine.high[i],
        // Terms of the root of the step and of the step itself: four times the steps take a half and three quarters away.
        extrapolated: meanOf(Float64Array.from(all, (value, k) => (8 * value - 6 * some[k] + few[k]) / 3)),
        ode: at(flow.shareByTime.settled, i * 24),
      },
    };
  });
  done(0.5);

  const other = uneven(bench);
  const curves: CaptureCurves[] = [];
  const grid = logSnr({ steps: curve.steps, tMax: curve.tMax, tMin: curve.tMin });
  for (const [set, own] of [
    ["hexagon", data],
    ["six points without symmetry", other],
  ] as const) {
    const all = [...grid.times(process), 1e-6];
    const sde = await follow(own, posterior(), listed(all), 51);
    const noisy = await capture(exactScore(own, process), sde, { unseen: true, signal });
    // To 0 itself: a step of the flow to nearly 0 would be a stiff one.
    const down = listed([...all.slice(0, -1), 0]);
    const still = await capture(exactScore(own, process), await follow(own, heun(), down, 51), { signal });
    const exact = await cellLaw(own, process, { times: all, signal });
    const { inFinalCell, settled, unseen } = noisy.shareByTime;
    const { low, high } = unseen as NonNullable<typeof unseen>;
    const kept = all.slice(0, -1).map((_, row) => row);
    const pick = (list: ArrayLike<number>): number[] => kept.map((row) => list[row]);
    const some = (list: Estimate[]): Estimate[] => kept.map((row) => list[row]);
    curves.push({
      set,
      times: pick(all),
      inCellExact: pick(exact.inFinalCell),
      settledExact: Number.isNaN(exact.settled[0]) ? null : pick(exact.settled),
      inCell: some(allOf(inFinalCell)),
      seen: some(allOf(settled)),
      low: some(allOf(low)),
      high: some(allOf(high)),
      flowInCell: some(allOf(still.shareByTime.inFinalCell)),
      flowSettled: some(allOf(still.shareByTime.settled)),
    });
    done(0.5 + 0.12 * curves.length);
  }

  const horizon = settings.captureHorizon;
  const { startTimes } = sizes;
  const startLaw = await cellLaw(other, process, { times: startTimes, initial: "normal", horizon, signal });
  const share = async (sampler: Sampler, steps: number): Promise<Capture["shareByTime"]> => {
    const knots = [...startTimes, 1e-6];
    const list = knots.slice(1).flatMap((to, i) => {
      const from = knots[i];
      return Array.from({ length: steps }, (_, k) => between(from, to, k / steps));
    });
    const run = await sample(exactScore(other, process), {
      sampler,
      grid: listed([...list, 1e-6]),
      initial: "normal",
      count,
      seed: seed + 52,
      record: startTimes.map((_, i) => i * steps),
      signal,
    });
    return (await capture(exactScore(other, process), run, { signal })).shareByTime;
  };
  const [drawn, stepped] = [await share(posterior(), 1), await share(eulerMaruyama(), 200)];
  const started = startTimes.map((t, i) => ({
    t,
    exact: startLaw.inFinalCell[i],
    measured: at(drawn.inFinalCell, i),
    maruyama: at(stepped.inFinalCell, i),
  }));
  done(0.85);

  const half = 2.2;
  const view = { x: [-half, half], y: [-half, half], width: sizes.map } as const;
  const cells = await cellMap(other, { ...view, signal });
  const maps = { flow: [] as Int32Array[], sde: [] as Int32Array[] };
  const basins: Captured["basins"][number][] = [];
  const apart = (index: Int32Array): number =>
    index.reduce((sum, m, q) => sum + Number(m !== cells.index[q]), 0) / index.length;
  for (const t of settings.basinTimes) {
    // The same places as x / alpha.
    const side = half * process.alpha(t);
    const options = { ...view, t, x: [-side, side], y: [-side, side], seed: seed + 53, signal } as const;
    const [a, b] = [
      await basinMap(exactScore(other, process), options),
      await basinMap(exactScore(other, process), { ...options, sampler: posterior() }),
    ];
    maps.flow.push(a.index);
    maps.sde.push(b.index);
    basins.push({ t, flow: apart(a.index), sde: apart(b.index) });
  }
  const points = Float64Array.from(other.points);
  const followed = async (sampler: Sampler): Promise<PathPicture> =>
    pathsOf(
      await sample(field, {
        sampler,
        grid: logSnr({ steps: 240, tMax: 0.6, tMin: 1e-4 }),
        initial: "marginal",
        count: 9,
        seed: seed + 54,
        record: "all",
        signal,
      }),
    );
  const paths = { sde: await followed(posterior()), flow: await followed(heun()) };
  data.dispose();
  other.dispose();
  done(1);
  return {
    result: { count, rows, recordings, curves, started, horizon, basins },
    pictures: { side: sizes.map, half, points, cells: cells.index, ...maps, paths },
  };
}

/** A time between two, at a share of the way in log sigma. */
function between(from: number, to: number, share: number): number {
  if (share === 0) return from;
  const { sigma, timeOfSigma } = ou();
  return timeOfSigma(sigma(from) * (sigma(to) / sigma(from)) ** share);
}

/** `steps` between two of the four times, as many below, then 0. */
function recordGrid(steps: number): ReturnType<typeof listed> {
  const knots = [...settings.captureTimes, 1e-5];
  const list = knots
    .slice(1)
    .flatMap((to, i) => Array.from({ length: steps }, (_, k) => between(knots[i], to, k / steps)));
  return listed([...list, 1e-5, 0]);
}

/** Every so many states of a run, and its end. */
function thinned(run: SampleRun<"f64">, every: number): RecordedRun {
  const { count, dim, times } = run;
  const end = times.length - 1;
  const kept = Array.from({ length: Math.floor((end - 1) / every) + 1 }, (_, k) => k * every);
  const recorded = Int32Array.from([...kept, end]);
  const all = run.trajectories as Float64Array;
  const trajectories = new Float64Array(recorded.length * count * dim);
  recorded.forEach((index, row) => {
    trajectories.set(all.subarray(index * count * dim, (index + 1) * count * dim), row * count * dim);
  });
  return { samples: run.samples, count, dim, times, recorded, trajectories };
}

/** The paths of a run as x / alpha. */
function pathsOf(run: SampleRun<"f64">): PathPicture {
  const { count } = run;
  const process = ou();
  const states = new Float64Array(run.times.length * count * 2);
  const all = run.trajectories as Float64Array;
  run.times.forEach((t, row) => {
    for (let i = 0; i < 2 * count; i++) {
      states[row * 2 * count + i] = all[row * run.count * 2 + i] / process.alpha(t);
    }
  });
  const ends = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const [x, y] = [run.samples[2 * i], run.samples[2 * i + 1]];
    ends[i] = Math.round((Math.atan2(y, x) * 3) / Math.PI + 6) % 6;
  }
  return { states, count, ends };
}

type Numbers = { readonly captured: Captured };

export const cells: Claim<Numbers> = {
  id: "cells",
  source: { paper: "Cao et al. 2025", where: "Sec. 4.5, Fig. 10, Eq. 4.42" },
  sentence: "The reverse process becomes trapped in a Voronoi cell as t goes to 0.",
  expected: "The exact share in the final cell grows to more than 99.9% as t falls, and the samples have it.",
  reads: ["captured"],
  card: finalCell,
  judge({ captured: { rows, count } }) {
    const sampled = decide(rows.map(({ inCell }) => shareDeviation(inCell.sde, count, inCell.exact)));
    const shares = rows.map(({ inCell }) => inCell.exact);
    const trapped = shares.every((value, k) => k === 0 || value >= shares[k - 1]);
    return {
      measured: told`In the final cell at t = ${settings.captureTimes.join(", ")}: ${inARow(rows.map(({ inCell }) => pm(inCell.sde)))}; exactly ${inARow(shares.map((value) => short(value, 5)))}. The samples are off by ${apart(sampled)}.`,
      verdict: trapped && shares[shares.length - 1] > 0.999 && !sampled.differs ? "holds" : "does not hold",
      why: "Given X_t the end has the law of the posterior weights: the exact share is the mass of N(mu, S / alpha²) in the cell of mu.",
    };
  },
};

export const settled: Claim<Numbers> = {
  id: "settled",
  source: { paper: "Cao et al. 2025", where: "Fig. 10, Eq. 4.44" },
  sentence: "As t goes to 0 it is more likely to stay inside the cell.",
  expected: "The exact share that never leaves again lies between the bounds of the recorded paths.",
  reads: ["captured"],
  judge({ captured: { rows, count } }) {
    const bracketed = rows.every(({ settled: { exact, low, high } }) => {
      // Of rare events the spread of a few is no error: no weight between 0 and 1 spreads more than this.
      const room = limitOf(2 * rows.length) * Math.sqrt((exact * (1 - exact)) / count) + 1e-12;
      return low.value - room <= exact && high.value + room >= exact;
    });
    return {
      measured: told`Never to leave it again: ${inARow(rows.map((row) => told`${pm(row.settled.low)} to ${pm(row.settled.high)}`))}; exactly ${inARow(rows.map((row) => short(row.settled.exact, 4)))}. A record alone sees ${inARow(rows.map((row) => pm(row.settled.seen)))}.`,
      verdict: bracketed ? "holds" : "does not hold",
      why: "Another number than the share in the cell, and far below it at large t. Divided by alpha a path is Brownian motion in S / alpha²: the reflection principle gives its survival. Excursions between recorded times are not seen; they fall as the root of the step.",
    };
  },
};

export const flow: Claim<Numbers> = {
  id: "flow",
  source: { paper: "Cao et al. 2025", where: "beyond the paper" },
  sentence: "The deterministic process (2.8) is trapped in the same cells, and earlier.",
  expected: "On the hexagon every trajectory is in its final cell at all times.",
  reads: ["captured"],
  judge({ captured: { rows, curves, count } }) {
    const oblique = curves[curves.length - 1];
    const all = rows.every(({ inCell, settled: stay }) => inCell.ode.value === 1 && stay.ode.value === 1);
    return {
      measured: told`On the hexagon ${all ? "all trajectories are" : "not all trajectories are"} in their final cell at all times; on six points without symmetry ${share(oblique.flowInCell[0], count)} at t = ${short(oblique.times[0], 2)} (reverse SDE: ${share(oblique.inCell[0], count)}).`,
      verdict: all ? "holds" : "does not hold",
      why: "The flow cannot cross a line of symmetry. Elsewhere its basins are not the cells, but come to them as t goes to 0.",
    };
  },
};
