import { isTrap } from "./host.js";
import { type CalledField, type Job, jobUnits } from "./job.js";
import { scratchBytes } from "./scratch.js";
import type { Build } from "./embedded.js";
import type { Executor } from "./executor.js";
import type { ErrorFactory, WasmMemory } from "./memory.js";
import { type Pool, Queue, type RunOptions } from "./pool.js";
import type { Scheduler } from "./scheduler.js";

/** A typed, multi-threaded machine made of the kernels: one memory, one pool (or the calling thread). */
export class Runtime {
  readonly build: Build;
  readonly memory: WasmMemory;
  readonly executor: Executor;
  /** Why something less than asked for runs, if so. */
  readonly note: string | undefined;
  readonly #pool: Pool | undefined;
  readonly #error: ErrorFactory;
  readonly #scheduler: Scheduler;
  #closed = false;
  readonly #queue: Queue;

  constructor(
    build: Build,
    memory: WasmMemory,
    executor: Executor,
    pool: Pool | undefined,
    note: string | undefined,
    error: ErrorFactory,
    scheduler: Scheduler,
  ) {
    this.build = build;
    this.memory = memory;
    this.executor = executor;
    this.#pool = pool;
    this.note = note;
    this.#error = error;
    this.#scheduler = scheduler;
    this.#queue = new Queue(scheduler);
  }

  get threads(): number {
    return this.#pool?.threads ?? 1;
  }

  /** Throws where no work can be done any more. */
  check(): void {
    if (this.#closed) throw this.#error("E_DISPOSED", { message: "the engine is closed" });
    if (this.#pool?.dead) {
      throw this.#error("E_WORKER", {
        message: "a worker thread died; this engine is dead, create a new one",
      });
    }
  }

  /** Runs a job on the pool, or on the calling thread in slices that keep it responsive. */
  run(job: Job, options: RunOptions & { calledFields?: readonly CalledField[] } = {}): Promise<void> {
    this.check();
    // A job that calls back waits for jobs of its own: it must not stand before them in the queue.
    if (options.calledFields?.length) return this.#trapped(this.#slices(job, options));
    if (this.#pool) return this.#trapped(this.#pool.run(job, options));
    return this.#trapped(this.#queue.add(() => this.#slices(job, options), options.signal));
  }

  async #trapped(result: Promise<void>): Promise<void> {
    try {
      await result;
    } catch (cause) {
      if (isTrap(cause)) {
        this.close();
        throw this.#error("E_TRAP", {
          message: `a kernel failed: ${String(cause)}; the engine is closed`,
          cause,
        });
      }
      if ((cause as { code?: unknown }).code === "E_TRAP") this.close();
      throw cause;
    }
  }

  async #slices(
    job: Job,
    { signal, onProgress, calledFields }: RunOptions & { calledFields?: readonly CalledField[] },
  ): Promise<void> {
    this.check();
    if (signal?.aborted) throw this.#scheduler.aborted(signal);
    const slices = this.#scheduler.slices(signal, () => this.check());
    const total = jobUnits(job);
    const scratch = this.memory.alloc(scratchBytes(job), "scratch");
    try {
      let done = 0;
      let work = this.executor.work;
      for (const units of this.#units(job, scratch, calledFields)) {
        if (typeof units !== "number") {
          await units;
          work = this.executor.work;
          continue;
        }
        done += units;
        const wait = slices.spend(this.executor.work - work);
        if (wait) {
          await wait;
          if (onProgress) slices.report(() => onProgress(done, total));
        }
        // After the turn: jobs may have run in it.
        work = this.executor.work;
      }
      if (onProgress) {
        slices.report(() => onProgress(total, total));
        await slices.settle();
      }
    } finally {
      this.memory.free(scratch);
    }
  }

  /** Runs a job on the calling thread at once; `later` makes the error where a function of the caller's gives a promise. */
  runSync(job: Job, calledFields?: readonly CalledField[], later?: () => Error): void {
    this.check();
    const scratch = this.memory.alloc(scratchBytes(job), "scratch");
    try {
      for (const units of this.#units(job, scratch, calledFields)) {
        if (typeof units === "number") continue;
        units.catch(() => {});
        throw later?.() ?? new TypeError("a function that waits cannot be called at once");
      }
    } catch (cause) {
      if (!isTrap(cause)) throw cause;
      this.close();
      throw this.#error("E_TRAP", {
        message: `a kernel failed: ${String(cause)}; the engine is closed`,
        cause,
      });
    } finally {
      this.memory.free(scratch);
    }
  }

  *#units(
    job: Job,
    scratch: number,
    calledFields?: readonly CalledField[],
  ): Generator<number | Promise<void>, void, void> {
    const blocks = Math.ceil(job.count / job.block);
    for (let block = 0; block < blocks; block++) yield* this.executor.run(job, block, scratch, calledFields);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pool?.close();
  }
}
