import { abilities, type Capability, type FieldKind } from "./abilities.js";
import type { Sampler } from "./sampler.js";

/** What a sampler asks of a field. */
export function needsOf(sampler: Pick<Sampler, "needs" | "takesRandom">): readonly Capability[] {
  return [...(sampler.needs ?? []), ...(sampler.takesRandom ? [] : (["steady"] as const))];
}

/** What a field lacks that a sampler asks for. */
export interface PairLack {
  readonly capability: Capability;
  readonly reason: string;
  readonly way: string;
  /** The sampler that comes nearest. */
  readonly instead: string;
}

/** The first thing that a field lacks for a sampler; undefined where it takes the field. `refusalOf` lists what does, too. */
export function lackOf(
  sampler: Pick<Sampler, "needs" | "takesRandom">,
  field: FieldKind,
): PairLack | undefined {
  const capability = needsOf(sampler).find((need) => !abilities[need].supports(field));
  if (capability === undefined) return undefined;
  const { reason, way, instead } = abilities[capability];
  return { capability, reason, way, instead };
}
