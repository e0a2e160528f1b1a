import { Control, controlBytes, type Job, jobUnits, scratchBytes } from "./job.js";
import { importNode, isNode } from "./load.js";
import type { ErrorFactory, WasmMemory } from "./memory.js";
import type { FromWorker, ToWorker } from "./worker.js";

export interface RunOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** One worker, the same in Node and browsers. */
interface Thread {
  post(message: ToWorker): void;
  terminate(): void;
  /** Keeps a Node process alive while there is work, and only then. */
  keepAlive(on: boolean): void;
}

interface ThreadEvents {
  message(message: FromWorker): void;
  death(reason: string): void;
}

async function startThread(
  source: string,
  url: string | URL | undefined,
  events: ThreadEvents,
): Promise<Thread> {
  if (isNode) {
    const { Worker: NodeWorker } =
      await importNode<typeof import("node:worker_threads")>("node:worker_threads");
    const worker =
      url === undefined
        ? new NodeWorker(source, { eval: true })
        : new NodeWorker(new URL(url, import.meta.url));
    worker.on("message", (message: FromWorker) => events.message(message));
    worker.on("error", (error) => events.death(String(error)));
    worker.on("exit", (code) => events.death(`it exited with code ${code}`));
    worker.unref();
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => void worker.terminate(),
      keepAlive: (on) => (on ? worker.ref() : worker.unref()),
    };
  }
  const own =
    url === undefined ? URL.createObjectURL(new Blob([source], { type: "text/javascript" })) : undefined;
  const worker = new Worker(own ?? (url as string | URL), { type: "classic" });
  worker.onmessage = (event: MessageEvent<FromWorker>) => {
    if (own !== undefined && event.data.type === "ready") URL.revokeObjectURL(own);
    events.message(event.data);
  };
  worker.onerror = (event) => events.death(event.message || "it could not be started");
  worker.onmessageerror = () => events.death("a message could not be read");
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    keepAlive: () => {},
  };
}

/** Main-thread ticks without a heartbeat after which a browser worker counts as dead (it emits no exit event). */
const SILENT_TICKS = 15;
const TICK = 100;

/** How long workers may take to start. */
const START_SECONDS = 10;

/**
 * Worker threads over one shared memory. A job is cut in blocks; workers take the next block by an
 * atomic cursor, so which thread computes a block changes nothing in it.
 */
export class Pool {
  readonly #threads: Thread[] = [];
  readonly #memory: WasmMemory;
  readonly #error: ErrorFactory;
  readonly #control: number;
  #dead: string | undefined;
  #closed = false;
  #nextId = 1;
  #onMessage: ((index: number, message: FromWorker) => void) | undefined;
  #onEnd: ((error: Error) => void) | undefined;
  /** Jobs wait for each other: they share control words and cores. */
  readonly #queue: Queue;

  private constructor(memory: WasmMemory, error: ErrorFactory, threads: number) {
    this.#memory = memory;
    this.#error = error;
    this.#queue = new Queue(error);
    this.#control = memory.alloc(controlBytes(threads), "threads");
  }

  static async start(options: {
    memory: WasmMemory;
    module: WebAssembly.Module;
    threads: number;
    source: string;
    url?: string | URL | undefined;
    error: ErrorFactory;
  }): Promise<Pool> {
    const { memory, module, threads, error } = options;
    const pool = new Pool(memory, error, threads);
    try {
      await new Promise<void>((resolve, reject) => {
        let ready = 0;
        const timer = setTimeout(
          () => pool.#die(`no answer within ${START_SECONDS} s`),
          START_SECONDS * 1000,
        );
        const fail = (error: unknown): void => {
          clearTimeout(timer);
          reject(error);
        };
        pool.#onEnd = fail;
        pool.#onMessage = (_index, message) => {
          if (message.type !== "ready" || ++ready < threads) return;
          clearTimeout(timer);
          resolve();
        };
        for (let index = 0; index < threads; index++) {
          startThread(options.source, options.url, {
            message: (message) => pool.#onMessage?.(index, message),
            death: (reason) => pool.#die(reason),
          }).then((thread) => {
            if (pool.#dead !== undefined) {
              thread.terminate();
              return;
            }
            pool.#threads[index] = thread;
            thread.keepAlive(true);
            thread.post({ type: "start", module, memory: memory.memory, index });
          }, fail);
        }
      });
    } catch (cause) {
      pool.close();
      throw cause;
    }
    pool.#onEnd = undefined;
    pool.#onMessage = undefined;
    for (const thread of pool.#threads) thread.keepAlive(false);
    return pool;
  }

