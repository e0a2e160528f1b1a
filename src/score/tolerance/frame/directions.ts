import type { Mixture } from "../../../data/mixture.js";
import { gramWeighted, matmul, type Matrix, symmetricEigen } from "../../../dense/index.js";
import { TimeSlices } from "../../../core/scheduler.js";
import { inPieces } from "../../evaluate/request.js";

/** The most directions of a frame. */
const DIRECTIONS = 256;
/** Points that directions are found from, and in how many dimensions from their products with each other instead. */
const SAMPLE = 4096;
const DUAL = { dim: 1024, sample: 1024 };

/** A centre and orthonormal directions, those first in which the data are widest. Any give right bounds: these give good ones. */
export interface Directions {
  readonly centre: Float64Array;
  /** A direction a row: all dimensions have as many as they are, up to 256. */
  readonly rows: Matrix;
  /** No less than the norm of what rows have to be moved by to be orthonormal. */
  readonly defect: number;
}

/** Principal directions of a sample of the points. */
export async function directionsOf(data: Mixture, signal: AbortSignal | undefined): Promise<Directions> {
  const { counted, dim, order, local, engine } = data;
  const options = signal ? { signal } : {};
  const slices = new TimeSlices(signal, () => data.check());
  const dual = dim > DUAL.dim;
  const size = Math.min(counted, dual ? DUAL.sample : SAMPLE);
  const sample: Matrix = { data: new Float64Array(size * dim), rows: size, columns: dim };
  const centre = new Float64Array(dim);
  await slices.run(
    inPieces(size, 2 * dim, (first, last) => {
      for (let i = first; i < last; i++) {
        const m = order[Math.floor((i * counted) / size)];
        for (let d = 0; d < dim; d++) {
          sample.data[i * dim + d] = local[m * dim + d];
          centre[d] += local[m * dim + d] / size;
        }
      }
    }),
  );
  await slices.run(
    inPieces(size, dim, (first, last) => {
      for (let i = first * dim; i < last * dim; i++) sample.data[i] -= centre[i % dim];
    }),
  );
  const rows = dual ? await dualRows(data, sample, options) : await primalRows(data, sample, options);
  const products = await matmul(engine, rows, rows, { ...options, transposeB: true });
  let square = 0;
  for (let i = 0; i < rows.rows; i++)
    for (let j = 0; j < rows.rows; j++) square += (products.data[i * rows.rows + j] - (i === j ? 1 : 0)) ** 2;
  // Rows have a length of 1, or square says so: what their products are rounded by.
  const defect = 1.1 * (Math.sqrt(square) + rows.rows * dim * 2 ** -53);
  return { centre, rows, defect };
}

/** Eigenvectors of the covariance. */
async function primalRows({ engine }: Mixture, sample: Matrix, options: object): Promise<Matrix> {
  const dim = sample.columns;
  const { vectors } = await symmetricEigen(
    engine,
    await gramWeighted(engine, sample, undefined, options),
    options,
  );
  const count = Math.min(dim, DIRECTIONS);
  const data = new Float64Array(count * dim);
  for (let r = 0; r < count; r++)
    data.set(vectors.data.subarray((dim - 1 - r) * dim, (dim - r) * dim), r * dim);
  return { data, rows: count, columns: dim };
}

/** The same from products of points with each other, fewer than dimensions: combinations of points, made orthonormal (twice is enough). */
async function dualRows({ engine }: Mixture, sample: Matrix, options: object): Promise<Matrix> {
  const { rows: size, columns: dim } = sample;
  const { vectors } = await symmetricEigen(
    engine,
    await matmul(engine, sample, sample, { ...options, transposeB: true }),
    options,
  );
  const most = Math.min(size, DIRECTIONS);
  const top = new Float64Array(most * size);
  for (let r = 0; r < most; r++)
    top.set(vectors.data.subarray((size - 1 - r) * size, (size - r) * size), r * size);
  const combined = await matmul(engine, { data: top, rows: most, columns: size }, sample, options);
  const kept: Float64Array[] = [];
  for (let r = 0; r < most; r++) {
    const row = combined.data.subarray(r * dim, (r + 1) * dim);
    const before = lengthOf(row);
    for (let pass = 0; pass < 2; pass++) for (const other of kept) subtract(row, other);
    const length = lengthOf(row);
    // What is left of others is rounding.
    if (!(length > 1e-9 * before)) continue;
    kept.push(row.map((x) => x / length));
  }
  const data = new Float64Array(kept.length * dim);
  kept.forEach((row, r) => {
    data.set(row, r * dim);
  });
  return { data, rows: kept.length, columns: dim };
}

function lengthOf(row: Float64Array): number {
  let square = 0;
  for (const x of row) square += x * x;
  return Math.sqrt(square);
}

function subtract(row: Float64Array, unit: Float64Array): void {
  let product = 0;
  for (let d = 0; d < row.length; d++) product += row[d] * unit[d];
  for (let d = 0; d < row.length; d++) row[d] -= product * unit[d];
}
