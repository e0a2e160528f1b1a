import { createEngine, type Engine, euler, exactScore, heun, logarithmic, sample, times } from "vkernel";
import {
  type ReferenceStep,
  euler as referenceEuler,
  heun as referenceHeun,
  integrate,
} from "vkernel/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "./files.js";
import {
  float32PathBound,
  type GoldenProcess,
  largest,
  mixtureOf,
  processOf,
  rounded,
  roundedMixture,
  variants,
  variantTitle,
} from "./golden.js";

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
      readonly nearest: number;
    }[];
    readonly fixed_grid: readonly {
      readonly grid: "log" | "rho7";
      readonly N: number;
      readonly start_case: number;
      readonly euler: readonly number[];
      readonly heun: readonly number[];
    }[];
  }[];
}

const golden = readGolden<FlowGolden>("g3_pfode.json");

/** The file's tolerance for end points by an adaptive solver. */
const endTolerance = 1e-7;
/** The file's tolerance for fixed grids, relative. */
const gridTolerance = 1e-10;

/**
 * Heun's error is c h^2 (1 + O(h)): from 2,000 and 4,000 steps the error at 4,000 is a third of the difference, and the
 * extrapolated end point is right to about h of that, far below 1e-7. At 4,000 steps it must itself be below 2e-6.
 */
const coarse = 2000;
const fine = 4000;
const discretizationTolerance = 2e-6;

/** In float32 rounding errors grow with the steps: fewer of them. */
const float32Steps = 100;

/** The times of the file's schema, the ends exactly. */
function timesOf(grid: "log" | "rho7", T: number, eps: number, N: number): number[] {
  return Array.from({ length: N + 1 }, (_, i) => {
    if (i === 0) return T;
    if (i === N) return eps;
    if (grid === "log") return Math.exp(Math.log(T) + (i / N) * (Math.log(eps) - Math.log(T)));
    return (T ** (1 / 7) + (i / N) * (eps ** (1 / 7) - T ** (1 / 7))) ** 7;
  });
}

describe.each(variants)(`g3, PF-ODE: ${variantTitle}`, ({ kernels, precision }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ kernels, threads: 1 });
  });
  afterAll(() => engine.close());

  describe.each(golden.groups.map((group) => [group.name, group] as const))("%s", (_, group) => {
    const process = processOf(group.process);
    const mixture = mixtureOf(group);
    const { dim } = mixture;
    const fieldOf = () =>
      exactScore(
        engine.mixture(mixture.points, {
          dim,
          weights: mixture.weights,
          sigma0: mixture.sigma0,
          precision,
        }),
        process,
      );
    /** What float32 may add to a run: its own rounding, carried along, and what rounding the inputs alone does. */
    const float32Tolerance = (
      step: ReferenceStep,
      list: ArrayLike<number>,
      start: Float64Array,
      truth: readonly number[],
    ) => {
      const options = { mixture, process, times: list, initial: start };
      const { samples } = integrate(step, {
        ...options,
        mixture: roundedMixture(mixture),
        initial: rounded(start),
      });
      const ofInputs = largest(truth.map((value, i) => (samples[i] as number) - value));
      return ofInputs + float32PathBound(step, options);
    };

    it.each(group.fixed_grid.map((item) => [item.grid, item.N, item] as const))(
      "the %s grid of %d steps, exactly",
      async (_, __, item) => {
        const list = timesOf(item.grid, group.T, group.eps, item.N);
        const initial = Float64Array.from(group.cases[item.start_case]?.x_T as readonly number[]);
        for (const [sampler, step, truth] of [
          [euler(), referenceEuler, item.euler],
          [heun(), referenceHeun, item.heun],
        ] as const) {
          const run = await sample(fieldOf(), { sampler, grid: times(list), count: 1, seed: 0, initial });
          expect(Array.from(run.times)).toEqual(list);
          const tolerance =
            precision === "f64"
              ? gridTolerance * largest(truth)
              : float32Tolerance(step, list, initial, truth);
          truth.forEach((value, i) => {
            expect(Math.abs((run.samples[i] as number) - value)).toBeLessThanOrEqual(tolerance);
          });
        }
      },
    );

    it("end points by many steps of Heun", async () => {
      const field = fieldOf();
      const count = group.cases.length;
      const initial = Float64Array.from(group.cases.flatMap((item) => item.x_T));
      const run = async (steps: number) => {
        const grid = logarithmic({ steps, tMax: group.T, tMin: group.eps });
        return {
          grid,
          samples: (await sample(field, { sampler: heun(), grid, count, seed: 0, initial })).samples,
        };
      };
      if (precision === "f64") {
        const [low, high] = [(await run(coarse)).samples, (await run(fine)).samples];
        group.cases.forEach((item, c) => {
          item.x_eps.forEach((truth, i) => {
            const value = high[c * dim + i] as number;
            const difference = (value - (low[c * dim + i] as number)) / 3;
            expect(Math.abs(value - truth)).toBeLessThanOrEqual(discretizationTolerance);
            expect(Math.abs(value + difference - truth)).toBeLessThanOrEqual(endTolerance);
          });
        });
      } else {
        const { grid, samples } = await run(float32Steps);
        const list = grid.times(process);
        group.cases.forEach((item, c) => {
          // "What rounding the inputs does" is here the float64 run on rounded inputs against the truth, steps and all.
          const start = initial.slice(c * dim, (c + 1) * dim);
          const tolerance = float32Tolerance(referenceHeun, list, start, item.x_eps);
          item.x_eps.forEach((truth, i) => {
            expect(Math.abs((samples[c * dim + i] as number) - truth)).toBeLessThanOrEqual(tolerance);
          });
        });
      }
    });

    it("ends nearest to the training point of the file", async () => {
      const field = fieldOf();
      const { length: count } = group.cases;
      const initial = Float64Array.from(group.cases.flatMap((item) => item.x_T));
      const grid = logarithmic({ steps: float32Steps, tMax: group.T, tMin: group.eps });
      const { samples } = await sample(field, { sampler: heun(), grid, count, seed: 0, initial });
      const { nearest } = await field.evaluate(samples, group.eps, ["nearest"]);
      expect(Array.from(nearest)).toEqual(group.cases.map((item) => item.nearest));
    });
  });
});
