import { refusalOf } from "../../src/sampler/capabilities.js";
import type { Sampler } from "../../src/sampler/index.js";
import type { ScoreEnsemble, ScoreField, StepEstimator } from "../../src/score/field.js";
import type { SamplerName } from "../state/state.js";
import { samplerNames } from "./names.js";

const capital = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`;

/** The sampler that runs where the chosen one does not go with the score, and why, by the library's own rule. */
export function insteadOf(
  name: SamplerName,
  sampler: Sampler,
  field: ScoreField | StepEstimator | ScoreEnsemble,
): { readonly name: SamplerName; readonly notice: string } | undefined {
  const refusal = refusalOf(sampler, field);
  if (refusal === undefined) return undefined;
  const other = refusal.instead as SamplerName;
  const notice = `${capital(samplerNames[name])} does not go with this score: ${refusal.reason}. ${capital(samplerNames[other])} runs instead.`;
  return { name: other, notice };
}
