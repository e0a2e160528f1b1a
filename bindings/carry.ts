import type { Carried } from "./job.js";
import { accessOf, type Op, type RegisterKey, SCALAR_OUTPUTS } from "./ops.js";

/** Operations in order: an array of them, or the list of a program. */
export interface OpSequence extends Iterable<Op> {
  readonly length: number;
  at(index: number): Op | undefined;
}

/**
 * What a program that stops before operation `cut` has to keep, for each cut: what a later operation reads before one
 * writes it, and the scalar results that any operation gives. The last cut may be the end.
 */
export function carriedAcross(ops: OpSequence, cuts: readonly number[]): Carried[][] {
  const live = new Set<RegisterKey>();
  for (const op of ops) {
    for (const key of accessOf(op).writes) if (key < 0 && -1 - key < SCALAR_OUTPUTS) live.add(key);
  }
  const found = new Map<number, Carried[]>();
  const asked = new Set(cuts);
  for (let at = ops.length; at >= 0; at--) {
    const op = at < ops.length ? ops.at(at) : undefined;
    if (op !== undefined) {
      const { reads, writes } = accessOf(op);
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
