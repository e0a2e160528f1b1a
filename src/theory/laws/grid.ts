import { checkTable, type PointsInput } from "../../data/mixture.js";
import { badArgument } from "../../core/errors.js";
import { type Nodes, unitRule } from "../../numeric/panels.js";

/**
 * A density on a grid, linear (in two dimensions bilinear) between its values and 0 beyond them. Its integral must be 1 to one
 * percent; it is divided by it.
 */
export interface GriddedDensity {
  /** Where the columns lie, ascending. */
  readonly x: ArrayLike<number>;
  /** Where the rows lie, ascending; left out in one dimension. */
  readonly y?: ArrayLike<number>;
  /** `[y.length, x.length]`, the first row at the first y; or `[x.length]`. */
  readonly density: ArrayLike<number>;
}

/** A gridded density that has been checked. */
export interface Grid {
  readonly dim: 1 | 2;
  /** The places along one or two axes; the first runs fastest. */
  readonly axes: readonly Float64Array[];
  readonly values: Float64Array;
}

/** How far from 1 an integral may be: what a coarse grid or a cut tail leaves. */
export const INTEGRAL_TOLERANCE = 0.01;

const isList = (value: unknown): value is ArrayLike<number> =>
  typeof value === "object" && value !== null && "length" in value;

/** Whether a value is meant to be a density on a grid. */
export function looksGridded(value: unknown): value is GriddedDensity {
  return typeof value === "object" && value !== null && "x" in value && "density" in value;
}

/** @throws {VkernelError} E_TYPE, E_SHAPE, E_NONFINITE, E_RANGE */
export function checkGrid(input: GriddedDensity, argument: string): Grid {
  const axis = (list: unknown, name: string): Float64Array => {
    if (!isList(list)) throw badArgument("E_TYPE", name, "a list of ascending numbers", list);
    if (list.length < 2) throw badArgument("E_SHAPE", name, "two places or more", list.length);
    const places = Float64Array.from(list);
    places.forEach((place, i) => {
      if (!Number.isFinite(place))
        throw badArgument("E_NONFINITE", `${name}[${i}]`, "a finite number", place);
      if (i > 0 && !(place > places[i - 1])) {
        throw badArgument("E_RANGE", `${name}[${i}]`, `a place above ${places[i - 1]}`, place);
      }
    });
    return places;
  };
  const axes = [axis(input.x, `${argument}.x`)];
  if (input.y !== undefined) axes.push(axis(input.y, `${argument}.y`));
  const size = axes.reduce((product, { length }) => product * length, 1);
  const name = `${argument}.density`;
  if (!isList(input.density)) throw badArgument("E_TYPE", name, "a list of numbers", input.density);
  if (input.density.length !== size) {
    const shape = axes.map(({ length }) => length).reverse();
    throw badArgument("E_SHAPE", name, `${size} numbers (${shape.join(" x ")})`, input.density.length);
  }
  const values = Float64Array.from(input.density);
  values.forEach((value, i) => {
    if (!Number.isFinite(value)) throw badArgument("E_NONFINITE", `${name}[${i}]`, "a finite number", value);
    if (value < 0) throw badArgument("E_RANGE", `${name}[${i}]`, "a density, which is not negative", value);
  });
  const [columns, rows] = axes.map(hatIntegrals) as [Float64Array, Float64Array | undefined];
  const total = values.reduce((sum, value, k) => {
    const row = rows === undefined ? 1 : rows[Math.floor(k / columns.length)];
    return sum + value * row * columns[k % columns.length];
  }, 0);
  checkIntegral(total, name);
  return { dim: axes.length as 1 | 2, axes, values: values.map((value) => value / total) };
}

/** @throws {VkernelError} E_RANGE */
export function checkIntegral(total: number, argument: string): void {
  if (Math.abs(total - 1) <= INTEGRAL_TOLERANCE) return;
  const expected = `a density, whose integral is 1 to ${100 * INTEGRAL_TOLERANCE} percent (divide it by its integral)`;
  throw badArgument("E_RANGE", argument, expected, `one of integral ${total}`);
}

/** The integrals of the functions that are 1 at a place, 0 at all others and linear between. */
function hatIntegrals(places: Float64Array): Float64Array {
  return places.map((place, i) => {
    const [left, right] = [places[i - 1] ?? place, places[i + 1] ?? place];
    return (right - left) / 2;
  });
}

/** The cell that a place falls into, and how far along it lies; -1 beyond the grid. */
function cellOf(places: Float64Array, at: number): { cell: number; share: number } {
  const last = places.length - 1;
  if (!(at >= places[0] && at <= places[last])) return { cell: -1, share: 0 };
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (places[middle] <= at) low = middle;
    else high = middle;
  }
  const left = places[low];
  return { cell: low, share: (at - left) / (places[high] - left) };
}

/** The density at rows of `dim` numbers. */
export function gridAt({ dim, axes, values }: Grid, rows: ArrayLike<number>): Float64Array {
  const columns = axes[0].length;
  return Float64Array.from({ length: rows.length / dim }, (_, q) => {
    const x = cellOf(axes[0], rows[q * dim]);
    if (x.cell < 0) return 0;
    const along = (row: number): number => {
      const k = row * columns + x.cell;
      return (1 - x.share) * values[k] + x.share * values[k + 1];
    };
    if (dim === 1) return along(0);
    const y = cellOf(axes[1], rows[q * dim + 1]);
    return y.cell < 0 ? 0 : (1 - y.share) * along(y.cell) + y.share * along(y.cell + 1);
  });
}

