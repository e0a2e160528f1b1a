import { checkNumber, checkWord } from "../core/check.js";
import type { PointsInput, Precision } from "../data/mixture.js";
import { badArgument } from "../core/errors.js";
import type { Process } from "../process/process.js";
import type { EvaluateOptions, ScoreField } from "../score/field.js";
import { checkIsotropic } from "../score/line.js";
import { checkRows } from "./laws/grid.js";

/**
 * How the drift of the reverse SDE is written. "score": beta x + 2 D s (Cao et al. 2025, Eq. 4.1); "posteriorMean": beta x +
 * 2 D (alpha x_0 - x) / S (4.6); "attraction": rate (factor x_0 - x) (4.10); "relaxation": -decay x + pull (x_0 - x) (4.11).
 * Approximations: "far", where nothing of the data is left, alpha = 0 and S = 1 (4.7); "near", where S = 2 D t and the rest is
 * small: (x_0 - x) / t (4.8).
 */
export type ReverseForm = "score" | "posteriorMean" | "attraction" | "relaxation" | "far" | "near";

const forms = ["score", "posteriorMean", "attraction", "relaxation", "far", "near"] as const;

/** The numbers of all forms at one time. */
export interface ReverseCoefficients {
  /** The drift as state x + score s, that is beta x + 2 D s. */
  readonly score: { readonly state: number; readonly score: number };
  /** The drift as state x + posteriorMean x_0. */
  readonly posteriorMean: { readonly state: number; readonly posteriorMean: number };
  /** The drift as rate (factor x_0 - x); for `ou` 1 / tanh t and 1 / cosh t. */
  readonly attraction: { readonly rate: number; readonly factor: number };
  /** The drift as -decay x + pull (x_0 - x); for `ou` tanh(t / 2) and 1 / sinh t. */
  readonly relaxation: { readonly decay: number; readonly pull: number };
  /** sqrt(2 D), the factor of the Brownian motion. */
  readonly noise: number;
}

/** Rounding of alpha^2 + S about 1, by which a process is known to keep the variance. */
const VARIANCE_KEPT = 8 * Number.EPSILON;

/**
 * The reverse SDE dX = drift ds + sqrt(2 D) dB at a time, in all its forms, for any isotropic process. Cao et al. 2025, Eq. 4.1, 4.6,
 * 4.10, 4.11.
 *
 * @throws {VkernelError} E_RANGE, E_TYPE, E_UNSUPPORTED
 * @example
 * reverseCoefficients(ou(), 0.5).relaxation.decay; // tanh(0.25)
 */
export function reverseCoefficients(process: Process, t: number): ReverseCoefficients {
  if (typeof process?.variance !== "function") {
    throw badArgument("E_TYPE", "process", "a process such as ou()", process);
  }
  checkIsotropic(process);
  const { end } = process;
  checkNumber(t, "t", { above: 0, ...(end < Number.POSITIVE_INFINITY && { max: end }) });
  const [alpha, variance] = [process.alpha(t), process.variance(t)];
  const [beta, diffusion] = [process.beta(t), process.diffusion(t)];
  const toward = (2 * diffusion) / variance;
  const rate = toward - beta;
  const pull = toward * alpha;
  // 2 D (1 - alpha) / S - beta, which cancels near the data, is beta S / (1 + alpha)^2 where alpha^2 + S = 1.
  const kept = beta === diffusion && Math.abs(alpha * alpha + variance - 1) <= VARIANCE_KEPT;
  const decay = kept ? (beta * variance) / (1 + alpha) ** 2 : toward * (1 - alpha) - beta;
  return {
    score: { state: beta, score: 2 * diffusion },
    posteriorMean: { state: -rate, posteriorMean: pull },
    attraction: { rate, factor: pull / rate },
    relaxation: { decay, pull },
    noise: Math.sqrt(2 * diffusion),
  };
}

/**
 * The drift of the reverse SDE of a field, in a form of one's choice: all exact ones are the same numbers but for rounding.
 *
 * @param x `[count, dim]`
 * @returns `[count, dim]`: dX = drift ds + `reverseCoefficients(process, t).noise` dB, s the time of the reverse process
 * @throws {VkernelError} as `evaluate`; E_USAGE, E_UNSUPPORTED (noise with a direction)
 * @example
 * const drift = await reverseDrift(exactScore(data, ou()), [[0.1, 0.2]], 0.5, "relaxation");
 */
export async function reverseDrift<P extends Precision>(
  field: ScoreField<P>,
  x: PointsInput,
  t: number,
  form: ReverseForm = "score",
  options: EvaluateOptions = {},
): Promise<Float64Array> {
  if ((field as { kind?: unknown } | null | undefined)?.kind !== "field") {
    throw badArgument("E_TYPE", "field", "a score such as exactScore(data, process)", field);
  }
  const kind = checkWord(form, forms, "form");
  const { process, data } = field;
  const { score, attraction, relaxation } = reverseCoefficients(process, t);
  const rows = checkRows(x, data.dim);
  if (kind === "far") {
    const { state, score: factor } = score;
    return rows.map((own) => (state - factor) * own);
  }
  if (kind === "score") {
    const seen = await field.evaluate(rows, t, ["score"], options);
    return rows.map((own, i) => score.state * own + score.score * seen.score[i]);
  }
  const seen = await field.evaluate(rows, t, ["posteriorMean"], options);
  return rows.map((own, i) => {
    const mean = seen.posteriorMean[i];
    switch (kind) {
      case "posteriorMean": {
        const [alpha, variance] = [process.alpha(t), process.variance(t)];
        return score.state * own + (score.score * (alpha * mean - own)) / variance;
      }
      case "attraction":
        return attraction.rate * (attraction.factor * mean - own);
      case "relaxation":
        return relaxation.pull * (mean - own) - relaxation.decay * own;
      default:
        return (mean - own) / t;
    }
  });
}
