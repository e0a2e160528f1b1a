/** The little dense algebra that an anisotropic process needs: row-major dim x dim matrices. */

/** A dense matrix: `data[i * columns + j]`, float64. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Rows that are made when they are wanted, so that all of them never have to exist. */
export interface RowSource {
  readonly rows: number;
  readonly columns: number;
  /** Rows first ... first + count - 1, row-major; asked for once each, in order. What it returns is copied at once. */
  read(first: number, count: number): Float64Array;
}

/** The lower triangular L with L L' = A, for a symmetric positive definite A. */
export function cholesky(a: Float64Array, dim: number): Float64Array {
  const l = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * dim + j];
      for (let k = 0; k < j; k++) sum -= l[i * dim + k] * l[j * dim + k];
      l[i * dim + j] = i === j ? Math.sqrt(Math.max(sum, 0)) : sum / l[j * dim + j];
    }
  }
  return l;
}

/** Solves L y = b in place. */
export function solveLower(l: Float64Array, dim: number, b: Float64Array): Float64Array {
  for (let i = 0; i < dim; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= l[i * dim + k] * b[k];
    b[i] = sum / l[i * dim + i];
  }
  return b;
}

/** Solves L' y = b in place. */
export function solveUpper(l: Float64Array, dim: number, b: Float64Array): Float64Array {
  for (let i = dim - 1; i >= 0; i--) {
    let sum = b[i];
    for (let k = i + 1; k < dim; k++) sum -= l[k * dim + i] * b[k];
    b[i] = sum / l[i * dim + i];
  }
  return b;
}

/** Solves L L' y = b in place. */
export function solve(l: Float64Array, dim: number, b: Float64Array): Float64Array {
  return solveUpper(l, dim, solveLower(l, dim, b));
}

/** A B^-1 for symmetric matrices, B by its factor L L'. */
export function timesInverse(a: Float64Array, l: Float64Array, dim: number): Float64Array {
  const out = new Float64Array(dim * dim);
  // Row i solves B for row i of A.
  for (let i = 0; i < dim * dim; i += dim) out.set(solve(l, dim, a.slice(i, i + dim)), i);
  return out;
}

/** L x for a lower triangular L: noise of covariance L L' where x is standard normal. */
export function multiplyLower(l: Float64Array, dim: number, x: Float64Array): Float64Array {
  const y = new Float64Array(dim);
  for (let i = 0; i < dim; i++) {
    let sum = 0;
    for (let k = 0; k <= i; k++) sum += l[i * dim + k] * x[k];
    y[i] = sum;
  }
  return y;
}

/** The symmetric matrix f(A)'s columns, made by applying a linear map to each unit vector; symmetrized. */
export function symmetricOf(dim: number, map: (unit: Float64Array) => Float64Array): Float64Array {
  const out = new Float64Array(dim * dim);
  for (let j = 0; j < dim; j++) {
    const unit = new Float64Array(dim);
    unit[j] = 1;
    const column = map(unit);
    for (let i = 0; i < dim; i++) {
      out[i * dim + j] = out[i * dim + j] + 0.5 * column[i];
      out[j * dim + i] = out[j * dim + i] + 0.5 * column[i];
    }
  }
  return out;
}

export function trace(a: Float64Array, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += a[i * dim + i];
  return sum;
}

/** sum of w phi phi' and sum of w phi y', from `panelRows` rows at a time. */
export function momentsWeighted(
  source: RowSource,
  y: Matrix | undefined,
  weights: Float64Array | undefined,
  panelRows: number,
  wantGram: boolean,
): { gram: Matrix | undefined; cross: Matrix | undefined } {
  const { rows: P, columns: F } = source;
  const D = y?.columns ?? 0;
  const gram = new Float64Array(wantGram ? F * F : 0);
  const cross = new Float64Array(F * D);
  for (let first = 0; first < P; first += panelRows) {
    const count = Math.min(panelRows, P - first);
    const panel = source.read(first, count);
    for (let n = 0; n < count; n++) {
      const w = weights ? weights[first + n] : 1;
      for (let i = 0; i < F; i++) {
        const factor = w * panel[n * F + i];
        for (let j = 0; wantGram && j <= i; j++) {
          gram[i * F + j] = gram[i * F + j] + factor * panel[n * F + j];
        }
        for (let j = 0; y && j < D; j++) {
          cross[i * D + j] = cross[i * D + j] + factor * y.data[(first + n) * D + j];
        }
      }
    }
  }
  for (let i = 0; wantGram && i < F; i++) {
    for (let j = 0; j < i; j++) gram[j * F + i] = gram[i * F + j];
  }
  return {
    gram: wantGram ? { data: gram, rows: F, columns: F } : undefined,
    cross: y && { data: cross, rows: F, columns: D },
  };
}

