import type { Mixture } from "../../../data/mixture.js";
import { gramWeighted, matmul, type Matrix } from "../../../dense/index.js";
import { TimeSlices } from "../../../core/scheduler.js";
import { inPieces } from "../../evaluate/request.js";
import { lengthOf } from "../lengths.js";

/** The most directions of a frame: where there are no more dimensions, all. */
const DIRECTIONS = 256;
/** Points that directions are found from: more where their covariance is a matrix that fits. */
const SAMPLE = { covariance: 4096, products: 1024 };
const COVARIANCE = 1024;
/** How often directions are multiplied by the covariance: each time the widest come out more. */
const TIMES = 5;
/** A row that others leave less of is rounding. */
const LEAST = 1e-9;

/** A centre and orthonormal directions, those first in which the data are widest. Any give right bounds: these give good ones. */
export interface Directions {
  readonly centre: Float64Array;
  /** A direction a row. */
  readonly rows: Matrix;
  /** No less than the norm of what rows have to be moved by to be orthonormal. */
  readonly defect: number;
}

/** Directions in which a sample of the points is widest, by orthogonal iteration from points of it. */
export async function directionsOf(data: Mixture, signal: AbortSignal | undefined): Promise<Directions> {
  const { counted, dim, order, local, engine } = data;
  const options = signal ? { signal } : {};
  const slices = new TimeSlices(signal, () => data.check());
  const size = Math.min(counted, dim <= COVARIANCE ? SAMPLE.covariance : SAMPLE.products);
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
  const covariance = dim <= COVARIANCE ? await gramWeighted(engine, sample, undefined, options) : undefined;
  const seeds = sample.data.slice(0, Math.min(size, DIRECTIONS) * dim);
  let rows = await slices.run(orthonormal(seeds, dim, false));
  for (let i = 0; i < TIMES && rows.rows > 0; i++) {
    const wider = covariance
      ? await matmul(engine, rows, covariance, options)
      : await matmul(
          engine,
          await matmul(engine, rows, sample, { ...options, transposeB: true }),
          sample,
          options,
        );
    rows = await slices.run(orthonormal(wider.data, dim, i === TIMES - 1 && dim <= DIRECTIONS));
  }
  if (rows.rows === 0) return { centre, rows, defect: 0 };
  const products = await matmul(engine, rows, rows, { ...options, transposeB: true });
  let square = 0;
  for (let i = 0; i < rows.rows; i++)
    for (let j = 0; j < rows.rows; j++) square += (products.data[i * rows.rows + j] - (i === j ? 1 : 0)) ** 2;
  // Rows have a length of 1, or square says so: what their products are rounded by.
  const defect = 1.1 * (Math.sqrt(square) + rows.rows * dim * 2 ** -53);
  return { centre, rows, defect };
}

/** Orthonormal rows that span the same, by Gram and Schmidt's method (twice is enough); where wanted, as many as dimensions. */
function* orthonormal(data: Float64Array, dim: number, complete: boolean): Generator<number, Matrix, void> {
  const kept: Float64Array[] = [];
  const given = data.length / dim;
  for (let i = 0; i < given + (complete ? dim : 0) && kept.length < dim; i++) {
    const row = i < given ? data.subarray(i * dim, (i + 1) * dim) : new Float64Array(dim);
    if (i >= given) row[i - given] = 1;
    const before = lengthOf(row);
    for (let pass = 0; pass < 2; pass++) for (const other of kept) subtract(row, other);
    const length = lengthOf(row);
    if (length > LEAST * before) kept.push(row.map((x) => x / length));
    yield 4 * (kept.length + 1) * dim;
  }
  const rows = new Float64Array(kept.length * dim);
  kept.forEach((row, r) => {
    rows.set(row, r * dim);
  });
  return { data: rows, rows: kept.length, columns: dim };
}

function subtract(row: Float64Array, unit: Float64Array): void {
  let product = 0;
  for (let d = 0; d < row.length; d++) product += row[d] * unit[d];
  for (let d = 0; d < row.length; d++) row[d] -= product * unit[d];
}
