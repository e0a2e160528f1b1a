import type { Process } from "../process/process.js";
import type { Positions } from "../data/neighbours.js";
import { unitOfWork } from "../core/scheduler.js";

/** States `[count, dim]` at two times that follow each other. */
export interface Pair {
  readonly earlier: Float32Array | Float64Array;
  readonly later: Float32Array | Float64Array;
  readonly process: Process;
  readonly from: number;
  readonly to: number;
}

/**
 * Multiplies each particle's probability to stay in the cell of its last point by that of the bridge between two states: 1 less
 * the crossing probabilities of all walls (low) or of the likeliest (high). A wall of the cell of mu is the plane in the middle
 * of mu and another point; planes that the cell does not reach lie behind others and cost the lower bound little.
 *
 * @param ends the point that each particle ends on, an index into the mixture's points
 */
export function* excursions(
  { points, size, index }: Positions,
  ends: Int32Array,
  stay: { readonly low: Float64Array; readonly high: Float64Array },
  { earlier, later, process, from, to }: Pair,
): Generator<void, void, void> {
  const count = ends.length;
  const dim = points.length / size;
  const [alpha, beta] = [process.alpha(from), to === 0 ? 1 : process.alpha(to)];
  // S / alpha^2 grows by that of the transition, over the square of the later factor.
  const { variance } = process.transition(to, from);
  const elapsed = variance / (alpha * alpha);
  const slots = new Map(Array.from(index, (m, k) => [m, k]));
  let work = 0;
  for (let i = 0; i < count; i++) {
    if (stay.high[i] === 0) continue;
    const own = (slots.get(ends[i]) as number) * dim;
    let sum = 0;
    let most = 0;
    for (let k = 0; k < size; k++) {
      const other = k * dim;
      if (other === own) continue;
      let [gap, before, after] = [0, 0, 0];
      for (let d = 0; d < dim; d++) {
        const step = points[other + d] - points[own + d];
        const middle = (points[other + d] + points[own + d]) / 2;
        gap += step * step;
        before += step * (middle - earlier[i * dim + d] / alpha);
        after += step * (middle - later[i * dim + d] / beta);
      }
      // Distances to the wall times the gap.
      const crossing = before > 0 && after > 0 ? Math.exp((-2 * before * after) / (gap * elapsed)) : 1;
      sum += crossing;
      if (crossing > most) most = crossing;
    }
    stay.low[i] = stay.low[i] * Math.max(0, 1 - sum);
    stay.high[i] = stay.high[i] * (1 - most);
    work += size * dim * 4;
    if (work >= unitOfWork) {
      work = 0;
      yield;
    }
  }
}
