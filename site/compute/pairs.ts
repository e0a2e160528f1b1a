/** Which samplers go with which scores: all with the exact one, so that this loads with another. */
import { refusalOf, type Sampler } from "../../src/index.js";
import type { AnyField } from "../../src/sampler/abilities.js";
import { type SamplerName, samplerTable } from "../state/choices.js";

/** What a sampler is called in sentences. */
export const calledOf = (name: SamplerName): string => samplerTable[name].called ?? samplerTable[name].label;

const capital = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`;

/**
 * The sampler that runs where the chosen one does not go with the score, by the library's own rule, or follows neither equation
 * where one of them is shown beside it; and why.
 */
export function insteadOf(
  name: SamplerName,
  sampler: Sampler,
  field: AnyField,
  equations: boolean,
): { readonly name: SamplerName; readonly notice: string } | undefined {
  const called = capital(calledOf(name));
  if (equations && samplerTable[name].neither)
    return { name: "posterior", notice: `${called} follows neither equation: posterior steps run.` };
  const refusal = refusalOf(sampler, field);
  if (refusal === undefined) return undefined;
  const other = refusal.instead as SamplerName;
  const notice = `${called} does not go with this score: ${refusal.reason}. ${capital(calledOf(other))} runs instead.`;
  return { name: other, notice };
}
