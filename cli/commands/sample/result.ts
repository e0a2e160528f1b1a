import type { Mixture, SampleRun } from "vkernel";
import type { DataOptions, Input } from "../../input.js";
import type { RunChoices } from "../../onEngine.js";
import type { Chosen } from "../../option.js";
import type { sampleOutputs } from "../../options.js";
import type { Plan, SampleChoices } from "../../plan.js";

export type SampleCommandChoices = SampleChoices & DataOptions & RunChoices & Chosen<typeof sampleOutputs>;

/** What was drawn, of which data and by which plan. */
export interface SampleResult {
  /** Of the data, as it was given. */
  readonly name: string;
  readonly input: Input;
  readonly data: Mixture;
  readonly plan: Plan;
  readonly run: SampleRun;
}
