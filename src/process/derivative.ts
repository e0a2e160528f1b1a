/** A derivative and how far the last two extrapolations were apart, entry by entry. */
export interface Derivative {
  readonly slope: Float64Array;
  readonly error: Float64Array;
}

/** How often the step is halved. */
const halvings = 7;

/**
 * The derivative of a function with several values at t in [start, end], by differences extrapolated to step 0
 * (Richardson; the table and its choice are Ridders', 1982): central where there is room on both sides, else to one
 * side. Each entry is that of the extrapolation which moved least.
 *
 * @param reach the first step; nothing beyond `reach` of t, below 0 or above `end` is asked for
 */
export function derivative(
  f: (t: number) => Float64Array,
  t: number,
  end: number,
  reach: number,
): Derivative {
  const room = Math.min(t, end - t);
  const central = room >= reach / 64;
  const forward = end - t >= t;
  const first = central ? Math.min(reach, room) : Math.min(reach, forward ? end - t : t);
  const here = central ? undefined : f(t);
  let before: Float64Array[] = [];
  let slope = new Float64Array(0);
  let error = new Float64Array(0);
  for (let k = 0; k <= halvings; k++) {
    const h = first * 2 ** -k;
    const up = central || forward ? t + h : t;
    const down = central || !forward ? t - h : t;
    const above = up === t ? (here as Float64Array) : f(up);
    const below = down === t ? (here as Float64Array) : f(down);
    const row = [above.map((value, i) => (value - below[i]) / (up - down))];
    if (k === 0) {
      slope = (row[0] as Float64Array).slice();
      error = slope.map(() => Number.POSITIVE_INFINITY);
    }
    for (let m = 1; m <= k; m++) {
      // Errors run in even powers of h for central differences, in all powers to one side.
      const gain = central ? 4 ** m : 2 ** m;
      const finer = row[m - 1] as Float64Array;
      const coarser = before[m - 1];
      const next = finer.map((value, i) => value + (value - coarser[i]) / (gain - 1));
      row.push(next);
      for (let i = 0; i < next.length; i++) {
        const value = next[i];
        const moved = Math.max(Math.abs(value - finer[i]), Math.abs(value - coarser[i]));
        if (moved >= error[i]) continue;
        error[i] = moved;
        slope[i] = value;
      }
    }
    before = row;
  }
  return { slope, error };
}
