import { isFloats } from "../../core/brand.js";
import { checkWord } from "../../core/check.js";
import { checkFinite, checkTable, coordinateLimit, type PointsInput } from "../../data/mixture.js";
import { badArgument } from "../../core/errors.js";
import type { Process } from "../../process/process.js";
import { type Nodes, panels } from "../../numeric/panels.js";
import { checkGrid, type Grid, type GriddedDensity, gridAt, looksGridded } from "./grid.js";

/** A density that is 0 outside a box and smooth inside; its integral must be 1 to one percent. In one or two dimensions. */
export interface DensityFunction {
  /** The density at x, `dim` numbers. */
  readonly density: (x: Float64Array) => number;
  /** The ends of the box, one pair per coordinate. */
  readonly box: readonly (readonly [number, number])[];
}

/**
 * Where the reverse process starts, q_0: "noise" N(0, S_T), "normal" N(0, I), "marginal" the law p_T of the data itself; a density
 * on a grid or as a function; or samples of it, `[count, dim]`.
 */
export type StartLaw = "noise" | "normal" | "marginal" | GriddedDensity | DensityFunction | PointsInput;

/** A start that has a density. */
export interface DensityStart {
  readonly kind: "density";
  /** The variance of N(0, variance I), if it is that. */
  readonly variance: number | undefined;
  /** A rule for each axis that resolves the density, finer with each level. */
  rule(level: number): Nodes[];
  /** log q_0 at rows. */
  logDensity(rows: Float64Array): Float64Array;
}

export type Start =
  | { readonly kind: "marginal" }
  | { readonly kind: "samples"; readonly rows: Float64Array }
  | DensityStart;

/** Standard deviations of a Gaussian that quadrature covers: beyond lies 2e-19 of it. */
const REACH = 9;
/** The first panels of a Gaussian, in standard deviations, and of a box, of its sides. */
const FIRST = { normal: 3, box: 1 / 4 } as const;
/** Nodes in a cell of a grid, between whose values a density is linear; doubled with each level. */
const IN_CELL = 3;

const words = ["noise", "normal", "marginal"] as const;

/** @throws {VkernelError} E_TYPE, E_USAGE, E_SHAPE, E_NONFINITE, E_RANGE */
export function checkStart(initial: unknown, process: Process, horizon: number, dim: number): Start {
  if (typeof initial === "string") {
    const word = checkWord(initial, words, "initial");
    if (word === "marginal") return { kind: word };
    return normalStart(word === "normal" ? 1 : process.variance(horizon), dim);
  }
  if (isTable(initial)) {
    const { data, rows } = checkTable(initial, "initial", dim);
    if (rows === 0) throw badArgument("E_SHAPE", "initial", "at least one sample", "none");
    checkFinite(data, "initial", coordinateLimit("f64", dim), "f64");
    return { kind: "samples", rows: Float64Array.from(data) };
  }
  if (looksGridded(initial)) {
    const grid = checkGrid(initial, "initial");
    if (grid.dim !== dim) {
      const expected = dim > 2 ? `samples of it, [count, ${dim}]` : `a density in ${dim} dimensions`;
      throw badArgument("E_SHAPE", "initial", expected, `one in ${grid.dim}`);
    }
    return gridStart(grid);
  }
  const { density, box } = (initial ?? {}) as Partial<DensityFunction>;
  if (typeof density === "function") return functionStart(density, box, dim);
  throw badArgument(
    "E_TYPE",
    "initial",
    `"noise", "normal", "marginal", { x, density } on a grid, { density, box } or samples [count, ${dim}]`,
    initial,
  );
}

const isTable = (value: unknown): value is PointsInput => Array.isArray(value) || isFloats(value);

export function normalStart(variance: number, dim: number): DensityStart {
  const deviation = Math.sqrt(variance);
  const constant = -0.5 * dim * Math.log(2 * Math.PI * variance);
  return {
    kind: "density",
    variance,
    rule(level) {
      const end = REACH * deviation;
      const axis = panels([-end, end], (FIRST.normal * deviation) / 2 ** level);
      return Array.from({ length: dim }, () => axis);
    },
    logDensity: (rows) =>
      Float64Array.from({ length: rows.length / dim }, (_, q) => {
        let square = 0;
        for (let d = 0; d < dim; d++) square += rows[q * dim + d] ** 2;
        return constant - square / (2 * variance);
      }),
  };
}

function gridStart(grid: Grid): DensityStart {
  return {
    kind: "density",
    variance: undefined,
    rule: (level) =>
      grid.axes.map((places) => panels(places, Number.POSITIVE_INFINITY, Math.min(96, IN_CELL * 2 ** level))),
    logDensity: (rows) => gridAt(grid, rows).map(Math.log),
  };
}

function functionStart(density: DensityFunction["density"], box: unknown, dim: number): DensityStart {
  if (!Array.isArray(box) || box.length !== dim) {
    throw badArgument("E_SHAPE", "initial.box", `${dim} pairs [low, high]`, box);
  }
  const ends = box.map((pair: unknown, d): [number, number] => {
    const [low, high] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const good = typeof low === "number" && typeof high === "number" && low < high;
    if (!good || !Number.isFinite(low) || !Number.isFinite(high)) {
      throw badArgument(
        "E_RANGE",
        `initial.box[${d}]`,
        "a pair [low, high] of finite numbers, low < high",
        pair,
      );
    }
    return [low, high];
  });
  const inside = (row: Float64Array): boolean =>
    ends.every(([low, high], d) => row[d] >= low && row[d] <= high);
  return {
    kind: "density",
    variance: undefined,
    rule: (level) => ends.map(([low, high]) => panels([low, high], ((high - low) * FIRST.box) / 2 ** level)),
    logDensity: (rows) =>
      Float64Array.from({ length: rows.length / dim }, (_, q) => {
        const row = rows.slice(q * dim, (q + 1) * dim);
        if (!inside(row)) return Number.NEGATIVE_INFINITY;
        const value: unknown = density(row.slice());
        if (typeof value !== "number" || !Number.isFinite(value)) {
          throw badArgument(
            "E_NONFINITE",
            "initial.density",
            `a finite number at (${row.join(", ")})`,
            value,
          );
        }
        if (value < 0) {
          const expected = `a density, which is not negative, at (${row.join(", ")})`;
          throw badArgument("E_RANGE", "initial.density", expected, value);
        }
        return Math.log(value);
      }),
  };
}
