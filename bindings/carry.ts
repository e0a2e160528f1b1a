import { type Carried, type Op, OpCode, Scalar, SCALAR_OUTPUTS } from "./job.js";

/** Registers by number, scalars from -1 down. */
type Key = number;
const scalarKey = (scalar: number): Key => -1 - scalar;

/** Operations in order: an array of them, or the list of a program. */
export interface OpList extends Iterable<Op> {
  readonly length: number;
  at(index: number): Op | undefined;
}

/** What an operation reads, and what it writes in full. */
function accessOf(op: Op): { reads: Key[]; writes: Key[] } {
  switch (op.code) {
    case OpCode.Score:
      return { reads: [op.x], writes: [op.mean, ...(op.trace >= 0 ? [scalarKey(op.trace)] : [])] };
    case OpCode.Draw:
    case OpCode.Spread:
      return { reads: [op.x], writes: [op.mean, op.out] };
    case OpCode.Normal:
    case OpCode.Supplied:
    case OpCode.Path:
    case OpCode.Fill:
      return { reads: [], writes: [op.out] };
    case OpCode.Affine:
      return { reads: op.terms.map(([register]) => register), writes: [op.out] };
    case OpCode.Linear:
      return { reads: [op.x], writes: [op.out] };
    case OpCode.Call:
      return { reads: [op.x], writes: [op.out, ...(op.trace >= 0 ? [scalarKey(op.trace)] : [])] };
    case OpCode.Scalar:
      return { reads: op.terms.map(([scalar]) => scalarKey(scalar)), writes: [scalarKey(op.out)] };
    case OpCode.Adaptive: {
      const scalars = [op.size, Scalar.Evaluations, ...(op.density ? [Scalar.LogDensity] : [])];
      const both = [op.x, ...scalars.map(scalarKey)];
      return { reads: both, writes: both };
    }
    case OpCode.Record:
      return { reads: [op.x], writes: [] };
  }
}

/**
 * What a program that stops before operation `cut` has to keep, for each cut: what a later operation reads before one
 * writes it, and the scalar results that any operation gives. The last cut may be the end.
 */
export function carriedAcross(ops: OpList, cuts: readonly number[]): Carried[][] {
  const live = new Set<Key>();
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
