import type { DenseKernel, TaskPiece } from "../../bindings/dense.js";
import type { Runtime } from "../../bindings/runtime.js";
import { checkLongCall } from "../core/check.js";
import { aborted, type LongCall, PIECE, TimeSlices } from "../core/scheduler.js";
import type { Matrix } from "./matrix.js";

export type { LongCall };

/** Names of the options of a long call. */
export const longCall = ["signal", "onProgress"] as const;

/** Checks the options of a long call, and whether it was aborted before it began. */
export function checkCall(options: LongCall): void {
  checkLongCall(options);
  if (options.signal?.aborted) throw aborted(options.signal);
}

/** Products below which a job is done on the calling thread: posting it would take longer. */
const SMALL = 3e5;
export const padded = (n: number): number => Math.ceil(n / 4) * 4;

/** Numbers from one row to the next: padded, and no multiple of 512 bytes, lest rows collide in the caches. */
export const lineOf = (n: number): number => padded(n) + (padded(n) % 64 === 0 ? 8 : 0);

/** The Wasm memory of one call, its jobs one after another, its signal and its progress. */
export class Workspace {
  readonly #runtime: Runtime;
  readonly #blocks: number[] = [];
  readonly #options: LongCall;
  readonly #blockSize: number;
  readonly #total: number;
  #done = 0;
  readonly #slices: TimeSlices;
  #told = 0;

  /** @param total the work of all jobs, in multiplications, roughly */
  constructor(runtime: Runtime, blockSize: number | undefined, options: LongCall, total: number) {
    this.#runtime = runtime;
    this.#blockSize = blockSize ?? Number.POSITIVE_INFINITY;
    this.#options = options;
    this.#total = total;
    this.#slices = new TimeSlices(options.signal, () => runtime.check());
  }

  alloc(numbers: number, what: string): number {
    const start = this.#runtime.memory.alloc(numbers * 8, what);
    this.#blocks.push(start);
    return start;
  }

  zeros(numbers: number, what: string): number {
    const start = this.alloc(numbers, what);
    this.#runtime.memory.zero(start, numbers * 8);
    return start;
  }

  f64(start: number, length: number): Float64Array {
    return this.#runtime.memory.f64(start, length);
  }

  i32(start: number, length: number): Int32Array {
    return this.#runtime.memory.i32(start, length);
  }

  /** Copies rows of `columns` numbers to rows of `ld`; what is between stays as it is. */
  write(start: number, data: Float64Array, columns: number, ld: number): void {
    if (columns === ld) {
      this.f64(start, data.length).set(data);
      return;
    }
    const rows = data.length / columns;
    const view = this.f64(start, rows * ld);
    for (let i = 0; i < rows; i++) view.set(data.subarray(i * columns, (i + 1) * columns), i * ld);
  }

  /** A copy of rows of `columns` numbers out of rows of `ld`. */
  read(start: number, rows: number, columns: number, ld: number): Matrix {
    const view = this.f64(start, rows * ld);
    if (columns === ld) return { data: view.slice(), rows, columns };
    const data = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) data.set(view.subarray(i * ld, i * ld + columns), i * columns);
    return { data, rows, columns };
  }

  /** Takes memory back before the end. */
  release(start: number): void {
    this.#runtime.memory.free(start);
    this.#blocks.splice(this.#blocks.indexOf(start), 1);
  }

  /** Leaves memory to someone else, who frees it. */
  keep(start: number): void {
    this.#blocks.splice(this.#blocks.indexOf(start), 1);
  }

  free(): void {
    for (const start of this.#blocks) this.#runtime.memory.free(start);
    this.#blocks.length = 0;
  }

  /**
   * Runs `tasks` of a kernel, `block` at a time a thread.
   * @param work multiplications in all
   */
  async run(
    kernel: DenseKernel,
    tasks: number,
    args: number[],
    {
      work,
      block = 1,
      scratch = 0,
      ordered = false,
      pieces,
    }: {
      work: number;
      block?: number;
      scratch?: number;
      /** One thread does all tasks in order, `block` between two looks at the signal. */
      ordered?: boolean;
      /** Of a task that is too much for one call of the kernel. */
      pieces?: readonly TaskPiece[] | undefined;
    },
  ): Promise<void> {
    const each = work / tasks;
    const step = Math.max(1, Math.min(block, this.#blockSize, Math.floor(PIECE / each)));
    const job = {
      kind: "dense" as const,
      kernel,
      count: tasks,
      block: ordered ? tasks : step,
      step,
      args,
      work: each,
      scratch,
      pieces,
    };
    const { signal, onProgress } = this.#options;
    if (work < SMALL) {
      this.#runtime.runSync(job);
      this.#done += work;
      await this.spend(work);
      return;
    }
    const before = this.#done;
    const report =
      onProgress && ((done: number, total: number): void => this.#report(before + (work * done) / total));
    await this.#runtime.run(job, { signal, onProgress: report });
    this.#done = before + work;
    await this.spend(0);
  }

  /** Work of the calling thread's own: gives the host its turn where that is due. */
  async spend(work: number): Promise<void> {
    const wait = this.#slices.spend(work);
    if (!wait) return;
    await wait;
    this.#report(this.#done);
  }

  /** Says how much is done, never less than before. */
  #report(done: number): void {
    const { onProgress } = this.#options;
    const now = Math.min(Math.max(done, this.#told), this.#total);
    this.#told = now;
    if (onProgress) this.#slices.report(() => onProgress(now, this.#total));
  }

  /** Reports the end. */
  finish(): Promise<void> {
    this.#report(this.#total);
    return this.#slices.settle();
  }
}

/** Runs `work` in a workspace of its own, and frees it whatever happens. */
export async function inWorkspace<T>(
  engine: { readonly runtime: Runtime | undefined; readonly blockSize: number | undefined },
  options: LongCall,
  total: number,
  work: (space: Workspace) => Promise<T>,
): Promise<T> {
  const space = new Workspace(engine.runtime as Runtime, engine.blockSize, options, total);
  try {
    const result = await work(space);
    await space.finish();
    return result;
  } finally {
    space.free();
  }
}
