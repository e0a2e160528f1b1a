/** Where a control changes something: of which views, in which tabs. */
import { type EstimatorName, estimatorTable } from "../../state/choices.js";
import type { State, Tab, View } from "../../state/state.js";

export type When = (view: View, state: State) => boolean;

export const within =
  (...tabs: readonly Tab[]): When =>
  (_, { tab }) =>
    tabs.includes(tab);
export const outside =
  (...tabs: readonly Tab[]): When =>
  (_, { tab }) =>
    !tabs.includes(tab);

/** Whether the score of a view depends on that. */
export const reads = ({ estimator }: View, what: (typeof estimatorTable)[EstimatorName]["reads"]): boolean =>
  estimatorTable[estimator].reads === what;

export const onStage = within("map", "particles", "compare");
export const runs = within("particles", "compare");
/** Tabs whose scores are what they are, whatever the view asks for; and the others. */
export const fixed = within("pde", "digits");
export const scored = outside("pde", "digits");
export const flows: When = (view, state) =>
  (runs(view, state) || state.tab === "line") && view.estimator !== "kde";
export const smooths: When = (view, state) =>
  state.tab === "line" || state.tab === "digits" || (state.tab !== "pde" && reads(view, "width"));
