import type { Asked } from "./choices.js";
import type { View } from "./view.js";

/** The places of a picture as states, in slices: what is yielded is the work of each. */
export function* statesOf(
  dim: number,
  { kind, axes, place }: Asked,
  { across, up }: View,
): Generator<number, { states: Float64Array; times: Float64Array | undefined }, void> {
  const count = across.length * up.length;
  const times = kind === "overTime" ? new Float64Array(count) : undefined;
  const states = new Float64Array(count * dim);
  for (const [row, y] of up.entries()) {
    yield (8 + 2 * dim) * across.length;
    for (let column = 0; column < across.length; column++) {
      const i = row * across.length + column;
      if (place) states.set(place, i * dim);
      states[i * dim + axes[0]] = across[column];
      if (kind === "plane") states[i * dim + axes[1]] = y;
      if (times) times[i] = y;
    }
  }
  return { states, times };
}