/** A B, or with transposes. */
export function matmul(a: Matrix, b: Matrix, transposeA = false, transposeB = false): Matrix {
  const [m, depth] = transposeA ? [a.columns, a.rows] : [a.rows, a.columns];
  const n = transposeB ? b.rows : b.columns;
  const data = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) {
        const left = a.data[transposeA ? k * m + i : i * depth + k];
        sum += left * b.data[transposeB ? j * depth + k : k * n + j];
      }
      data[i * n + j] = sum;
    }
  }
  return { data, rows: m, columns: n };
}

/** L with L L' = A, or the first pivot that is not above its floor. */
export function factorize(
  a: Matrix,
  floors: Float64Array,
): { ok: true; l: Matrix } | { ok: false; pivot: { index: number; value: number } } {
  const n = a.rows;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a.data[i * n + j];
      for (let k = 0; k < j; k++) sum -= data[i * n + k] * data[j * n + k];
      if (i > j) data[i * n + j] = sum / data[j * n + j];
      else if (sum > floors[i]) data[i * n + i] = Math.sqrt(sum);
      else return { ok: false, pivot: { index: i, value: sum } };
    }
  }
  return { ok: true, l: { data, rows: n, columns: n } };
}

/** L x = b (`mode` 1), L' x = b (2) or L L' x = b (3), column by column. */
export function solveTriangular(l: Matrix, b: Matrix, mode: number): Matrix {
  const n = l.rows;
  const data = new Float64Array(n * b.columns);
  for (let j = 0; j < b.columns; j++) {
    const x = Float64Array.from({ length: n }, (_, i) => b.data[i * b.columns + j]);
    if (mode & 1) solveLower(l.data, n, x);
    if (mode & 2) solveUpper(l.data, n, x);
    for (let i = 0; i < n; i++) data[i * b.columns + j] = x[i];
  }
  return { data, rows: n, columns: b.columns };
}

/** The largest sum of absolute values of a column. */
export function oneNorm({ data, rows, columns }: Matrix): number {
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) sums[j] = sums[j] + Math.abs(data[i * columns + j]);
  }
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}

/**
 * A lower bound, seldom below a third, of the 1-norm of the inverse of a symmetric matrix, from a few solutions (Hager
 * 1984; Higham 1988, with his alternating vector against unlucky starts).
 */
export async function inverseNorm(
  n: number,
  solve: (b: Matrix) => Matrix | Promise<Matrix>,
): Promise<number> {
  const apply = async (x: Float64Array): Promise<Float64Array> =>
    (await solve({ data: x, rows: n, columns: 1 })).data;
  const size = (x: Float64Array): number => x.reduce((sum, value) => sum + Math.abs(value), 0);
  let x: Float64Array = new Float64Array(n).fill(1 / n);
  let best = 0;
  for (let turn = 0; turn < 5; turn++) {
    const y = await apply(x);
    const found = size(y);
    if (turn > 0 && !(found > best)) break;
    best = found;
    const z = await apply(y.map((value) => (value < 0 ? -1 : 1)));
    let at = 0;
    let along = 0;
    for (let i = 0; i < n; i++) {
      along += z[i] * x[i];
      if (Math.abs(z[i]) > Math.abs(z[at])) at = i;
    }
    if (!(Math.abs(z[at]) > along)) break;
    x = new Float64Array(n);
    x[at] = 1;
  }
  const wave = Float64Array.from(
    { length: n },
    (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + i / Math.max(1, n - 1)),
  );
  return Math.max(best, (2 * size(await apply(wave))) / (3 * n));
}

/**
 * Eigenvalues d (unordered) and vectors z (columns) of a symmetric matrix scaled to 1, by EISPACK's tred2 and tql2;
 * undefined where an eigenvalue takes more than `limit` iterations.
 */
