/**
 * Steps of Fokker-Planck equations on a grid, as the kernels of `assembly/pde/` take them, a line and a cell at a time.
 * Grids are `[rows, columns]`, row-major.
 */

/** A noised mixture in the plane (or on a line, where all second coordinates are 0). */
export interface PlaneMixture {
  /** `[size, 2]` */
  readonly points: Float64Array;
  /** ln of the weights. */
  readonly logWeights: Float64Array;
  readonly alpha: number;
  /** V, the variance of a component. */
  readonly total: number;
}

/** Centres of the cells: x0 + i hx, y0 + j hy. */
export interface GridPlaces {
  readonly nx: number;
  readonly ny: number;
  readonly x0: number;
  readonly hx: number;
  readonly y0: number;
  readonly hy: number;
}

/** A step's coefficients along one axis; see `diffuseStrips` and `transportStrips`. */
export interface LineStep {
  /** D dt / h^2; not for transport. */
  readonly lambda: number;
  /** What the differences of the log density are multiplied by. */
  readonly score: number;
  /** The drift at the first inner face, and its growth from face to face. */
  readonly drift0: number;
  readonly drift1: number;
}

/** Sides of a tile of cells. */
const TILE = 16;
/** Exponents of a tile's factors, so that nothing that counts over- or underflows. */
const REACH = 319;

/**
 * out = ln sum_m w_m exp(-|x - alpha mu_m|^2 / (2 V)): in tiles, relative to the point that weighs most at the centre, where
 * weights are products of one factor per column and one per row.
 */
export function logDensityGrid(out: Float64Array, mixture: PlaneMixture, places: GridPlaces): void {
  for (const _ of logDensityStrips(out, mixture, places));
}

/** The same tile by tile: yields the cells of each. */
export function* logDensityStrips(
  out: Float64Array,
  mixture: PlaneMixture,
  places: GridPlaces,
): Generator<number, void, void> {
  const { points, logWeights, alpha, total } = mixture;
  const { nx, ny, x0, hx, y0, hy } = places;
  const M = logWeights.length;
  const side = tileSide(mixture, places, TILE, REACH);
  const down = ny === 1 ? 1 : side;
  const factors = new Float64Array(side);
  const sums = new Float64Array(side * down);
  const floor = -39 - Math.log(M);
  for (let top = 0; top < ny; top += down) {
    const rows = Math.min(down, ny - top);
    const halfY = 0.5 * hy * (rows - 1);
    const bottom = y0 + hy * top;
    const yc = bottom + halfY;
    for (let first = 0; first < nx; first += side) {
      const columns = Math.min(side, nx - first);
      const halfX = 0.5 * hx * (columns - 1);
      const left = x0 + hx * first;
      const xc = left + halfX;
      let best = 0;
      let most = Number.NEGATIVE_INFINITY;
      for (let m = 0; m < M; m++) {
        const dx = xc - alpha * points[2 * m];
        const dy = yc - alpha * points[2 * m + 1];
        const value = logWeights[m] - (dx * dx + dy * dy) / (2 * total);
        if (value > most) {
          most = value;
          best = m;
        }
      }
      const rx = alpha * points[2 * best];
      const ry = alpha * points[2 * best + 1];
      const rw = logWeights[best];
      const cells = side * rows;
      for (let o = 0; o < cells; o++) sums[o] = 1;
      for (let m = 0; m < M; m++) {
        if (m === best) continue;
        const mx = alpha * points[2 * m];
        const my = alpha * points[2 * m + 1];
        const ax = (mx - rx) / total;
        const ay = (my - ry) / total;
        const centre = logWeights[m] - rw + 0.5 * (ax * (2 * xc - rx - mx) + ay * (2 * yc - ry - my));
        if (centre + Math.abs(ax) * halfX + Math.abs(ay) * halfY < floor) continue;
        let factor = Math.exp(-ax * halfX);
        const ratio = Math.exp(ax * hx);
        for (let i = 0; i < columns; i++) {
          factors[i] = factor;
          factor *= ratio;
        }
        let up = Math.exp(centre - ay * halfY);
        const rise = Math.exp(ay * hy);
        for (let j = 0; j < rows; j++) {
          const start = j * side;
          for (let i = 0; i < columns; i++) {
            sums[start + i] = sums[start + i] + up * factors[i];
          }
          up *= rise;
        }
      }
      for (let j = 0; j < rows; j++) {
        const dy = bottom + hy * j - ry;
        const target = (top + j) * nx + first;
        for (let i = 0; i < columns; i++) {
          const dx = left + hx * i - rx;
          out[target + i] = rw - (dx * dx + dy * dy) / (2 * total) + Math.log(sums[j * side + i]);
        }
      }
      yield cells;
    }
  }
}

/** The largest of `most`, `most` / 2, ... 1 that keeps the exponents of a tile's factors within `reach`. */
export function tileSide(
  { points, alpha, total }: Omit<PlaneMixture, "logWeights">,
  { ny, hx, hy }: GridPlaces,
  most: number,
  reach: number,
): number {
  let [lowX, highX, lowY, highY] = [points[0], points[0], points[1], points[1]] as [
    number,
    number,
    number,
    number,
  ];
  for (let m = 0; m < points.length; m += 2) {
    const x = points[m];
    const y = points[m + 1];
    lowX = Math.min(lowX, x);
    highX = Math.max(highX, x);
    lowY = Math.min(lowY, y);
    highY = Math.max(highY, y);
  }
  const step = (alpha * ((highX - lowX) * hx + (ny === 1 ? 0 : (highY - lowY) * hy))) / (2 * total);
  let side = most;
  while (side > 1 && step * (side - 1) > reach) side /= 2;
  return side;
}

