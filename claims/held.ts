/**
 * What is held to theory while one waits: the cards of the explorer's stories. They are measured by the library's kernels; what they
 * are held to is computed by plain formulas, never by the kernel that is on trial.
 */
import type { Bench } from "./bench.js";

export interface Held {
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

/** The verdict on it. */
export interface Verified extends Held {
  readonly deviation: number;
  readonly allowed: number;
  readonly holds: boolean;
}

/** What a page is told of a card. */
export interface ClaimResult extends Verified {
  readonly milliseconds: number;
}

/** A claim as a card of a story has it, in words. */
export interface CardHead {
  /** Unique within its story; part of links and of tests. With the story's name it is the claim's: flow-map/kl. */
  readonly name: string;
  /** What is measured, and what is expected where it is one number. */
  readonly title: string;
  /** Paper and equation. */
  readonly source: string;
}

/** What measures a card. */
export interface Card {
  /**
   * The kernels whose results it holds, as `assembly/index.ts` names them without precision, and which of their outputs, where
   * they have several: `affine`, `posteriorLanes2.covariance`. One percent on any of them makes the card fail.
   */
  readonly kernels: readonly string[];
  measure(bench: Bench): Promise<Held>;
}

export interface Cards {
  /** Of each card of the story, by its name. */
  readonly measures: Readonly<Record<string, Card>>;
  /** The same run at twice the steps and in float64: what of the picture is numerical error. */
  error(bench: Bench): Promise<readonly (readonly [string, number])[]>;
}

/** The verdict, from the numbers alone. */
export function judge(held: Held): Verified {
  const { measured, theory, tolerance, standardError = 0, errors = 5, relation = "close" } = held;
  const difference = measured - theory;
  const deviation =
    relation === "close" ? Math.abs(difference) : relation === "at most" ? difference : -difference;
  const allowed = tolerance + errors * standardError;
  return { ...held, deviation: difference, allowed, holds: deviation <= allowed };
}
