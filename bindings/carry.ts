import type { Carried } from "./job.js";
import type { OpList } from "./opList.js";
import { type RegisterKey, SCALAR_OUTPUTS } from "./ops.js";

/**
 * What a program that stops before operation `cut` has to keep, for each cut: what a later operation reads before one
 * writes it, and the scalar results that any operation gives. The last cut may be the end.
 */
export function carriedAcross(ops: OpList, cuts: readonly number[]): Carried[][] {
  const live = new Set<RegisterKey>();
  for (let at = 0; at < ops.length; at++) {
    for (const key of ops.access(at).writes) if (key < 0 && -1 - key < SCALAR_OUTPUTS) live.add(key);
  }
  const found = new Map<number, Carried[]>();
  const asked = new Set(cuts);
  for (let at = ops.length; at >= 0; at--) {
    if (at < ops.length) {
      const { reads, writes } = ops.access(at);
      for (const key of writes) live.delete(key);
      for (const key of reads) live.add(key);
    }
    if (!asked.has(at)) continue;
    const keys = [...live].filter((key) => key !== 0).sort((a, b) => a - b);
    found.set(
      at,
      keys.map((key) => ({ register: key < 0 ? -1 - key : key, scalar: key < 0 })),
    );
  }
  return cuts.map((cut) => found.get(cut) ?? []);
}