/** What noise makes of the hat functions of one axis at a place, divided by exp(logScale), from index `first` on. */
interface Blurred {
  readonly first: number;
  readonly hats: Float64Array;
  readonly logScale: number;
}

/** Nodes of a panel no wider than the noise: 8 are right to 1e-16 of a Gaussian there. */
const NODES = 8;
/** Exponents below that of the nearest place of the grid that are followed: e^-40 is below rounding. */
const FOLLOWED = 40;

/** The integrals of hat_i(x) N(z; alpha x, S). */
function blur(places: Float64Array, z: number, alpha: number, variance: number): Blurred {
  const sigma = Math.sqrt(variance) / alpha;
  const centre = z / alpha;
  const [low, high] = [places[0], places[places.length - 1]];
  // How far the place lies beyond the grid, in units of the noise: that much is factored out.
  const off = Math.max(0, low - centre, centre - high) / sigma;
  const reach = sigma * Math.sqrt(off * off + 2 * FOLLOWED);
  const widest = sigma / Math.max(1, off);
  const { nodes, weights } = unitRule(NODES);
  const hats = new Float64Array(places.length);
  for (let i = 0; i + 1 < places.length; i++) {
    const [left, right] = [places[i], places[i + 1]];
    const from = Math.max(left, centre - reach);
    const to = Math.min(right, centre + reach);
    if (!(to > from)) continue;
    const count = Math.ceil((to - from) / widest);
    const width = (to - from) / count;
    for (let n = 0; n < count * NODES; n++) {
      const x = from + (Math.floor(n / NODES) + nodes[n % NODES]) * width;
      const u = (x - centre) / sigma;
      const value = width * weights[n % NODES] * Math.exp(-0.5 * (u - off) * (u + off));
      const share = (x - left) / (right - left);
      hats[i] = hats[i] + (1 - share) * value;
      hats[i + 1] = hats[i + 1] + share * value;
    }
  }
  const first = hats.findIndex((value) => value > 0);
  const last = hats.findLastIndex((value) => value > 0);
  return {
    first: Math.max(0, first),
    hats: hats.slice(Math.max(0, first), last + 1),
    logScale: -0.5 * off * off - Math.log(alpha * sigma * Math.sqrt(2 * Math.PI)),
  };
}

/** What a function gave, by its argument: rows of a map share their coordinates. Some thousands are kept. */
export function remembered<T>(make: (z: number) => T): (z: number) => T {
  const kept = new Map<number, T>();
  return (z) => {
    let value = kept.get(z);
    if (value === undefined) {
      if (kept.size >= 4096) kept.clear();
      value = make(z);
      kept.set(z, value);
    }
    return value;
  };
}

/** log of the density after noise, at rows. */
export function blurredAt(
  { dim, axes, values }: Grid,
  rows: ArrayLike<number>,
  alpha: number,
  variance: number,
): Float64Array {
  const [across, down] = axes as [Float64Array, Float64Array | undefined];
  const columns = across.length;
  // Each row of the grid, blurred along x.
  const alongX = remembered((z) => {
    const { first, hats, logScale } = blur(across, z, alpha, variance);
    const partial = new Float64Array(values.length / columns);
    return { partial: partial.map((_, b) => dot(values, b * columns + first, hats)), logScale };
  });
  const alongY = remembered((z) => blur(down as Float64Array, z, alpha, variance));
  return Float64Array.from({ length: rows.length / dim }, (_, q) => {
    const { partial, logScale } = alongX(rows[q * dim]);
    if (down === undefined) return Math.log(partial[0]) + logScale;
    const y = alongY(rows[q * dim + 1]);
    return Math.log(dot(partial, y.first, y.hats)) + logScale + y.logScale;
  });
}

/** The same at all places of a product of two rules, the first running fastest: axis after axis. */
export function blurredOn(
  { axes, values }: Grid,
  rule: readonly Nodes[],
  alpha: number,
  variance: number,
): Float64Array {
  const [across, down] = axes.map((places, d) =>
    Array.from(rule[d].nodes, (z) => blur(places, z, alpha, variance)),
  ) as [Blurred[], Blurred[] | undefined];
  const columns = axes[0].length;
  const rows = values.length / columns;
  const width = across.length;
  // Each row of the grid, blurred along x.
  const partial = new Float64Array(width * rows);
  across.forEach(({ first, hats }, i) => {
    for (let b = 0; b < rows; b++) partial[i * rows + b] = dot(values, b * columns + first, hats);
  });
  if (down === undefined) return partial.map((sum, i) => Math.log(sum) + across[i].logScale);
  const out = new Float64Array(width * down.length);
  down.forEach(({ first, hats, logScale }, j) => {
    for (let i = 0; i < width; i++) {
      const sum = dot(partial, i * rows + first, hats);
      out[j * width + i] = Math.log(sum) + logScale + across[i].logScale;
    }
  });
  return out;
}

function dot(values: Float64Array, start: number, hats: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < hats.length; i++) sum += hats[i] * values[start + i];
  return sum;
}

/** Rows of a density's argument, checked to be finite. */
export function checkRows(x: PointsInput, dim: number): Float64Array {
  const { data } = checkTable(x, "x", dim);
  data.forEach((value, i) => {
    if (!Number.isFinite(value)) throw badArgument("E_NONFINITE", `x[${i}]`, "a finite number", value);
  });
  return Float64Array.from(data);
}
