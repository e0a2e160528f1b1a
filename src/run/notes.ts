import type { AnyField } from "../sampler/abilities.js";
import type { TimeRange } from "../score/field.js";
import { beyondFit } from "../score/fitted.js";
import type { RunSpec } from "./spec.js";

/** What has to be said of a run, in sentences; none for most. */
export function notesOf(field: AnyField, run: Pick<RunSpec, "sampler" | "times" | "noise">): string[] {
  return [...beyondFit({ process: field.process, fitted: fittedOf(field) }, run.times), ...idle(run)];
}

/** The times that a field was fitted on, where it was learned. */
export const fittedOf = (field: AnyField): TimeRange | undefined =>
  field.kind === "step" ? undefined : field.fitted;

/** Noise that was asked for, of a sampler that takes none. */
function idle({ sampler, noise }: Pick<RunSpec, "sampler" | "noise">): string[] {
  if (sampler.noise !== "none" || noise === "independent") return [];
  const what = noise === "shared" ? 'noise "shared"' : "the noise that was given";
  return [`${sampler.name} takes no noise: ${what} changes nothing`];
}