export function symmetricEigen(
  a: Float64Array,
  n: number,
  limit: number,
): { d: Float64Array; z: Float64Array } | undefined {
  const z = new Float64Array(n * n);
  for (let i = 0; i < n; i++) z[i * (n + 1)] = 1;
  const w = a.slice();
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  const at = (i: number, j: number): number => w[i * n + j];
  for (let c = 0; c + 2 < n; c++) {
    let square = 0;
    for (let k = c + 2; k < n; k++) square += at(k, c) * at(k, c);
    if (square < 1e-280) continue;
    const alpha = at(c + 1, c);
    const norm = Math.sqrt(alpha * alpha + square);
    const beta = alpha > 0 ? -norm : norm;
    const v = new Float64Array(n);
    v[c + 1] = 1;
    for (let k = c + 2; k < n; k++) v[k] = at(k, c) / (alpha - beta);
    const tau = (beta - alpha) / beta;
    // H A H, one side after the other, and Q H.
    for (const [m, byRows] of [
      [w, true],
      [w, false],
      [z, false],
    ] as const) {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let k = c + 1; k < n; k++) sum += m[byRows ? k * n + i : i * n + k] * v[k];
        for (let k = c + 1; k < n; k++) {
          const p = byRows ? k * n + i : i * n + k;
          m[p] = m[p] - tau * sum * v[k];
        }
      }
    }
  }
  for (let i = 0; i < n; i++) {
    d[i] = at(i, i);
    if (i + 1 < n) e[i] = at(i + 1, i);
  }
  for (let l = 0; l < n; l++) {
    for (let turn = 0; ; turn++) {
      let m = l;
      for (; m + 1 < n; m++) {
        const size = Math.abs(d[m]) + Math.abs(d[m + 1]);
        if (Math.abs(e[m]) <= Math.max(2 ** -53 * size, 2 ** -54)) break;
      }
      if (m === l) break;
      if (turn === limit) return undefined;
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.sqrt(g * g + 1);
      g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] = d[i + 1] - p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        for (let k = 0; k < n; k++) {
          const high = z[k * n + i + 1];
          const low = z[k * n + i];
          z[k * n + i + 1] = s * low + c * high;
          z[k * n + i] = c * low - s * high;
        }
      }
      if (r === 0 && i >= l) continue;
      d[l] = d[l] - p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return { d, z };
}

/**
 * R with R R' = a for a positive semidefinite matrix, by Cholesky with pivots; columns end where what is left of the
 * diagonal is rounding. `semidefinite` is false where more than rounding is left: a has a negative direction.
 */
export function semidefiniteRoot(
  a: Float64Array,
  dim: number,
): { root: Float64Array; semidefinite: boolean } {
  const rest = Float64Array.from(a);
  const root = new Float64Array(dim * dim);
  const diagonal = (d: number): number => rest[d * (dim + 1)];
  let largest = 0;
  for (let d = 0; d < dim; d++) largest = Math.max(largest, Math.abs(diagonal(d)));
  const rounding = largest * dim * dim * Number.EPSILON;
  for (let k = 0; k < dim; k++) {
    let pivot = 0;
    for (let d = 1; d < dim; d++) if (diagonal(d) > diagonal(pivot)) pivot = d;
    if (!(diagonal(pivot) > rounding)) break;
    const scale = Math.sqrt(diagonal(pivot));
    const column = Float64Array.from({ length: dim }, (_, i) => rest[i * dim + pivot] / scale);
    for (let i = 0; i < dim; i++) {
      root[i * dim + k] = column[i];
      for (let j = 0; j < dim; j++) {
        rest[i * dim + j] = rest[i * dim + j] - column[i] * column[j];
      }
    }
  }
  const allowed = Math.max(rounding, 1e-12 * largest);
  return { root, semidefinite: rest.every((entry) => Math.abs(entry) <= allowed) };
}

/**
 * The same, triangular where a is positive definite: a root that moves with the matrix, where pivots would change places from one time
 * to the next, and with them which normal goes where.
 */
export function steadyRoot(a: Float64Array, dim: number): { root: Float64Array; semidefinite: boolean } {
  let largest = 0;
  for (let d = 0; d < dim; d++) largest = Math.max(largest, a[d * (dim + 1)]);
  const floors = new Float64Array(dim).fill(largest * dim * dim * Number.EPSILON);
  const made = factorize({ data: a, rows: dim, columns: dim }, floors);
  return made.ok ? { root: made.l.data, semidefinite: true } : semidefiniteRoot(a, dim);
}
