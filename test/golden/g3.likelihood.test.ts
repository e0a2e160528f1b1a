// The rest of g3: end points by an adaptive solver, log densities along the flow, and the Jacobian of the flow.
import {
  createEngine,
  dopri5,
  type Engine,
  exactScore,
  logarithmic,
  logLikelihood,
  rk4,
  sample,
  times,
} from "vkernel";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import { type GoldenProcess, type Kernels, mixtureOf, processOf } from "./golden.js";

interface FlowGolden {
  readonly groups: readonly {
    readonly name: string;
    readonly process: GoldenProcess;
    readonly T: number;
    readonly eps: number;
    readonly mu: readonly (readonly number[])[];
    readonly w: readonly number[];
    readonly sigma0: number;
    readonly cases: readonly {
      readonly x_T: readonly number[];
      readonly x_eps: readonly number[];
      readonly int_div: number;
      readonly logp_T_exact: number;
      readonly logq_exact_base: number;
      readonly logp_eps_direct: number;
      readonly logp_T_gauss: number;
      readonly logq_gauss_base: number;
      readonly jacobian_xeps_xT: readonly (readonly number[])[];
      readonly logdetJ_fd: number;
    }[];
  }[];
}

const golden = readGolden<FlowGolden>("g3_pfode.json");

/** The file's tolerance for end points by an adaptive solver, absolute. */
const endTolerance = 1e-7;
/** The file's tolerance for the integral of the divergence, and so for log densities that contain it. */
const divergenceTolerance = 1e-6;
/** log p of given states: one evaluation in float64, numbers of some 10. */
const baseTolerance = 1e-10;
/** The file's entries of the Jacobian are finite differences, right to this (its schema). */
const jacobianTolerance = 1e-5;

/**
 * The error of a run grows from step to step by less than |J^-1| (some 1e4 upward), and steps are some hundreds: a
 * hundredth of a millionth of the tolerances above at each.
 */
const adaptive = dopri5({ rtol: 1e-12, atol: 1e-13 });
/** RK4 in log time: (log(20 / 0.001) / 2000)^4 = 6e-10, times the fifth derivatives of the flow, some 1e1 to 1e2. */
const fixedSteps = 2000;
/**
 * Half width of the differences: their error is its square times third derivatives of the flow (5e4 where the flow of `ou`
 * is most bent) and the 1e-12 of the end points over it.
 */
const width = 5e-6;
/** The log determinant of those differences: both errors relative to entries of 1e-5 and more. Measured: 7e-7. */
const determinantTolerance = 2e-6;
/** What the file's own log determinant is off by from its own divergence: 1.36e-3 at most, where entries are 1e-5. */
const fileDeterminantTolerance = 2e-3;

