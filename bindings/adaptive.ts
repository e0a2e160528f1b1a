import type { Kernel, KernelSet } from "./abi.js";
import { isThenable } from "./host.js";
import type { MixtureLayout, SlopeFunction } from "./job.js";
import type { AdaptiveScratch } from "./scratch.js";

/**
 * Dormand and Prince's pair of orders 5 and 4 (J. Comput. Appl. Math. 6, 1980, Table 2), with the step of the
 * fifth-order result carried on. Row s has the coefficients of stage s + 1; the last is also the result.
 */
const NODES = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const STAGES = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
/** Fifth-order minus fourth-order weights. */
const ERRORS = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];
const RESULT = [...STAGES[5], 0];

/** The step to begin with, in log2 sigma. */
const FIRST_STEP = 0.25;
/** A step may shrink to a fifth, grow five-fold, and is a little smaller than the error allows. */
const SHRINK = 0.2;
const GROW = 5;
const SAFETY = 0.9;
/** Attempts of one particle from one time of the grid to the next, before it is given up. */
const MOST_STEPS = 100_000;

/** What a block of particles is integrated with. Pointers, unless said otherwise. */
export interface Adaptive {
  kernels: KernelSet;
  /** exp2 in float64, whatever the precision. */
  exp2: Kernel;
  memory: WebAssembly.Memory;
  mixture: MixtureLayout;
  scratch: AdaptiveScratch;
  /** What offsets in `scratch` count from. */
  base: number;
  state: number;
  n: number;
  /** log2 sigma at both ends. */
  from: number;
  to: number;
  rtol: number;
  atol: number;
  sigma0: number;
  /** Scalars: the next step, evaluations so far (-1 for a particle given up), and log likelihood or 0. */
  size: number;
  evaluations: number;
  logLikelihood: number;
  /** Coefficients of exp2. */
  table: number;
  /** Slopes of a called field in place of the exact ones, and the number of the first particle. */
  called: SlopeFunction | undefined;
  particle: number;
  /** Gives pieces of it, to be done one by one, where it is long. */
  posterior(
    y: number,
    k: number,
    mean: number,
    rows: number,
    trace: number,
  ): Generator<number, void, void> | undefined;
}

/**
 * Integrates dy/dl = ln 2 g (y - mean(y, l)), g = sigma^2 / (sigma^2 + sigma0^2), l = log2 sigma, for a block, each
 * particle by steps of its own; or a called field's dy/dl. Rows of particles that have arrived make room for the last row, so
 * that what is left stays together; no particle's numbers depend on its row. Yields 0 after every stage.
 */
