/** The check of g1, apart from the test that runs it, so that Chromium can run it too. */
import type { Engine, Mixture, Process } from "vkernel";
import { exactScore } from "vkernel";
import {
  evaluate,
  evaluatePoint,
  levelAt,
  type ReferenceLevel,
  type ReferenceMixture,
} from "vkernel/reference";
import {
  float32Factor,
  float32LostWeight,
  float32Unit,
  type GoldenProcess,
  largest,
  mixtureOf,
  type Precision,
  processOf,
  rounded,
  roundedMixture,
} from "./golden.js";

interface Tolerance {
  readonly logp_abs: number;
  readonly weights_abs: number;
  readonly denoiser_abs: number;
  readonly score_abs: number;
  readonly C_abs: number;
  readonly hess_abs: number;
}

export interface ScoreQuery {
  readonly x: readonly number[];
  readonly logp: number;
  readonly posterior?: readonly number[];
  readonly denoiser: readonly number[];
  readonly score: readonly number[];
  readonly hess?: readonly (readonly number[])[];
  readonly C?: readonly (readonly number[])[];
  readonly cov_x0_given_x?: readonly (readonly number[])[];
  readonly trC: number;
  readonly div_pfode: number;
  readonly pfode_velocity: readonly number[];
  readonly exponent_scale: number;
  readonly tol: Tolerance;
}

export interface ScoreCase {
  readonly name: string;
  readonly process: GoldenProcess;
  readonly t: number;
  readonly mu: readonly (readonly number[])[];
  readonly w: readonly number[];
  readonly sigma0: number;
  readonly schedule: {
    readonly alpha: number;
    readonly beta: number;
    readonly S: number | readonly (readonly number[])[];
    readonly D: number | readonly (readonly number[])[];
  };
  readonly queries: readonly ScoreQuery[];
}

export interface ScoreGolden {
  readonly schema: string;
  readonly cases: readonly ScoreCase[];
}

const quantities = [
  "logDensity",
  "divergence",
  "proxyVariance",
  "score",
  "posteriorMean",
  "velocity",
  "posteriorWeights",
  "hessian",
  "proxyCovariance",
  "posteriorCovariance",
] as const;
type Quantity = (typeof quantities)[number];

/** What the library adds to the files' own tolerances: alpha, S, ... are each right to a rounding or two. */
const roundings = 4 * Number.EPSILON;

/** Checks that the schedule of a case is that of the process, and returns the process. */
function checkSchedule(golden: ScoreCase, failures: string[]): Process {
  const process = processOf(golden.process);
  const { schedule, t, name } = golden;
  const a = process.covariance ?? Float64Array.of(1);
  const compare = (what: string, got: number, expected: number, scale: number) => {
    if (!(Math.abs(got - expected) <= roundings * scale))
      failures.push(`${name}: ${what} ${got}, not ${expected}`);
  };
  compare("alpha", process.alpha(t), schedule.alpha, schedule.alpha);
  compare("beta", process.beta(t), schedule.beta, schedule.beta);
  const listOf = (value: typeof schedule.S) => (typeof value === "number" ? [value] : value.flat());
  const s = listOf(schedule.S);
  const d = listOf(schedule.D);
  s.forEach((value, k) => {
    compare("S", process.variance(t) * (a[k] as number), value, largest(s));
    compare("D", process.diffusion(t) * (a[k] as number), d[k] as number, largest(d));
  });
  return process;
}

/**
 * Evaluates a case through the public API and compares every number.
 * @returns a line for every number that is off; and the largest error in units of its tolerance
 */