/** The same in every build: the arithmetic of one is another's to rounding. */
describe.each(["simd", "relaxed", "reference"] as const)("g3, likelihoods: %s", (kernels: Kernels) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  describe.each(golden.groups.map((group) => [group.name, group] as const))("%s", (_, group) => {
    const process = processOf(group.process);
    const mixture = mixtureOf(group);
    const { dim } = mixture;
    const { cases, T, eps } = group;
    const starts = Float64Array.from(cases.flatMap((item) => item.x_T));
    const ends = Float64Array.from(cases.flatMap((item) => item.x_eps));
    const fieldOf = () =>
      exactScore(
        engine.mixture(mixture.points, {
          dim,
          weights: mixture.weights,
          sigma0: mixture.sigma0,
          precision: "f64",
        }),
        process,
      );
    const schemes = [
      ["dopri5", adaptive, times([T, eps])],
      ["rk4", rk4(), logarithmic({ steps: fixedSteps, tMax: T, tMin: eps })],
    ] as const;

    it.each(schemes)("downward by %s: end points and log densities", async (_, sampler, grid) => {
      const run = await sample(fieldOf(), { sampler, grid, initial: starts, logLikelihood: true });
      const { logDensity, divergence, bitsPerDim } = run.likelihood as NonNullable<typeof run.likelihood>;
      cases.forEach((item, c) => {
        for (let d = 0; d < dim; d++) {
          const error = (run.samples[c * dim + d] as number) - (item.x_eps[d] as number);
          expect(Math.abs(error)).toBeLessThanOrEqual(endTolerance);
        }
        const density = logDensity[c] as number;
        const divided = divergence[c] as number;
        expect(Math.abs(divided - item.int_div)).toBeLessThanOrEqual(divergenceTolerance);
        expect(Math.abs(density - divided - item.logp_T_exact)).toBeLessThanOrEqual(baseTolerance);
        expect(Math.abs(density - item.logq_exact_base)).toBeLessThanOrEqual(divergenceTolerance);
        expect(Math.abs(density - item.logp_eps_direct)).toBeLessThanOrEqual(divergenceTolerance);
        expect(Math.abs((bitsPerDim[c] as number) * dim * Math.LN2 + density)).toBeLessThanOrEqual(
          baseTolerance,
        );
      });
    });

    it.each(schemes)("upward by %s: both bases, and back where it came from", async (_, sampler, grid) => {
      const field = fieldOf();
      for (const base of ["marginal", "noise"] as const) {
        const run = await logLikelihood(field, ends, { sampler, grid, base });
        cases.forEach((item, c) => {
          const truth = base === "marginal" ? item.logq_exact_base : item.logq_gauss_base;
          const top = base === "marginal" ? item.logp_T_exact : item.logp_T_gauss;
          const [density, divided] = [run.logDensity[c] as number, run.divergence[c] as number];
          expect(Math.abs(divided - item.int_div)).toBeLessThanOrEqual(divergenceTolerance);
          expect(Math.abs(density - truth)).toBeLessThanOrEqual(divergenceTolerance);
          // The latents are x_T to what the file's 1e-12 in x_eps becomes on the way up.
          expect(Math.abs(density - divided - top)).toBeLessThanOrEqual(divergenceTolerance);
        });
      }
    });

    it("log p at the ends by evaluate", async () => {
      const field = fieldOf();
      const [top, bottom] = await Promise.all([
        field.evaluate(starts, T, ["logDensity"]),
        field.evaluate(ends, eps, ["logDensity"]),
      ]);
      cases.forEach((item, c) => {
        expect(Math.abs((top.logDensity[c] as number) - item.logp_T_exact)).toBeLessThanOrEqual(
          baseTolerance,
        );
        expect(Math.abs((bottom.logDensity[c] as number) - item.logp_eps_direct)).toBeLessThanOrEqual(
          divergenceTolerance,
        );
      });
    });

    it("the Jacobian of the flow, and its determinant against the divergence", async () => {
      const field = fieldOf();
      const initial = new Float64Array(cases.length * 2 * dim * dim);
      cases.forEach((item, c) => {
        for (let j = 0; j < dim; j++) {
          for (const side of [0, 1]) {
            const row = ((c * dim + j) * 2 + side) * dim;
            initial.set(item.x_T, row);
            initial[row + j] = (initial[row + j] as number) + (side === 0 ? width : -width);
          }
        }
      });
      const { samples } = await sample(field, { sampler: adaptive, grid: times([T, eps]), initial });
      cases.forEach((item, c) => {
        const j = (row: number, column: number): number => {
          const at = (side: number): number => samples[((c * dim + column) * 2 + side) * dim + row] as number;
          return (at(0) - at(1)) / (2 * width);
        };
        const truth = (row: number, column: number): number => item.jacobian_xeps_xT[row]?.[column] as number;
        expect(dim).toBe(2);
        const largest = Math.max(...item.jacobian_xeps_xT.flat().map(Math.abs));
        for (let row = 0; row < dim; row++) {
          for (let column = 0; column < dim; column++) {
            expect(Math.abs(j(row, column) - truth(row, column))).toBeLessThanOrEqual(
              jacobianTolerance * Math.max(1, largest),
            );
          }
        }
        const logDeterminant = Math.log(j(0, 0) * j(1, 1) - j(0, 1) * j(1, 0));
        expect(Math.abs(logDeterminant + item.int_div)).toBeLessThanOrEqual(determinantTolerance);
        expect(Math.abs(logDeterminant - item.logdetJ_fd)).toBeLessThanOrEqual(fileDeterminantTolerance);
      });
    });
  });
});
