import { OP_WIDTH, type Op, OpCode, type ProgramNeeds } from "./job.js";

/** The fields of an operation, in the order of `Op`; those of `Seen` first. */
function fieldsOf(op: Op): number[] {
  switch (op.code) {
    case OpCode.Score:
      return [op.x, op.mean, op.k, op.inverseAlpha, op.points, op.trace];
    case OpCode.Draw:
      return [op.x, op.mean, op.k, op.inverseAlpha, op.points, op.out, op.draws, op.step, op.stream];
    case OpCode.Spread:
      return [op.x, op.mean, op.k, op.inverseAlpha, op.points, op.out, op.step, op.stream];
    case OpCode.Normal:
      return [op.out, op.step, op.stream];
    case OpCode.Supplied:
      return [op.out, op.step];
    case OpCode.Path:
      return [op.out, op.t, op.s, op.exponent];
    case OpCode.Affine:
      return [op.out, op.terms.length, ...op.terms.flat()];
    case OpCode.Linear:
      return [op.out, op.x, op.matrix];
    case OpCode.Scalar:
      return [op.out, op.constant, ...op.terms.flat()];
    case OpCode.Adaptive:
      return [op.x, op.from, op.to, op.rtol, op.atol, op.sigma0, op.size, op.density, op.index];
    case OpCode.Call:
      return [op.x, op.out, op.t, op.index, op.trace];
    case OpCode.Fill:
      return [op.out, op.row];
    case OpCode.Record:
      return [op.x, op.slot];
  }
}

/** The operation that the numbers from `at` on are. */
function opOf(numbers: Float64Array, at: number): Op {
  const field = (i: number): number => numbers[at + i];
  const seen = () => ({
    x: field(1),
    mean: field(2),
    k: field(3),
    inverseAlpha: field(4),
    points: field(5),
  });
  /** `count` pairs of a register and a factor. */
  const terms = (first: number, count: number): [number, number][] =>
    Array.from({ length: count }, (_, j) => [field(first + 2 * j), field(first + 2 * j + 1)]);
  switch (field(0)) {
    case OpCode.Score:
      return { code: OpCode.Score, ...seen(), trace: field(6) };
    case OpCode.Draw:
      return {
        code: OpCode.Draw,
        ...seen(),
        out: field(6),
        draws: field(7),
        step: field(8),
        stream: field(9),
      };
    case OpCode.Spread:
      return { code: OpCode.Spread, ...seen(), out: field(6), step: field(7), stream: field(8) };
    case OpCode.Normal:
      return { code: OpCode.Normal, out: field(1), step: field(2), stream: field(3) };
    case OpCode.Supplied:
      return { code: OpCode.Supplied, out: field(1), step: field(2) };
    case OpCode.Path:
      return { code: OpCode.Path, out: field(1), t: field(2), s: field(3), exponent: field(4) };
    case OpCode.Affine:
      return { code: OpCode.Affine, out: field(1), terms: terms(3, field(2)) };
    case OpCode.Linear:
      return { code: OpCode.Linear, out: field(1), x: field(2), matrix: field(3) };
    case OpCode.Scalar:
      return {
        code: OpCode.Scalar,
        out: field(1),
        constant: field(2),
        terms: terms(3, 4).filter(([, factor]) => factor !== 0),
      };
    case OpCode.Adaptive:
      return {
        code: OpCode.Adaptive,
        x: field(1),
        from: field(2),
        to: field(3),
        rtol: field(4),
        atol: field(5),
        sigma0: field(6),
        size: field(7),
        density: field(8),
        index: field(9),
      };
    case OpCode.Call:
      return {
        code: OpCode.Call,
        x: field(1),
        out: field(2),
        t: field(3),
        index: field(4),
        trace: field(5),
      };
    case OpCode.Fill:
      return { code: OpCode.Fill, out: field(1), row: field(2) };
    default:
      return { code: OpCode.Record, x: field(1), slot: field(2) };
  }
}

/** Operations of a part of the list. */
const PART = 2 ** 14;

/**
 * The operations of a program, kept as plain numbers from the start: a program of a million of them has no object for each,
 * and is soon posted.
 */
export class Ops implements Iterable<Op> {
  readonly #parts: Float64Array<ArrayBuffer>[] = [];
  #length = 0;
  #fills = false;
  readonly needs: ProgramNeeds = {
    covariance: false,
    spread: false,
    linear: false,
    path: false,
    adaptive: false,
  };

  get length(): number {
    return this.#length;
  }

  /** Whether any fills a register with a row. */
  get fills(): boolean {
    return this.#fills;
  }

  push(op: Op): void {
    const at = this.#length % PART;
    if (at === 0) this.#parts.push(new Float64Array(PART * OP_WIDTH));
    const numbers = this.#parts.at(-1) as Float64Array;
    numbers[at * OP_WIDTH] = op.code;
    numbers.set(fieldsOf(op), at * OP_WIDTH + 1);
    this.#length++;
    this.#fills ||= op.code === OpCode.Fill;
    const { needs } = this;
    needs.spread ||= op.code === OpCode.Spread;
    needs.linear ||= op.code === OpCode.Linear;
    needs.path ||= op.code === OpCode.Path;
    needs.adaptive ||= op.code === OpCode.Adaptive;
    needs.covariance ||=
      op.code === OpCode.Spread ||
      (op.code === OpCode.Score && op.trace >= 0) ||
      (op.code === OpCode.Adaptive && op.density === 1 && op.index < 0);
  }

  at(index: number): Op | undefined {
    const part = this.#parts[Math.floor(index / PART)];
    return part && index < this.#length ? opOf(part, (index % PART) * OP_WIDTH) : undefined;
  }

  slice(first: number, last = this.#length): Op[] {
    return Array.from({ length: Math.max(0, last - first) }, (_, i) => this.at(first + i) as Op);
  }

  *[Symbol.iterator](): Generator<Op, void, void> {
    for (let i = 0; i < this.#length; i++) yield this.at(i) as Op;
  }

  /**
   * All of them in one array, shared where it is to be posted; yields the units of each part of the work.
   *
   * @param matrices where the matrices lie that operations know by number
   * @param points likewise sets of points, from number 1 on
   * @param row where the row lies that registers are filled with
   */
  *encode(
    shared: boolean,
    matrices: readonly number[],
    points: readonly number[],
    row = 0,
  ): Generator<number, Float64Array, void> {
    const bytes = 8 * OP_WIDTH * this.#length;
    const out = new Float64Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    const moved = matrices.length + points.length > 0 || this.#fills;
    for (let i = 0; i < this.#parts.length; i++) {
      const count = Math.min(PART, this.#length - i * PART);
      const from = i * PART * OP_WIDTH;
      out.set((this.#parts[i] as Float64Array).subarray(0, count * OP_WIDTH), from);
      for (let at = from; moved && at < from + count * OP_WIDTH; at += OP_WIDTH) {
        const code = out[at];
        if (code === OpCode.Fill) out[at + 2] = row;
        if (code === OpCode.Linear) out[at + 3] = matrices[out[at + 3]];
        if (code !== OpCode.Score && code !== OpCode.Draw && code !== OpCode.Spread) continue;
        const set = out[at + 5];
        if (set > 0) out[at + 5] = points[set - 1];
      }
      yield 2 * count * OP_WIDTH;
    }
    return out;
  }
}
