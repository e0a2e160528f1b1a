/** Makes the error of the layer above: bindings know no error classes. */
export type ErrorFactory = (
  code: "E_MEMORY" | "E_LIMIT" | "E_ABORT" | "E_WORKER" | "E_TRAP" | "E_DISPOSED" | "E_USAGE" | "E_IO",
  details: { argument?: string; expected?: string; got?: string; message?: string; cause?: unknown },
) => Error;

const PAGE = 65536;
const ALIGN = 64;
/** Address 0 stays free, so that 0 can mean "none". */
const BASE = 1024;

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 3 : 1)} MiB`;

/**
 * The one owner of a Wasm memory: blocks are taken and given back here and nowhere else.
 * Views are made anew at every use, so they survive growth.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  readonly cap: number;
  readonly shared: boolean;
  readonly #error: ErrorFactory;
  /** Free regions by address, never adjacent. */
  #free: { start: number; bytes: number }[] = [];
  readonly #taken = new Map<number, number>();
  #used = 0;

  constructor(options: { shared: boolean; cap: number; error: ErrorFactory }) {
    this.shared = options.shared;
    this.#error = options.error;
    let maximum = Math.max(1, Math.min(65536, Math.floor(options.cap / PAGE)));
    let memory: WebAssembly.Memory | undefined;
    while (memory === undefined) {
      try {
        memory = new WebAssembly.Memory({ initial: 1, maximum, shared: options.shared });
      } catch (cause) {
        // Small devices refuse large address ranges: ask for less.
        if (maximum <= 256) {
          throw options.error("E_MEMORY", {
            message: `no Wasm memory could be made: ${String(cause)}`,
            cause,
          });
        }
        maximum = Math.floor(maximum / 2);
      }
    }
    this.memory = memory;
    this.cap = maximum * PAGE;
    this.#free = [{ start: BASE, bytes: PAGE - BASE }];
  }

  /** Bytes taken now. */
  get used(): number {
    return this.#used;
  }

  /** Blocks taken now. */
  get blocks(): number {
    return this.#taken.size;
  }

  /** Takes a block of `bytes` (and 64 more, which kernels may write beyond its end). */
  alloc(bytes: number, what: string): number {
    const size = Math.ceil(Math.max(bytes, 1) / ALIGN) * ALIGN + ALIGN;
    if (!Number.isSafeInteger(size) || size > this.cap - BASE) throw this.#full(bytes, what);
    let index = this.#free.findIndex((region) => region.bytes >= size);
    if (index < 0) {
      this.#grow(size, bytes, what);
      index = this.#free.findIndex((region) => region.bytes >= size);
    }
    const region = this.#free[index];
    const start = region.start;
    if (region.bytes === size) this.#free.splice(index, 1);
    else {
      region.start += size;
      region.bytes -= size;
    }
    this.#taken.set(start, size);
    this.#used += size;
    return start;
  }

  /** Gives a block back; 0 is allowed. */
  free(start: number): void {
    const bytes = this.#taken.get(start);
    if (bytes === undefined) return;
    this.#taken.delete(start);
    this.#used -= bytes;
    let index = this.#free.findIndex((region) => region.start > start);
    if (index < 0) index = this.#free.length;
    this.#free.splice(index, 0, { start, bytes });
    const merge = (i: number): void => {
      const a = this.#free[i];
      const b = this.#free[i + 1];
      if (a && b && a.start + a.bytes === b.start) {
        a.bytes += b.bytes;
        this.#free.splice(i + 1, 1);
      }
    };
    merge(index);
    merge(index - 1);
  }

  #grow(size: number, asked: number, what: string): void {
    const end = this.memory.buffer.byteLength;
    const tail = this.#free.at(-1);
    const spare = tail && tail.start + tail.bytes === end ? tail.bytes : 0;
    const needed = Math.ceil((size - spare) / PAGE);
    // Growth is geometric where the cap allows it, so that many small blocks cost few growths.
    const room = this.cap / PAGE - end / PAGE;
    if (needed > room) throw this.#full(asked, what);
    const pages = Math.min(room, Math.max(needed, Math.ceil(end / PAGE / 4)));
    let grown = pages;
    try {
      this.memory.grow(pages);
    } catch {
      try {
        this.memory.grow(needed);
        grown = needed;
      } catch (cause) {
        throw this.#full(asked, what, cause);
      }
    }
    if (spare > 0 && tail) tail.bytes += grown * PAGE;
    else this.#free.push({ start: end, bytes: grown * PAGE });
  }

  #full(bytes: number, what: string, cause?: unknown): Error {
    return this.#error("E_MEMORY", {
      argument: what,
      expected: `at most ${megabytes(this.cap - this.#used)} (cap ${megabytes(this.cap)})`,
      got: megabytes(bytes),
      message:
        `"${what}" needs ${megabytes(bytes)} of Wasm memory, but ${megabytes(this.#used)} of ${megabytes(this.cap)} ` +
        "are in use: ask for fewer particles or records at a time, dispose of what is not needed, or raise `memory`",
      cause,
    });
  }

  f32(start: number, length: number): Float32Array<ArrayBufferLike> {
    return new Float32Array(this.memory.buffer, start, length);
  }

  f64(start: number, length: number): Float64Array<ArrayBufferLike> {
    return new Float64Array(this.memory.buffer, start, length);
  }

  i32(start: number, length: number): Int32Array<ArrayBufferLike> {
    return new Int32Array(this.memory.buffer, start, length);
  }

  /** A view of `length` numbers of 4 or 8 bytes. */
  numbers(
    bytes: 4 | 8,
    start: number,
    length: number,
  ): Float32Array<ArrayBufferLike> | Float64Array<ArrayBufferLike> {
    return bytes === 4 ? this.f32(start, length) : this.f64(start, length);
  }

  zero(start: number, bytes: number): void {
    new Uint8Array(this.memory.buffer, start, bytes).fill(0);
  }
}
