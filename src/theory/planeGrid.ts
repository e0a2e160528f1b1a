import { isFloats } from "../core/brand.js";
import { checkFinite, checkSize } from "../data/mixture.js";
import type { TimeSlices } from "../core/scheduler.js";
import { badArgument, VkernelError } from "../core/errors.js";
import { normalMass } from "../numeric/special.js";

/** A grid of cells on an interval (one axis) or a rectangle (two), at most 2^24 of them. */
export interface PlaneGrid {
  /** Cells along each axis. */
  readonly cells: readonly number[];
  /** Left ends and cell widths. */
  readonly low: readonly number[];
  readonly width: readonly number[];
}

const MOST_CELLS = 2 ** 24;

/** The number of cells in all. */
export const cellCount = ({ cells }: PlaneGrid): number => cells.reduce((a, b) => a * b, 1);

/** The length or area of a cell. */
export const cellVolume = ({ width }: PlaneGrid): number => width.reduce((a, b) => a * b, 1);

/** Edges of the cells along an axis, cells + 1 of them; and their centres. */
export function edgesOf({ cells, low, width }: PlaneGrid, axis: number): Float64Array {
  const [n, a, h] = [cells[axis], low[axis], width[axis]];
  return Float64Array.from({ length: n + 1 }, (_, i) => a + i * h);
}
export function centresOf({ cells, low, width }: PlaneGrid, axis: number): Float64Array {
  const [n, a, h] = [cells[axis], low[axis], width[axis]];
  return Float64Array.from({ length: n }, (_, i) => a + (i + 0.5) * h);
}

/** Checks numbers of cells, one for all axes or one each. */
export function checkCells(value: unknown, dim: number): number[] {
  const expected = `a whole number of at least 4, or ${dim} of them`;
  const list: unknown = typeof value === "number" ? new Array(dim).fill(value) : value;
  if (!Array.isArray(list)) throw badArgument("E_TYPE", "cells", expected, value);
  if (list.length !== dim) throw badArgument("E_SHAPE", "cells", expected, value);
  for (const n of list) {
    if (typeof n !== "number") throw badArgument("E_TYPE", "cells", expected, n);
    if (!Number.isInteger(n) || n < 4) throw badArgument("E_RANGE", "cells", expected, n);
  }
  const total = list.reduce((a: number, b: number) => a * b, 1);
  if (total > MOST_CELLS) {
    throw badArgument(
      "E_LIMIT",
      "cells",
      `at most 2^24 cells in all (${dim === 1 ? "16777216" : "4096 x 4096"})`,
      list.join(" x "),
    );
  }
  return list as number[];
}

/** Checks a box: [low, high] of each axis, or of the one axis. */
export function checkDomain(value: unknown, dim: number): [number, number][] {
  const expected = dim === 1 ? "[low, high]" : `${dim} pairs [low, high]`;
  if (!Array.isArray(value)) throw badArgument("E_TYPE", "domain", expected, value);
  const pairs: unknown[] = dim === 1 && !Array.isArray(value[0]) ? [value] : value;
  if (pairs.length !== dim) throw badArgument("E_SHAPE", "domain", expected, value);
  return pairs.map((pair, d) => {
    if (!Array.isArray(pair)) throw badArgument("E_TYPE", `domain[${d}]`, "[low, high]", pair);
    if (pair.length !== 2) throw badArgument("E_SHAPE", `domain[${d}]`, "[low, high]", pair);
    const [low, high] = pair as [unknown, unknown];
    for (const end of [low, high]) {
      if (typeof end !== "number") throw badArgument("E_TYPE", `domain[${d}]`, "two numbers", end);
      if (!Number.isFinite(end)) throw badArgument("E_NONFINITE", `domain[${d}]`, "two finite numbers", end);
    }
    if (!((low as number) < (high as number))) {
      throw badArgument("E_RANGE", `domain[${d}]`, "low < high", `[${low}, ${high}]`);
    }
    return [low as number, high as number];
  });
}

/** What a Gaussian component is on the grid: places of its centre along each axis (several: mirror images), and its weight. */
export interface PlaneComponent {
  readonly centres: readonly ArrayLike<number>[];
  readonly weight: number;
}

/** Cell averages of a sum of Gaussians of one width: exact, from the normal law. `[ny, nx]`, row-major. */
export async function gaussianCells(
  grid: PlaneGrid,
  components: Iterable<PlaneComponent>,
  sigma: number,
  slices: TimeSlices,
): Promise<Float64Array> {
  const [nx, ny] = [grid.cells[0], grid.cells[1] ?? 1];
  const out = new Float64Array(nx * ny);
  const edges = grid.cells.map((_, axis) => edgesOf(grid, axis));
  for (const { centres, weight } of components) {
    const [x, y] = edges.map((list, axis) => masses(list, centres[axis], sigma, grid.width[axis])) as [
      Masses,
      Masses?,
    ];
    for (let j = y?.first ?? 0; j < (y?.end ?? ny); j++) {
      const share = weight * (y?.table[j] ?? 1);
      for (let i = x.first; i < x.end; i++) {
        out[j * nx + i] = out[j * nx + i] + share * x.table[i];
      }
      const wait = slices.spend(3 * (x.end - x.first) + 20);
      if (wait) await wait;
    }
  }
  return out;
}

