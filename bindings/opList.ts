import {
  accessOf,
  type AddressTables,
  decodeOp,
  encodeOp,
  needsOf,
  OP_WIDTH,
  type Op,
  type ProgramNeeds,
  relocateOp,
} from "./ops.js";

/** Operations of a part of the list. */
const PART = 2 ** 14;

/**
 * The operations of a program, kept as plain numbers from the start: a program of a million of them has no object for each,
 * and is soon posted.
 */
export class OpList implements Iterable<Op> {
  readonly #parts: Float64Array<ArrayBuffer>[] = [];
  #length = 0;
  readonly #codes = new Set<number>();
  readonly needs: ProgramNeeds = {
    covariance: false,
    spread: false,
    linear: false,
    path: false,
    adaptive: false,
    draws: 0,
  };

  get length(): number {
    return this.#length;
  }

  /** Whether any operation has this code. */
  has(code: Op["code"]): boolean {
    return this.#codes.has(code);
  }

  push(op: Op): void {
    const at = this.#length % PART;
    if (at === 0) this.#parts.push(new Float64Array(PART * OP_WIDTH));
    encodeOp(op, this.#parts.at(-1) as Float64Array, at * OP_WIDTH);
    this.#length++;
    this.#codes.add(op.code);
    const own = needsOf(op);
    if (!own) return;
    const { needs } = this;
    if (own.covariance) needs.covariance = true;
    if (own.spread) needs.spread = true;
    if (own.linear) needs.linear = true;
    if (own.path) needs.path = true;
    if (own.adaptive) needs.adaptive = true;
    needs.draws = Math.max(needs.draws, own.draws ?? 0);
  }

  at(index: number): Op | undefined {
    return index < this.#length ? decodeOp(...this.#place(index)) : undefined;
  }

  /** What an operation of the list reads, and what it writes in full. */
  access(index: number): ReturnType<typeof accessOf> {
    return accessOf(...this.#place(index));
  }

  #place(index: number): [numbers: Float64Array, start: number] {
    return [this.#parts[Math.floor(index / PART)], (index % PART) * OP_WIDTH];
  }

  slice(first: number, last = this.#length): Op[] {
    return Array.from({ length: Math.max(0, last - first) }, (_, i) => this.at(first + i) as Op);
  }

  *[Symbol.iterator](): Generator<Op, void, void> {
    for (let i = 0; i < this.#length; i++) yield this.at(i) as Op;
  }

  /** All of them in one array, shared where it is to be posted; yields the units of each part of the work. */
  *encode(shared: boolean, tables: AddressTables): Generator<number, Float64Array, void> {
    const bytes = 8 * OP_WIDTH * this.#length;
    const out = new Float64Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    for (let i = 0; i < this.#parts.length; i++) {
      const count = Math.min(PART, this.#length - i * PART);
      const from = i * PART * OP_WIDTH;
      out.set(this.#parts[i].subarray(0, count * OP_WIDTH), from);
      for (let at = from; at < from + count * OP_WIDTH; at += OP_WIDTH) relocateOp(out, at, tables);
      yield 2 * count * OP_WIDTH;
    }
    return out;
  }
}
