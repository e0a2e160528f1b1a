/**
 * A story shows one result: where the explorer stands when it opens, three short texts, and cards that hold the picture to
 * the theory's numbers. Cards are measured in the worker by the library's kernels; what they are held to is computed by
 * plain formulas in the story's own file, never by the kernel that is on trial.
 */
import type { Engine } from "../../src/engine.js";
import type { State, View } from "../state/state.js";
import type { StoryEntry } from "./entries.js";

export interface Claim {
  readonly measured: number;
  /** Of the measurement; undefined where it is no sample. */
  readonly standardError?: number | undefined;
  readonly theory: number;
  /** What the two may differ by beyond `errors` standard errors: rounding, a finite grid. Derived where it is given. */
  readonly tolerance: number;
  /** Standard errors allowed; 5 by default. Two-sided false alarms: 6e-7. */
  readonly errors?: number;
  /** "at most": the measurement may be as small as it likes. "close" by default. */
  readonly relation?: "close" | "at most" | "at least";
  /** Numbers behind it, for the table view: a name and a value. */
  readonly details?: readonly (readonly [string, number | string])[];
  /** Said under the card, where the number needs a word. */
  readonly note?: string;
}

export interface ClaimResult extends Claim {
  readonly deviation: number;
  readonly allowed: number;
  readonly holds: boolean;
  readonly milliseconds: number;
}

export interface CardContext {
  readonly engine: Engine;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

export interface Card {
  /** Unique within its story; part of links and of tests. */
  readonly name: string;
  readonly title: string;
  /** Paper and equation. */
  readonly source: string;
  /**
   * The kernels whose results it holds, as `assembly/index.ts` names them without precision, and which of their outputs, where
   * they have several: `affine`, `posteriorLanes2.covariance`. One percent on any of them makes the card fail.
   */
  readonly kernels: readonly string[];
  measure(context: CardContext): Promise<Claim>;
}

export interface Story extends StoryEntry {
  readonly preset: Partial<Omit<State, "view">> & { readonly view?: Partial<View> };
  readonly text: {
    readonly see: string;
    readonly says: string;
    readonly measured: string;
  };
  readonly cards: readonly Card[];
  /** The same run at twice the steps and in float64: what of the picture is numerical error. */
  error(context: CardContext): Promise<readonly (readonly [string, number])[]>;
}

/** The verdict, from the numbers alone. */
export function judge(claim: Claim, milliseconds: number): ClaimResult {
  const { measured, theory, tolerance, standardError = 0, errors = 5, relation = "close" } = claim;
  const difference = measured - theory;
  const deviation =
    relation === "close" ? Math.abs(difference) : relation === "at most" ? difference : -difference;
  const allowed = tolerance + errors * standardError;
  return { ...claim, deviation: difference, allowed, holds: deviation <= allowed, milliseconds };
}