/** Numbers for one line: reused from line to line. */
export interface LineScratch {
  readonly rights: Float64Array;
  readonly lefts: Float64Array;
  readonly sources: Float64Array;
  readonly couplings: Float64Array;
}

export function lineScratch(n: number): LineScratch {
  const array = (): Float64Array => new Float64Array(n + 1);
  return { rights: array(), lefts: array(), sources: array(), couplings: array() };
}

/**
 * One implicit step along a line of n cells, `stride` numbers apart from `start` on, in place: the fluxes of Scharfetter and Gummel
 * (1969), backward Euler (`order` 1) or MPRK22(1) of Burchard, Deleersnijder and Meister (2003; `order` 2), eliminated without
 * a subtraction.
 */
export function diffuseLine(
  q: Float64Array,
  phi: Float64Array,
  start: number,
  stride: number,
  n: number,
  { lambda, score, drift0, drift1 }: LineStep,
  order: 1 | 2,
  scratch: LineScratch,
): void {
  const { rights, lefts, sources, couplings } = scratch;
  let before = phi[start];
  let e = 1;
  let y = q[start];
  let at = start;
  for (let k = 0; k + 1 < n; k++) {
    at += stride;
    const here = phi[at];
    const p = score * (here - before) + (drift0 + drift1 * k);
    before = here;
    const size = p < 0 ? -p : p;
    let right: number;
    let left: number;
    if (size < 1e-5) {
      // B(p) = 1 - p / 2 + p^2 / 12 to 1e-21.
      right = lambda * (1 + 0.5 * p + (p * p) / 12);
      left = lambda * (1 - 0.5 * p + (p * p) / 12);
    } else {
      // B(|p|) = |p| / (e^|p| - 1), B(-|p|) = B(|p|) + |p|.
      const small = size < 690 ? size / Math.expm1(size) : 0;
      const large = small + size;
      right = lambda * (p > 0 ? large : small);
      left = lambda * (p > 0 ? small : large);
    }
    const inverse = 1 / (e + right);
    const carried = y * inverse;
    rights[k] = right;
    lefts[k] = left;
    sources[k] = carried;
    couplings[k] = left * inverse;
    e = 1 + left * (e * inverse);
    y = q[at] + right * carried;
  }
  let x = y / e;
  if (order === 1) {
    q[at] = x;
    for (let k = n - 2; k >= 0; k--) {
      at -= stride;
      x = sources[k] + couplings[k] * x;
      q[at] = x;
    }
    return;
  }
  sources[n - 1] = weight(q[at], x);
  for (let k = n - 2; k >= 0; k--) {
    at -= stride;
    x = sources[k] + couplings[k] * x;
    sources[k] = weight(q[at], x);
  }
  e = 1;
  y = q[start];
  for (let k = 0; k + 1 < n; k++) {
    at += stride;
    const right = rights[k] * sources[k];
    const left = lefts[k] * sources[k + 1];
    const inverse = 1 / (e + right);
    const carried = y * inverse;
    sources[k] = carried;
    couplings[k] = left * inverse;
    e = 1 + left * (e * inverse);
    y = q[at] + right * carried;
  }
  x = y / e;
  q[at] = x;
  for (let k = n - 2; k >= 0; k--) {
    at -= stride;
    x = sources[k] + couplings[k] * x;
    q[at] = x;
  }
}

/** (1 + before / after) / 2; anything above 0 will do where nothing is there. */
const weight = (before: number, after: number): number => 0.5 + 0.5 * (before / (after + 1.2345678e-290));

/**
 * One step of transport along a line, as `transportStrips`: faces traced back by the midpoint rule, cells filled from what lay
 * between them.
 */
export function transportLine(
  q: Float64Array,
  phi: Float64Array,
  start: number,
  stride: number,
  n: number,
  { score, drift0, drift1 }: Omit<LineStep, "lambda">,
  { rights: flow, lefts: slopes, sources: source, couplings: old }: LineScratch,
): void {
  for (let k = 0; k < n; k++) old[k] = q[start + k * stride];
  for (let k = 1; k < n; k++) {
    const rise = phi[start + k * stride] - phi[start + (k - 1) * stride];
    flow[k] = score * rise + drift0 + drift1 * (k - 1);
  }
  slopes[0] = 0;
  slopes[n - 1] = 0;
  for (let k = 1; k + 1 < n; k++) {
    const most = 2 * old[k];
    const slope = 0.5 * (old[k + 1] - old[k - 1]);
    slopes[k] = Math.max(Math.min(slope, most), -most);
  }
  source[0] = 0;
  source[n] = n;
  for (let k = 1; k < n; k++) {
    const middle = Math.max(Math.min(k - 0.5 * flow[k], n - 1), 1);
    const at = Math.max(Math.min(Math.floor(middle), n - 2), 1);
    const a = flow[at];
    const b = flow[Math.min(at + 1, n - 1)];
    const from = k - (a + (b - a) * (middle - at));
    source[k] = Math.max(Math.min(from, n), source[k - 1]);
  }
  const part = (cell: number, a: number, b: number): number =>
    (b - a) * (old[cell] + slopes[cell] * (0.5 * (a + b) - 0.5));
  let c0 = 0;
  for (let k = 0; k < n; k++) {
    const [z0, z1] = [source[k], source[k + 1]];
    const c1 = Math.min(Math.floor(z1), n - 1);
    let sum: number;
    if (c0 === c1) sum = part(c0, z0 - c0, z1 - c1);
    else {
      sum = part(c0, z0 - c0, 1);
      for (let cell = c0 + 1; cell < c1; cell++) sum += old[cell];
      sum += part(c1, 0, z1 - c1);
    }
    q[start + k * stride] = sum;
    c0 = c1;
  }
}
