import type { OpList } from "../../bindings/opList.js";
import type { Register } from "../../bindings/ops.js";
import type { Randomness } from "../score/randomness.js";
import type { Predicted, Program, Slope, Term } from "../sampler/program.js";

/** A program, with what those who write operations themselves need of it. */
export interface OpenProgram extends Program {
  readonly ops: OpList;
  readonly sigma0: number;
  evaluations: number;
  /** Makes x one less `by` centres of the data: points are seen at time t from what is less alpha_t of them. */
  settle(x: Register, by: number): void;
  /** Notes how many centres have been taken from a register. */
  shifted(register: Register, by: number): void;
  /** A register with the score of rows by the caller's function. */
  called(x: Register, t: number): Register;
}

/** What a run says of its field and data to those who write steps. */
export interface FramedOptions {
  readonly randomness?: Randomness | undefined;
  readonly called?: boolean | undefined;
  readonly far?: boolean | undefined;
}

/** How steps are written where noise has a matrix of its own at every time: each part as in `Program`. */
export interface FramedWriter {
  slope(x: Register, t: number, dt: number, name: string): Slope;
  prediction(factor: number, x: Register, t: number, dt: number): Predicted;
  drawn(factor: number, x: Register, t: number, draws: number): Term[];
  /** `factor` times the mean of x_0, whatever an estimator draws. */
  average(factor: number, x: Register, t: number): Term[];
  /** `factor` times (x + S s-hat) / alpha, of a score that was called. */
  tweedie(factor: number, x: Register, score: Register, t: number): Predicted;
  /** A register with D_t times a score that was called. */
  diffused(score: Register, t: number, name: string): Register;
  diffusionNoise(noise: Register, t: number, dt: number): Term[];
  scoreTerms(factor: number, x: Register, t: number): Term[];
  /** Colours the normals that a run starts from. */
  start(noise: Register, initial: "noise" | "marginal", t: number): void;
  bridge: Program["bridge"];
  langevin: Program["langevin"];
  raise: Program["raise"];
}

/** Coordinates of their own at every time: the tables that operations name, and what writes steps by them. */
export interface Framing {
  /** Row-major dim x dim. */
  readonly matrices: readonly Float64Array[];
  readonly pointSets: readonly Float64Array[];
  steps(program: OpenProgram, options: FramedOptions): FramedWriter;
}