export async function checkScoreCase(
  engine: Engine,
  precision: Precision,
  golden: ScoreCase,
): Promise<{ failures: string[]; worst: number }> {
  const failures: string[] = [];
  let worst = 0;
  const process = checkSchedule(golden, failures);
  const reference = mixtureOf(golden);
  const { dim } = reference;
  const size = reference.weights.length;
  const { queries } = golden;
  const x = Float64Array.from(queries.flatMap((query) => query.x));
  const data: Mixture = engine.mixture(reference.points, {
    dim,
    weights: reference.weights,
    sigma0: reference.sigma0,
    precision,
  });
  const input = precision === "f32" ? Float32Array.from(x) : x;
  const got = (await exactScore(data, process).evaluate(input, golden.t, quantities)) as Record<
    Quantity,
    Float32Array | Float64Array
  >;
  data.dispose();

  const level = levelAt(process, golden.t);
  const single = precision === "f32";
  // What rounding the inputs to float32 alone does: the float64 reference on rounded inputs.
  const ofRounded = single ? evaluate(roundedMixture(reference), level, rounded(x), quantities) : undefined;
  const factor = single ? float32Factor(dim) : 1;
  const matrix = (value: number | readonly (readonly number[])[]) =>
    typeof value === "number" ? value : largest(value.flat());
  const maxS = matrix(golden.schedule.S);
  const maxD = matrix(golden.schedule.D);
  const rows = process.covariance === undefined ? 1 : dim;
  const { alpha } = golden.schedule;
  const spread = 2 * largest(reference.points);

  // In a covariance a lost weight counts with the square of the distance, in a score with the distance itself; and
  // the mean that a covariance is taken about is itself only right to 2e-6, which enters squared.
  const lost = single ? float32LostWeight * size : 0;
  const stiffness = stiffnessOf(reference, level);
  const lostSquare = single ? (lost + (float32Unit / 2) ** 2) * spread * spread : 0;
  const lostC = lostSquare * (alpha * stiffness) ** 2;

  queries.forEach((query, q) => {
    const { tol } = query;
    const compare = (name: Quantity, expected: readonly number[], fromFile: number, lostHere = 0) => {
      const length = expected.length;
      const values = got[name].subarray(q * length, (q + 1) * length);
      const scale = largest(expected);
      if (got[name].length !== queries.length * length) {
        failures.push(
          `${golden.name}: ${name} has ${got[name].length} numbers, not ${queries.length * length}`,
        );
        return;
      }
      expected.forEach((truth, i) => {
        let tolerance = fromFile * factor + lostHere;
        if (ofRounded !== undefined) {
          tolerance += float32Unit * scale + Math.abs((ofRounded[name][q * length + i] as number) - truth);
        }
        const error = Math.abs((values[i] as number) - truth);
        const ratio = error === 0 ? 0 : error / tolerance;
        if (!(ratio <= worst)) worst = ratio;
        if (!(ratio <= 1)) {
          failures.push(
            `${golden.name}, query ${q}: ${name}[${i}] is ${values[i]}, not ${truth}; off by ${error}, allowed ${tolerance}`,
          );
        }
      });
    };
    compare("logDensity", [query.logp], tol.logp_abs);
    compare("posteriorMean", query.denoiser, tol.denoiser_abs, lost * spread);
    compare("score", query.score, tol.score_abs, lost * alpha * spread * stiffness);
    if (query.posterior !== undefined) compare("posteriorWeights", query.posterior, tol.weights_abs, lost);
    // A trace is a sum of dim entries.
    compare("proxyVariance", [query.trC], dim * tol.C_abs, dim * lostC);
    // tol.div_rel_note: D_t * D * hess_abs; a matrix D_t sums dim products in every entry. beta * dim is exact to a rounding.
    const rounding = golden.schedule.beta * dim * roundings;
    compare("divergence", [query.div_pfode], rows * maxD * dim * tol.hess_abs + rounding, maxD * dim * lostC);
    // -beta x - D s
    const drift = golden.schedule.beta * largest(query.x) * roundings;
    compare(
      "velocity",
      query.pfode_velocity,
      rows * maxD * tol.score_abs + drift,
      rows * maxD * lost * alpha * spread * stiffness,
    );
    if (query.hess !== undefined) compare("hessian", query.hess.flat(), tol.hess_abs, lostC);
    if (query.C !== undefined) compare("proxyCovariance", query.C.flat(), tol.C_abs, lostC);
    if (query.cov_x0_given_x !== undefined) {
      // Cov(x0 | x) = S C S / alpha^2; the file has no tolerance of its own for it.
      const covariance = query.cov_x0_given_x.flat();
      const fromC = ((rows * maxS) / alpha) ** 2 * tol.C_abs + roundings * largest(covariance);
      compare("posteriorCovariance", covariance, fromC, lostSquare);
    }
  });
  return { failures, worst };
}

/** A bound on the norm of V^-1, which is minus the Hessian of log p where there is one point only. */
function stiffnessOf(mixture: ReferenceMixture, level: ReferenceLevel): number {
  const { dim, sigma0 } = mixture;
  const point = { points: new Float64Array(dim), dim, weights: Float64Array.of(1), sigma0 };
  const { hessian } = evaluatePoint(point, level, new Float64Array(dim), ["hessian"]);
  return (level.covariance === undefined ? 1 : dim) * largest(hessian);
}
