import { euler, heun, type Sampler } from "../../src/index.js";
import { type SamplerMaker, type SamplerName, type SamplerOptions, samplerTable } from "../state/choices.js";
import type { SamplerRecipe } from "./recipe.js";

/** The samplers that the first picture does without: they load when one of them is chosen. */
export const others = (): Promise<Readonly<Record<SamplerMaker, (options?: SamplerOptions) => Sampler>>> =>
  import("../../src/sampler/samplers.js");

export function samplerRecipe(name: SamplerName): SamplerRecipe {
  const { maker, options } = samplerTable[name];
  // Rows without a maker have its name: the table's type holds them to it.
  return { name, by: maker ?? (name as SamplerMaker), options };
}

export async function samplerOf({ by, options }: SamplerRecipe): Promise<Sampler> {
  if (by === "heun") return heun(options);
  if (by === "euler") return euler(options);
  return (await others())[by](options);
}