export function* integrate(run: Adaptive): Generator<number | Promise<void>, void, void> {
  const { kernels, memory, mixture, scratch, base, from, to, sigma0, n } = run;
  const { bytes, dim, width } = mixture;
  const rowBytes = width * bytes;
  const buffer = (): ArrayBuffer => memory.buffer;
  const f64 = (pointer: number, length: number): Float64Array => new Float64Array(buffer(), pointer, length);
  const numbers = (pointer: number, length: number): Float32Array | Float64Array =>
    bytes === 4 ? new Float32Array(buffer(), pointer, length) : new Float64Array(buffer(), pointer, length);
  const copyRow = (toPointer: number, fromPointer: number): void => {
    new Uint8Array(buffer()).copyWithin(toPointer, fromPointer, fromPointer + rowBytes);
  };
  const at = (offset: number): number => base + offset;
  const slopeAt = (j: number): number => at(scratch.slopes) + j * scratch.stride;
  const direction = Math.sign(to - from);
  if (direction === 0) return;

  // The coefficients of all stages, one after the other, then those of the error.
  const table = [...STAGES.flat(), ...ERRORS];
  f64(at(scratch.coefficients), table.length).set(table);
  const rowOf = STAGES.map((_, s) => at(scratch.coefficients) + 8 * STAGES.slice(0, s).flat().length);
  const errorRow = at(scratch.coefficients) + 8 * STAGES.flat().length;

  let rows = n;
  const particle = Int32Array.from({ length: n }, (_, i) => i);
  const l = new Float64Array(n).fill(from);
  const attempts = new Int32Array(n);
  const next = f64(run.size, n).map((h) => direction * (Math.abs(h) || FIRST_STEP));
  const h = new Float64Array(n);
  const last = new Uint8Array(n);
  const failed = new Uint8Array(n);
  /** Slopes of the log likelihood, seven per particle, and its value. */
  const growth = new Float64Array(7 * n);
  const logLikelihood = run.logLikelihood ? f64(run.logLikelihood, n).slice() : undefined;
  const evaluations = f64(run.evaluations, n).slice();
  new Uint8Array(buffer()).copyWithin(at(scratch.y), run.state, run.state + n * rowBytes);
  // Kernels write the means of dim coordinates only; what pads them takes part in slopes, and so in distances.
  new Uint8Array(buffer()).fill(0, at(scratch.mean), at(scratch.mean) + n * rowBytes);

  const count = (): void => {
    for (let i = 0; i < rows; i++) {
      const p = particle[i];
      evaluations[p] = evaluations[p] + 1;
    }
  };

  /** Slope j by the called field, which may let the caller wait. */
  const calledSlope = function* (called: SlopeFunction, j: number, y: number, node: number) {
    const levels = Float64Array.from({ length: rows }, (_, i) => {
      const end = last[i] === 1 && node === 1;
      return end ? to : l[i] + node * h[i];
    });
    const numbersOf = Int32Array.from({ length: rows }, (_, i) => run.particle + particle[i]);
    const positions = new Float64Array(rows * dim);
    const seen = numbers(y, rows * width);
    for (let i = 0; i < rows; i++) positions.set(seen.subarray(i * width, i * width + dim), i * dim);
    const slopes = yield* settled(called(positions, levels, numbersOf, logLikelihood !== undefined));
    const out = numbers(slopeAt(j), rows * width);
    out.fill(0);
    for (let i = 0; i < rows; i++) {
      out.set(slopes.rows.subarray(i * dim, (i + 1) * dim), i * width);
      if (logLikelihood) growth[7 * i + j] = slopes.logLikelihood?.[i] as number;
    }
    count();
    yield 0;
  };

  /** Slope j at rows of y that have gone the share `node` of their steps. */
  function* slope(j: number, y: number, node: number): Generator<number, void, void> {
    const powers = f64(at(scratch.powers), rows);
    for (let i = 0; i < rows; i++) {
      const level = 2 * (l[i] + node * h[i]);
      powers[i] = Math.max(-1000, Math.min(1000, level));
    }
    run.exp2(at(scratch.levels), at(scratch.powers), rows, run.table);
    const squares = f64(at(scratch.levels), rows);
    const factor = numbers(at(scratch.factor), rows * width);
    const k = f64(at(scratch.powers), rows);
    const limit = bytes === 4 ? 1e30 : 1e290;
    const square0 = sigma0 * sigma0;
    for (let i = 0; i < rows; i++) {
      const square = squares[i];
      const total = square + square0;
      factor.fill(Math.LN2 * (square / total), i * width, (i + 1) * width);
      k[i] = Math.min(limit, Math.max(1 / limit, Math.LOG2E / (2 * total)));
    }
    const trace = logLikelihood ? at(scratch.extra) : 0;
    const pieces = run.posterior(y, at(scratch.powers), at(scratch.mean), rows, trace);
    if (pieces) yield* pieces;
    kernels.slope(slopeAt(j), at(scratch.factor), y, at(scratch.mean), rows * width);
    if (logLikelihood) {
      const traces = f64(trace, rows);
      // Anew: memory may have grown meanwhile.
      const levels = f64(at(scratch.levels), rows);
      for (let i = 0; i < rows; i++) {
        const square = levels[i];
        const total = square + square0;
        growth[7 * i + j] = -Math.LN2 * (square / total) * (dim - traces[i] / total);
      }
    }
    count();
    yield 0;
  }

  /** Takes row i out: the last row moves into its place. */
  const remove = (i: number): void => {
    const p = particle[i];
    copyRow(run.state + p * rowBytes, at(scratch.y) + i * rowBytes);
    f64(run.size, n)[p] = next[i];
    const end = --rows;
    if (end === i) return;
    for (const array of [particle, l, attempts, next, failed]) array[i] = array[end];
    growth.copyWithin(7 * i, 7 * end, 7 * end + 7);
    copyRow(at(scratch.y) + i * rowBytes, at(scratch.y) + end * rowBytes);
    copyRow(slopeAt(0) + i * rowBytes, slopeAt(0) + end * rowBytes);
  };

  const { called } = run;
  if (called) yield* calledSlope(called, 0, at(scratch.y), 0);
  else yield* slope(0, at(scratch.y), 0);
  while (rows > 0) {
    const size = numbers(at(scratch.size), rows * width);
    for (let i = 0; i < rows; i++) {
      const left = to - l[i];
      const step = next[i];
      // A step that would leave almost nothing goes all the way.
      last[i] = Math.abs(step) * 1.000001 >= Math.abs(left) ? 1 : 0;
      h[i] = last[i] ? left : step;
      size.fill(h[i], i * width, (i + 1) * width);
    }
    for (let s = 0; s < STAGES.length; s++) {
      const out = at(scratch.next);
      kernels.stage(
        out,
        at(scratch.y),
        at(scratch.size),
        slopeAt(0),
        scratch.stride,
        rowOf[s],
        s + 1,
        rows * width,
      );
      if (called) yield* calledSlope(called, s + 1, out, NODES[s + 1]);
      else yield* slope(s + 1, out, NODES[s + 1]);
    }
    const extra = logLikelihood ? at(scratch.extra) : 0;
    if (logLikelihood) {
      const errors = f64(extra, rows);
      for (let i = 0; i < rows; i++) {
        const step = h[i];
        const old = logLikelihood[particle[i]];
        let error = 0;
        let sum = 0;
        for (let j = 0; j < 7; j++) {
          error += ERRORS[j] * growth[7 * i + j];
          sum += RESULT[j] * growth[7 * i + j];
        }
        const scale = run.atol + run.rtol * Math.max(Math.abs(old), Math.abs(old + step * sum));
        const scaled = (error * step) / scale;
        errors[i] = scaled * scaled;
      }
    }
    kernels.errorNorm(
      at(scratch.norms),
      at(scratch.y),
      at(scratch.next),
      at(scratch.size),
      slopeAt(0),
      scratch.stride,
      errorRow,
      7,
      extra,
      run.atol,
      run.rtol,
      rows,
      dim,
      width,
    );
    const norms = f64(at(scratch.norms), 2 * rows).slice();
    for (let i = rows - 1; i >= 0; i--) {
      const norm = norms[2 * i];
      const accepted = norm <= 1;
      const grow = Number.isNaN(norm) ? SHRINK : SAFETY * norms[2 * i + 1];
      // After a step that failed the next one does not grow.
      const most = failed[i] ? 1 : GROW;
      const step = h[i] * Math.min(most, Math.max(SHRINK, grow));
      // The last step is cut to fit: it says nothing against a longer one.
      if (!accepted || !last[i] || Math.abs(step) > Math.abs(next[i])) next[i] = step;
      attempts[i] = attempts[i] + 1;
      failed[i] = accepted ? 0 : 1;
      if (accepted) {
        copyRow(at(scratch.y) + i * rowBytes, at(scratch.next) + i * rowBytes);
        copyRow(slopeAt(0) + i * rowBytes, slopeAt(6) + i * rowBytes);
        l[i] = last[i] ? to : l[i] + h[i];
        const p = particle[i];
        if (logLikelihood) {
          let sum = 0;
          for (let j = 0; j < 7; j++) sum += RESULT[j] * growth[7 * i + j];
          logLikelihood[p] = logLikelihood[p] + h[i] * sum;
          growth[7 * i] = growth[7 * i + 6];
        }
      }
      if (accepted && last[i]) remove(i);
      else if (attempts[i] >= MOST_STEPS) {
        evaluations[particle[i]] = -1e300;
        remove(i);
      }
    }
    yield 0;
  }
  f64(run.evaluations, n).set(evaluations);
  if (logLikelihood) f64(run.logLikelihood, n).set(logLikelihood);
}

/** What a function gives, at once or after the caller has waited. */
export function* settled<T>(result: T | Promise<T>): Generator<Promise<void>, T, void> {
  if (!isThenable(result)) return result;
  let value: T | undefined;
  yield Promise.resolve(result).then((later) => {
    value = later;
  });
  return value as T;
}
