import { isExact } from "../score/exact.js";
import type { Lack, ScoreEnsemble, ScoreField, StepEstimator } from "../score/field.js";

/**
 * What a sampler or an option may ask of a field beside values of its score: one that is the same at every look, the law of x_0
 * given x to draw from, the divergence of the score.
 */
export type Capability = "steady" | "posteriorDraws" | "divergence";

export type AnyField = ScoreField | StepEstimator | ScoreEnsemble;

/** What decides whether a field can serve: of one that is there, or of one that is still to be fitted. */
export interface FieldKind {
  readonly kind: AnyField["kind"];
  /** Anything, where its divergence is known; and why it is not. */
  readonly traceRows?: unknown;
  readonly untraced?: Lack | undefined;
}

/** What a field may give beside values of its score, and why one without it cannot serve. */
export interface Ability {
  /** Whether a field gives it; of an ensemble: whether each realization does, which is what particles follow. */
  supports(field: FieldKind): boolean;
  /** What is asked for, to end "a score that ...". */
  readonly what: string;
  /** The reason in mathematics. */
  readonly reason: string;
  /** What to do instead, and the sampler that comes nearest. */
  readonly way: string;
  readonly instead: string;
}

/** Whether pairs of samplers, options and fields go together is decided by this table alone. */
export const abilities: Readonly<Record<Capability, Ability>> = Object.freeze({
  steady: {
    supports: (field) => field.kind !== "step",
    what: "is the same at every look",
    reason:
      "a step that looks more than once at a score drawn anew at every look averages its noise away, and follows another estimator",
    way: "or sample its average",
    instead: "euler",
  },
  posteriorDraws: {
    supports: (field) => field.kind === "field" && isExact(field),
    what: "comes with the law of x_0 given x",
    reason: "a score gives the mean of x_0 given x alone, not the law that draws are made of",
    way: "ancestral takes the mean",
    instead: "ancestral",
  },
  divergence: {
    supports: (field) => field.kind === "field" && (isExact(field) || field.traceRows !== undefined),
    what: "has a known divergence",
    reason: "a log density changes by the divergence of the score along the flow",
    way: "customScore takes a divergence of yours",
    instead: "dopri5",
  },
});