  get threads(): number {
    return this.#threads.length;
  }

  get dead(): boolean {
    return this.#dead !== undefined;
  }

  #deathError(reason: string): Error {
    return this.#error("E_WORKER", {
      message: `a worker thread died (${reason}); this engine is dead, create a new one`,
    });
  }

  #die(reason: string): void {
    if (this.#closed || this.#dead !== undefined) return;
    this.#dead = reason;
    // forEach passes over those that have not started yet.
    this.#threads.forEach((thread) => {
      thread.terminate();
    });
    this.#onEnd?.(this.#deathError(reason));
  }

  run(job: Job, options: RunOptions): Promise<void> {
    return this.#queue.add(() => this.#run(job, options), options.signal);
  }

  async #run(job: Job, options: RunOptions): Promise<void> {
    const { signal, onProgress } = options;
    if (this.#dead !== undefined) throw this.#deathError(this.#dead);
    if (this.#closed)
      throw this.#error("E_DISPOSED", { message: "the engine was closed before the work began" });
    if (this.#dead !== undefined) throw this.#deathError(this.#dead);
    if (signal?.aborted) throw abortError(this.#error, signal);
    const count = this.#threads.length;
    const bytes = scratchBytes(job);
    const scratch = this.#memory.alloc(bytes * count, "scratch of the worker threads");
    const words = (): Int32Array<ArrayBufferLike> =>
      this.#memory.i32(this.#control, Control.Heartbeat + count);
    words().fill(0);
    const total = jobUnits(job);
    const id = this.#nextId++;
    let failure: unknown;
    const stop = (reason: unknown): void => {
      failure ??= reason;
      Atomics.store(words(), Control.Stop, 1);
    };
    const onAbort = (): void => stop(abortError(this.#error, signal as AbortSignal));
    let timer: ReturnType<typeof setInterval> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        let finished = 0;
        const done = new Array<boolean>(count).fill(false);
        const beats = new Array<number>(count).fill(-1);
        const silent = new Array<number>(count).fill(0);
        this.#onEnd = reject;
        this.#onMessage = (index, message) => {
          if (message.type === "ready" || message.id !== id) return;
          if (message.type === "failed") {
            stop(
              this.#error(message.trap ? "E_TRAP" : "E_WORKER", {
                message: `a kernel failed: ${message.message}`,
              }),
            );
          }
          done[index] = true;
          if (++finished === count) resolve();
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        let reported = -1;
        timer = setInterval(() => {
          const now = words();
          const units = Atomics.load(now, Control.Done);
          if (onProgress && units !== reported && failure === undefined) {
            reported = units;
            try {
              onProgress(units, total);
            } catch (error) {
              stop(error);
            }
          }
          if (isNode) return;
          for (let i = 0; i < count; i++) {
            const beat = Atomics.load(now, Control.Heartbeat + i);
            silent[i] = done[i] || beat !== beats[i] ? 0 : (silent[i] as number) + 1;
            beats[i] = beat;
            if ((silent[i] as number) > SILENT_TICKS) this.#die("no heartbeat for 1.5 s");
          }
        }, TICK);
        this.#threads.forEach((thread, index) => {
          thread.keepAlive(true);
          thread.post({
            type: "job",
            id,
            job,
            scratch: scratch + index * bytes,
            control: this.#control,
          });
        });
      });
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#onMessage = undefined;
      this.#onEnd = undefined;
      for (const thread of this.#threads) thread.keepAlive(false);
      this.#memory.free(scratch);
    }
    if (failure !== undefined) throw failure;
    onProgress?.(total, total);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // forEach passes over those that have not started yet.
    this.#threads.forEach((thread) => {
      thread.terminate();
    });
    this.#onEnd?.(this.#error("E_DISPOSED", { message: "the engine was closed while it worked" }));
    this.#memory.free(this.#control);
  }
}

export function abortError(error: ErrorFactory, signal: AbortSignal): Error {
  return error("E_ABORT", { message: "the call was aborted by its signal", cause: signal.reason });
}

/** Work that is done one after another. A call whose signal aborts while it waits is rejected at once. */
export class Queue {
  readonly #error: ErrorFactory;
  #last: Promise<unknown> = Promise.resolve();

  constructor(error: ErrorFactory) {
    this.#error = error;
  }

  add(work: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => reject(abortError(this.#error, signal as AbortSignal));
      signal?.addEventListener("abort", leave, { once: true });
      this.#last = this.#last.then(async () => {
        signal?.removeEventListener("abort", leave);
        if (signal?.aborted) return leave();
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}
