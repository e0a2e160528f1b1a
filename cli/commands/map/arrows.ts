import type { ScoreField } from "vkernel";
import type { Asked } from "./choices.js";
import { places, type View } from "./view.js";

/** Arrows on the longer side. */
const ARROWS = 18;

/** `[n, 4]`: places of a coarse grid, and vectors on the scale of the picture. */
export async function arrowsOf(
  field: ScoreField,
  quantity: "score" | "velocity",
  { time, axes, place }: Asked,
  { x, y }: View,
): Promise<Float64Array> {
  const { dim } = field.data;
  const cell = Math.max(x.high - x.low, y.high - y.low) / ARROWS;
  const across = places(x, Math.max(2, Math.round((x.high - x.low) / cell)));
  const up = places(y, Math.max(2, Math.round((y.high - y.low) / cell)));
  const count = across.length * up.length;
  const states = new Float64Array(count * dim);
  for (let i = 0; i < count; i++) {
    if (place) states.set(place, i * dim);
    states[i * dim + axes[0]] = across[i % across.length];
    states[i * dim + axes[1]] = up[Math.floor(i / across.length)];
  }
  const vectors = (await field.evaluate(states, time, [quantity]))[quantity];
  const lengths = Float64Array.from({ length: count }, (_, i) =>
    Math.hypot(vectors[i * dim + axes[0]], vectors[i * dim + axes[1]]),
  );
  // Lengths by the square root: small vectors stay in sight.
  const longest = Math.sqrt(lengths.reduce((a, b) => Math.max(a, b), 0));
  return Float64Array.from({ length: 4 * count }, (_, k) => {
    const i = k >> 2;
    if (k % 4 < 2) return states[i * dim + axes[(k % 2) as 0 | 1]];
    const length = lengths[i];
    const scale = length > 0 && longest > 0 ? (0.95 * cell * Math.sqrt(length)) / longest / length : 0;
    return scale * vectors[i * dim + axes[(k % 2) as 0 | 1]];
  });
}
