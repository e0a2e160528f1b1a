import type { KernelSet } from "./abi.js";
import type { SampleJob } from "./job.js";
import type { PathScratch } from "./scratch.js";

/**
 * Brownian paths, one per particle, whose value at a time depends on (seed, particle, time) alone: any two grids see the
 * same path. Increments over the octaves [2^e, 2^(e+1)] are independent; within one, midpoints are drawn by Levy's
 * bridge down the binary digits of t, so every float64 is a node of the tree. A node is numbered by the words that
 * otherwise count step and stream: the highest bit is set, then come the exponent and the node's place in its octave.
 */
export class BrownianPath {
  readonly #kernels: KernelSet;
  readonly #memory: WebAssembly.Memory;
  readonly #job: SampleJob;
  readonly #scratch: PathScratch;
  readonly #base: number;
  readonly #first: number;
  readonly #n: number;
  /** The time whose values `at` holds, and the exponent they are counted from. */
  #known: number | undefined;
  #from: number | undefined;

  constructor(
    kernels: KernelSet,
    memory: WebAssembly.Memory,
    job: SampleJob,
    scratch: PathScratch,
    base: number,
    first: number,
    n: number,
  ) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#job = job;
    this.#scratch = scratch;
    this.#base = base;
    this.#first = first;
    this.#n = n;
  }

  /** out <- (W_t - W_s) / sqrt(t - s), s < t; every time of the run is at least 2^exponent. Yields after each end. */
  *increment(out: number, t: number, s: number, exponent: number): Generator<void, void, void> {
    const { dim, width, bytes } = this.#job.mixture;
    const length = this.#n * dim;
    if (this.#known !== t || this.#from !== exponent) {
      this.#place(t, exponent);
      yield;
    }
    const upper = this.#view(this.#scratch.at).slice();
    this.#place(s, exponent);
    yield;
    const lower = this.#view(this.#scratch.at);
    const { buffer } = this.#memory;
    const target =
      bytes === 4
        ? new Float32Array(buffer, out, this.#n * width)
        : new Float64Array(buffer, out, this.#n * width);
    const scale = Math.sqrt(t - s);
    for (let i = 0, j = 0; i < length; i += dim, j += width) {
      for (let d = 0; d < dim; d++) {
        target[j + d] = (upper[i + d] - lower[i + d]) / scale;
      }
    }
  }

  #view(offset: number): Float64Array {
    return new Float64Array(this.#memory.buffer, this.#base + offset, this.#n * this.#job.mixture.dim);
  }

  /** Standard normals of a node, into `normals`. */
  #draw(exponent: number, place: number): void {
    const { seedLow, seedHigh, mixture } = this.#job;
    const high = Math.floor(place / 2 ** 32);
    this.#kernels.normals(
      this.#base + this.#scratch.normals,
      mixture.dim,
      mixture.dim,
      this.#n,
      this.#first,
      place >>> 0,
      (0x80000000 | ((exponent + 1023) << 20) | high) >>> 0,
      seedLow,
      seedHigh,
      this.#base + this.#scratch.words,
    );
  }

  /** out <- a x + b y + c z over the rows. */
  #affine(out: number, ...terms: [number, number][]): void {
    const [x, y, z] = [...terms, [0, 0], [0, 0]] as [number, number][];
    const at = ([offset]: [number, number] = [0, 0]): number => this.#base + offset;
    this.#kernels.affine(
      this.#base + out,
      this.#n * this.#job.mixture.dim,
      terms.length,
      at(x),
      x?.[1] ?? 0,
      at(y),
      y?.[1] ?? 0,
      at(z),
      z?.[1] ?? 0,
      0,
      0,
    );
  }

  /** at <- W_t - W at 2^from. */
  #place(t: number, from: number): void {
    const { left, right, normals, at } = this.#scratch;
    const { exponent, digits } = binaryDigits(t);
    this.#view(left).fill(0);
    for (let e = from; e < exponent; e++) {
      this.#draw(e, 0);
      this.#affine(left, [left, 1], [normals, Math.sqrt(2 ** e)]);
    }
    let rest = digits;
    if (rest > 0) {
      this.#draw(exponent, 0);
      this.#affine(right, [left, 1], [normals, Math.sqrt(2 ** exponent)]);
    }
    // From the highest digit down: the midpoint takes the place of the end that t is not beyond.
    let place = 1;
    let span = 2 ** exponent;
    for (let bit = 2 ** 51; rest > 0; bit /= 2) {
      const above = rest >= bit;
      this.#draw(exponent, place);
      this.#affine(above ? left : right, [left, 0.5], [right, 0.5], [normals, Math.sqrt(span) / 2]);
      if (above) rest -= bit;
      place = 2 * place + (above ? 1 : 0);
      span /= 2;
    }
    this.#affine(at, [left, 1]);
    this.#known = t;
    this.#from = from;
  }
}

/** t = 2^exponent (1 + digits 2^-52) for a normal float64. */
export function binaryDigits(t: number): { exponent: number; digits: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, t);
  const high = view.getUint32(0);
  return {
    exponent: (high >>> 20) - 1023,
    digits: (high & 0xfffff) * 2 ** 32 + view.getUint32(4),
  };
}
