/** The naive reversal of diffusion: what each wave number grows by, and what that makes of the density. */
import type { ChartData, Layer } from "../../charts/data.js";
import { number } from "../../charts/format.js";
import type { Reversal } from "../../worker/panels.js";
import { niceAbove } from "../panel.js";
import { rangeOf } from "../parts.js";

/** Modes that begin smaller than this are rounding, not the density. */
const ROUNDING = 1e-13;
/** The naive density is shown while it is no larger than this many times the true one. */
const IN_SIGHT = 20;

/** The largest size in row k of rows of `n`. */
const largestIn = (values: Float64Array, n: number, k: number): number =>
  values.subarray(k * n, (k + 1) * n).reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** The last row to show: while nothing is larger than the density itself, its own modes are right to rounding. */
function lastInSight({ times, waveNumbers, densities, truth }: Reversal): number {
  const n = waveNumbers.length;
  let last = 1;
  while (
    last + 1 < times.length &&
    largestIn(densities, n, last + 1) < IN_SIGHT * largestIn(truth, n, last + 1)
  )
    last++;
  return Math.min(last, times.length - 1);
}

/** What is said of the finer run that had to be stopped. */
const haltOf = ({ stopped, fineCells }: Reversal): string =>
  stopped === undefined
    ? ""
    : ` On ${fineCells} cells the run is stopped at t = ${number(stopped.time, 3)}, before overflow: amplitudes have reached ${number(stopped.largest, 2)}.`;

export function growthOf(reversal: Reversal): ChartData {
  const { times, waveNumbers, amplitudes, growth: law, gridGrowth } = reversal;
  const n = waveNumbers.length;
  const last = lastInSight(reversal);
  const rows = [last - 6, last - 3, last].filter((k) => k > 0);
  // Modes that the density has: of symmetric data every other one is rounding.
  const from = largestIn(amplitudes, n, 0);
  const modes = Array.from(waveNumbers.keys()).filter((j) => Math.abs(amplitudes[j]) > ROUNDING * from);
  const waves = Float64Array.from(modes, (j) => waveNumbers[j]);
  const of = (list: Float64Array, k: number): Float64Array =>
    Float64Array.from(modes, (j) => list[k * n + j]);
  const measured = (k: number): Float64Array =>
    Float64Array.from(modes, (j) => Math.abs(amplitudes[k * n + j] / amplitudes[j]));
  const taken = (k: number): string => `s = ${number(times[0] - times[k], 2)}`;
  const shapes = ["dot", "square", "triangle"] as const;
  const colours = ["exact", "smoothed", "piecewise"] as const;
  const help = { kind: "curve", dash: true } as const;
  const layers = rows.flatMap((k, i): Layer[] => [
    {
      kind: "curve",
      name: taken(k),
      y: measured(k),
      colour: colours[i] as "exact",
      marker: shapes[i] as "dot",
    },
    { ...help, name: "on this grid", y: of(gridGrowth, k), colour: "muted", quiet: i > 0 },
    { ...help, name: "theory", y: of(law, k), colour: "theory", quiet: i > 0 },
  ]);
  const most = rows.reduce((sum, k) => measured(k).reduce((a, b) => Math.max(a, b), sum), 10);
  return {
    x: waves,
    xRange: [0, (waves.at(-1) as number) || 1],
    yRange: [0.5, 10 ** Math.ceil(1.2 * Math.log10(most))],
    layers,
    description: `Growth of each wave number of the naive reversal against exp(k² v / 2), v the variance taken back.${haltOf(reversal)}`,
    table: {
      head: ["k", ...rows.flatMap((k) => [`growth, ${taken(k)}`, "theory", "theory on this grid"])],
      rows: modes.map((j, i) => [
        waveNumbers[j],
        ...rows.flatMap((k) => [measured(k)[i], law[k * n + j], gridGrowth[k * n + j]]),
      ]),
    },
  };
}

/** What stands beside the density's caption: its time, and where a finer run had to be stopped. */
export function naiveUnit(reversal: Reversal): string {
  const { times, stopped, fineCells } = reversal;
  const at = `at t = ${number(times[lastInSight(reversal)], 3)}`;
  if (stopped === undefined) return at;
  return `${at}; on ${fineCells} cells stopped at t = ${number(stopped.time, 3)}, at ${number(stopped.largest, 1)}`;
}

export function naiveDensityOf(reversal: Reversal): ChartData {
  const { times, waveNumbers, scales, x, densities: made, truth } = reversal;
  const n = waveNumbers.length;
  const last = lastInSight(reversal);
  const places = x.map((value) => value * scales[last]);
  const row = (of: Float64Array): Float64Array => of.slice(last * n, (last + 1) * n);
  const [naive, exact] = [row(made), row(truth)];
  const top = niceAbove(Math.max(largestIn(made, n, last), largestIn(truth, n, last)));
  return {
    x: places,
    xRange: rangeOf(places),
    yRange: [-top, top],
    layers: [
      { kind: "curve", name: "naive reversal", y: naive, colour: "smoothed" },
      { kind: "curve", name: "exact", y: exact, colour: "theory", dash: true },
    ],
    description: `The density by the naive reversal at t = ${number(times[last], 3)}, from ${number(times[0], 3)}.${haltOf(reversal)}`,
    table: {
      head: ["x", "naive reversal", "exact"],
      rows: Array.from(places, (place, i) => [place, naive[i], exact[i]]),
    },
  };
}
