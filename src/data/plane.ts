import { checkInteger, checkNumber } from "../core/check.js";
import { badArgument } from "../core/errors.js";

/** A grid of places in a plane through the data's space. */
export interface PlaneOptions {
  /** Ends of the two axes: the first and the last value that the map has. */
  x: readonly [number, number];
  y: readonly [number, number];
  /** Values along x, 2 to 8192; and along y, as many by default. */
  width: number;
  height?: number;
  /** The coordinates that lie along the axes; [0, 1] by default. */
  axes?: readonly [number, number];
  /** A place that the plane goes through, `dim` numbers; 0 by default. */
  through?: ArrayLike<number>;
}

export const planeOptionNames = ["x", "y", "width", "height", "axes", "through"] as const;

/** Axes, ascending, and the places of some rows, `[rows, width, dim]`. */
export interface Plane {
  readonly x: Float64Array;
  readonly y: Float64Array;
  places(first: number, last: number): Float64Array;
}

const MAX_SIDE = 8192;

/** The axes of a map, and its places by rows. */
export function checkPlane(options: PlaneOptions, dim: number, argument: string): Plane {
  const width = checkInteger(options?.width, "width", 2, MAX_SIDE);
  const height = checkInteger(options.height ?? width, "height", 2, MAX_SIDE);
  if (dim < 2) throw badArgument("E_SHAPE", argument, "data of two dimensions or more for a map", dim);
  const axis = (name: "x" | "y", count: number): Float64Array => {
    const ends: unknown = options[name];
    if (!Array.isArray(ends) || ends.length !== 2) {
      throw badArgument("E_TYPE", name, "the two ends of the axis", ends);
    }
    const low = checkNumber(ends[0], `${name}[0]`);
    const high = checkNumber(ends[1], `${name}[1]`);
    if (!(high > low)) throw badArgument("E_RANGE", name, "a first end below the last", ends);
    return Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
  };
  const x = axis("x", width);
  const y = axis("y", height);
  const axes: unknown = options.axes ?? [0, 1];
  if (!Array.isArray(axes) || axes.length !== 2) throw badArgument("E_TYPE", "axes", "two coordinates", axes);
  const [i, j] = axes.map((value, k) => checkInteger(value, `axes[${k}]`, 0, dim - 1)) as [number, number];
  if (i === j) throw badArgument("E_RANGE", "axes", "two different coordinates", axes);
  const through = new Float64Array(dim);
  if (options.through !== undefined) {
    if (options.through?.length !== dim) {
      throw badArgument("E_SHAPE", "through", `${dim} numbers`, options.through);
    }
    for (let d = 0; d < dim; d++) through[d] = checkNumber(options.through[d], `through[${d}]`);
  }
  return {
    x,
    y,
    places(first, last) {
      const out = new Float64Array((last - first) * width * dim);
      for (let row = first; row < last; row++) {
        for (let column = 0; column < width; column++) {
          const place = out.subarray(((row - first) * width + column) * dim).subarray(0, dim);
          place.set(through);
          place[i] = x[column];
          place[j] = y[row];
        }
      }
      return out;
    },
  };
}