/** Averages over the cells of an axis, and the range of those that are not 0. */
interface Masses {
  readonly table: Float64Array;
  readonly first: number;
  readonly end: number;
}

/** The sum of normal laws about several centres, over cells; beyond 39 sigma it is 0. */
function masses(edges: Float64Array, centres: ArrayLike<number>, sigma: number, width: number): Masses {
  const table = new Float64Array(edges.length - 1);
  for (let c = 0; c < centres.length; c++) {
    const centre = centres[c];
    for (let i = 0; i < table.length; i++) {
      const a = (edges[i] - centre) / sigma;
      const b = (edges[i + 1] - centre) / sigma;
      if (a < 39 && b > -39) table[i] = table[i] + normalMass(a, b) / width;
    }
  }
  let [first, end] = [0, table.length];
  while (first < end && table[first] === 0) first++;
  while (end > first && table[end - 1] === 0) end--;
  return { table, first, end };
}

/** Nodes and weights of Gauss's rule of 3 points on [-1/2, 1/2]: exact for polynomials of degree 5. */
const NODES = [-0.5 * Math.sqrt(0.6), 0, 0.5 * Math.sqrt(0.6)] as const;
const WEIGHTS = [5 / 18, 8 / 18, 5 / 18] as const;

/** Cell averages of a function of a place. */
export async function functionCells(
  grid: PlaneGrid,
  f: (x: Float64Array) => unknown,
  slices: TimeSlices,
): Promise<Float64Array> {
  const dim = grid.cells.length;
  const [nx, ny] = [grid.cells[0], grid.cells[1] ?? 1];
  const [x, y] = [centresOf(grid, 0), dim === 2 ? centresOf(grid, 1) : new Float64Array(1)];
  const out = new Float64Array(nx * ny);
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      let sum = 0;
      for (let b = 0; b < (dim === 2 ? 3 : 1); b++) {
        for (let a = 0; a < 3; a++) {
          const place = new Float64Array(dim);
          place[0] = x[i] + NODES[a] * grid.width[0];
          if (dim === 2) place[1] = y[j] + NODES[b] * grid.width[1];
          const value = f(place);
          const where = `initial(${place.join(", ")})`;
          if (typeof value !== "number") throw badArgument("E_TYPE", where, "a number", value);
          if (!Number.isFinite(value)) throw badArgument("E_NONFINITE", where, "a finite number", value);
          if (value < 0) throw badArgument("E_RANGE", where, "a density, not negative", value);
          sum += value * WEIGHTS[a] * (dim === 2 ? WEIGHTS[b] : 1);
        }
      }
      out[j * nx + i] = sum;
      const wait = slices.spend(200);
      if (wait) await wait;
    }
  }
  return out;
}

/** A copy of a density given cell by cell. */
export function givenCells(grid: PlaneGrid, value: unknown): Float64Array {
  const count = cellCount(grid);
  const expected = `a function, or ${count} cell averages of a density`;
  const list = Array.isArray(value) || isFloats(value);
  if (!list) throw badArgument("E_TYPE", "initial", expected, value);
  const data = value as ArrayLike<unknown>;
  if (data.length !== count) throw badArgument("E_SHAPE", "initial", expected, value);
  for (let i = 0; i < count; i++) {
    if (typeof data[i] !== "number") throw badArgument("E_TYPE", `initial[${i}]`, "a number", data[i]);
  }
  const out = Float64Array.from(data as ArrayLike<number>);
  checkFinite(out, "initial", 1e150, "f64");
  out.forEach((q, i) => {
    if (q < 0) throw badArgument("E_RANGE", `initial[${i}]`, "a density, not negative", q);
  });
  return out;
}

/** The integral of cell averages: sums of rows are added up, so that rounding stays below some 1e-15. */
export function massOf(grid: PlaneGrid, q: Float64Array): number {
  const nx = grid.cells[0];
  let sum = 0;
  let lost = 0;
  for (let start = 0; start < q.length; start += nx) {
    let row = 0;
    for (let i = start; i < start + nx; i++) row += q[i];
    // Neumaier: what the sum loses is kept beside it.
    const next = sum + row;
    lost += Math.abs(sum) >= Math.abs(row) ? sum - next + row : row - next + sum;
    sum = next;
  }
  return (sum + lost) * cellVolume(grid);
}

/** How far from 1 the integral of a density may be that was not made here: quadrature, and what lies outside of the box. */
const MASS_TOLERANCE = 1e-3;

/**
 * Divides cell averages by their integral, which must be nearly 1.
 * @param advice what to do where it is not
 */
export function normalised(
  grid: PlaneGrid,
  q: Float64Array,
  advice: string,
): { q: Float64Array; mass: number } {
  const mass = massOf(grid, q);
  if (!(Math.abs(mass - 1) <= MASS_TOLERANCE)) {
    throw new VkernelError("E_RANGE", {
      argument: "initial",
      expected: `a density whose integral over the domain is 1 within ${MASS_TOLERANCE}: ${advice}`,
      got: mass === 0 ? "a density that is 0 on the whole domain" : `one of integral ${mass}`,
    });
  }
  return { q: q.map((value) => value / mass), mass };
}

/** Checks that all densities that are kept have room. */
export function checkKept(grid: PlaneGrid, times: number): void {
  checkSize("times", cellCount(grid), times);
}
