import { Late } from "../../core/late.js";
import type { anisotropic } from "./anisotropic.js";
import type { evaluatePlainly, referenceEvaluation } from "./reference.js";

interface PlainScores {
  readonly referenceEvaluation: typeof referenceEvaluation;
  readonly evaluatePlainly: typeof evaluatePlainly;
}

/** Scores without Wasm: they come with an engine that has none. */
export const plainScores = /* @__PURE__ */ new Late<PlainScores>(() => import("./reference.js"));

/** Scores where noise has a direction: they come with the process, from the function that makes such processes. */
export const directedScores = /* @__PURE__ */ new Late<{ anisotropic: typeof anisotropic }>(
  () => import("./anisotropic.js"),
);
