import { VkernelError } from "../core/errors.js";
import { type Ability, abilities, type FieldKind } from "./abilities.js";
import { lackOf, needsOf, type PairLack } from "./lacks.js";
import { registry } from "./registry.js";
import type { Sampler } from "./sampler.js";

/** Why two things do not go together, and what does. */
export interface Refusal extends PairLack {
  /** Samplers by name that take the field. */
  readonly samplers: readonly string[];
}

/** Why a sampler does not take a field; undefined where it does. What the library, the command line and the page decide by. */
export function refusalOf(
  sampler: Pick<Sampler, "needs" | "takesRandom">,
  field: FieldKind,
): Refusal | undefined {
  const lack = lackOf(sampler, field);
  return lack && { ...lack, samplers: samplersFor(field) };
}

/** Why log densities do not go with a field; undefined where they do. */
export function likelihoodRefusal(field: FieldKind): Pick<Ability, "reason" | "way"> | undefined {
  const { supports, reason, way } = abilities.divergence;
  if (supports(field)) return undefined;
  if (field.kind === "field") return field.untraced ?? { reason, way };
  return field.kind === "step"
    ? {
        reason: "a score that is drawn at every step has no flow, and so no density along it",
        way: "its average has one",
      }
    : {
        reason:
          "a particle of an ensemble has the density of a mixture over realizations, which no single flow gives",
        way: "its average, or one draw, has one",
      };
}

/** The names of all samplers that take a field, as they are without options. */
export function samplersFor(field: FieldKind, also: (sampler: Sampler) => boolean = () => true): string[] {
  const takes = (sampler: Sampler): boolean =>
    needsOf(sampler).every((need) => abilities[need].supports(field)) && also(sampler);
  return Object.keys(registry).filter((name) => takes(registry[name]()));
}

/**
 * The samplers along whose flow a field's log density goes, in words: `option` names the one that decides, with its value where it
 * has to be given.
 */
export function flowsFor(
  field: FieldKind,
  word: (name: string, option: string, value: number | undefined) => string = (name, option, value) =>
    value === undefined ? name : `${name}({ ${option}: ${value} })`,
): string[] {
  return samplersFor(field, ({ flow, flowWith }) => flow || flowWith !== undefined).map((name) => {
    const { flow, flowWith } = registry[name]();
    return flowWith ? word(name, flowWith.option, flow ? undefined : flowWith.value) : name;
  });
}

/** Joins words to a list for a sentence: "a, b or c". */
export function listed(names: readonly string[], word = "or"): string {
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}` : (names[0] ?? "none");
}

/** Refuses a sampler that does not take a field. @throws {VkernelError} E_USAGE */
export function checkPair(sampler: Sampler, field: FieldKind): void {
  const refusal = refusalOf(sampler, field);
  if (refusal === undefined) return;
  throw new VkernelError("E_USAGE", {
    argument: "sampler",
    expected: `${listed(refusal.samplers)} for this field (${refusal.way})`,
    got: `${sampler.name}: ${refusal.reason}`,
  });
}
