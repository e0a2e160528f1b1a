import { TimeSlices } from "../../core/scheduler.js";
import type { LongCall } from "../../dense/workspace.js";
import { cos } from "../../numeric/circular.js";
import { exp } from "../../numeric/elementary.js";
import type { Problem } from "./problem.js";
import { centresOf } from "../planeGrid.js";

/** What the naive reversal of diffusion did before it was stopped. */
export interface UnstableRun {
  readonly direction: "unstable";
  /** The equation has no solution that depends continuously on its start: what is here says how fast it is lost. */
  readonly illPosed: true;
  /** The times that were reached; fewer than asked for where the run was stopped. */
  readonly times: Float64Array;
  /** Where amplitudes came near the largest numbers, if they did. */
  readonly stopped: { readonly time: number; readonly largest: number } | undefined;
  /** alpha_t / alpha_T: what the drift has stretched the cells by at each time. */
  readonly scales: Float64Array;
  /** Centres of the cells at the first time; at the others times the scale. */
  readonly axis: Float64Array;
  /** Cell averages of "density times scale" at each time: of the mass of a cell that the drift carries along. */
  readonly densities: readonly Float64Array[];
  /** k_0 = pi j / L of the cosine modes at the first time; later it is k_0 / scale. */
  readonly waveNumbers: Float64Array;
  /** The amplitudes of the modes cos(k_0 (x - low)) at each time. */
  readonly amplitudes: readonly Float64Array[];
  /**
   * What theory says that each grows by: exp(k_0^2 v / 2), v the variance that the process adds from t to T; for
   * `ou` exp(k_0^2 (1 - e^(-2 s)) / 2), for Brownian motion with D = 1 exp(k_0^2 s). Cao et al. 2025, Eq. 2.3, corrected: the
   * drift moves k. Infinity beyond the largest number.
   */
  readonly growth: readonly Float64Array[];
  /** The same on the grid, whose second differences see k_0 as (2 / h) sin(k_0 h / 2). */
  readonly gridGrowth: readonly Float64Array[];
}

/** The size at which a run stops. */
const LARGEST = 1e150;
/** Most of dt D 4 / h^2 in a step: the fastest mode is followed to 1e-5 of its growth. */
const STEP = 0.25;

/**
 * Cao et al. 2025, Eq. 2.3: diffusion run backward, in coordinates that the drift carries along, where it is d_v w = -w_xx / 2 in v, the
 * variance that the process adds from t to T. Second differences, no flux at the ends, the classical Runge-Kutta scheme.
 */
export async function unstable(problem: Problem, options: LongCall): Promise<UnstableRun> {
  const { process, times, grid, start, data } = problem;
  const { signal, onProgress } = options;
  const n = grid.cells[0];
  const h = grid.width[0];
  const end = times[0];
  const added = times.map((t) => process.transition(t, end).variance);
  const total = added.at(-1) as number;
  const waveNumbers = Float64Array.from({ length: n }, (_, j) => (Math.PI * j) / (n * h));
  const cosines = Float64Array.from({ length: 4 * n }, (_, i) => cos((Math.PI * i) / (2 * n)));
  const seen = waveNumbers.map((_, j) => (2 - 2 * cosines[(2 * j) % (4 * n)]) / (h * h));
  const amplitudesOf = (w: Float64Array): Float64Array =>
    waveNumbers.map((_, j) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += w[i] * cosines[((2 * i + 1) * j) % (4 * n)];
      return (sum * (j === 0 ? 1 : 2)) / n;
    });
  const densities = [start];
  const amplitudes = [amplitudesOf(start)];
  let stopped: UnstableRun["stopped"];
  let w: Float64Array = start.slice();
  const slices = new TimeSlices(signal, () => data.engine.check());
  for (let k = 1; k < times.length && stopped === undefined; k++) {
    const share = added[k] - added[k - 1];
    const count = Math.max(1, Math.ceil((share * 2) / (STEP * h * h)));
    for (let i = 0; i < count; i++) {
      w = step(w, share / (2 * count * h * h));
      let largest = 0;
      for (const value of w) largest = Math.max(largest, Math.abs(value));
      if (!(largest < LARGEST)) {
        const [a, b] = [times[k - 1], times[k]];
        stopped = { time: a + ((b - a) * (i + 1)) / count, largest };
        break;
      }
      const wait = slices.spend(40 * n);
      if (!wait) continue;
      await wait;
      if (onProgress) slices.report(() => onProgress(added[k - 1] + (share * (i + 1)) / count, total));
    }
    if (stopped) break;
    densities.push(w.slice());
    amplitudes.push(amplitudesOf(w));
  }
  if (onProgress) slices.report(() => onProgress(total, total));
  await slices.settle();
  const reached = times.slice(0, densities.length);
  const last = process.alpha(end);
  return {
    direction: "unstable",
    illPosed: true,
    times: reached,
    stopped,
    scales: reached.map((t) => process.alpha(t) / last),
    axis: centresOf(grid, 0),
    densities,
    waveNumbers,
    amplitudes,
    growth: Array.from(reached, (_, k) => waveNumbers.map((q) => exp(0.5 * q * q * added[k]))),
    gridGrowth: Array.from(reached, (_, k) => seen.map((square) => exp(0.5 * square * added[k]))),
  };
}

/** w - r L w + ...: the series of exp(-r L) to the fourth power, L the second difference without flux at the ends. */
function step(w: Float64Array, r: number): Float64Array {
  const n = w.length;
  const out = w.slice();
  let term = w;
  for (let order = 1; order <= 4; order++) {
    const next = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const here = term[i];
      const left = i > 0 ? term[i - 1] - here : 0;
      const right = i + 1 < n ? term[i + 1] - here : 0;
      next[i] = (-r / order) * (left + right);
      out[i] = out[i] + next[i];
    }
    term = next;
  }
  return out;
}
