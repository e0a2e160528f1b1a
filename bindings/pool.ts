import { Control, controlBytes, type Job, jobUnits } from "./job.js";
import { scratchBytes } from "./scratch.js";
import { isNode, urlText } from "./host.js";
import type { ErrorFactory, WasmMemory } from "./memory.js";
import type { Thread, ThreadEvents } from "./thread.js";
import type { Scheduler } from "./scheduler.js";
import type { FromWorker } from "./worker.js";

export interface RunOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => unknown) | undefined;
}

interface Locks {
  request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<void>;
}

let lockNumber = 0;

/**
 * Browsers send no event when a worker ends, but give back the locks it holds: the worker takes one before it says that it is
 * ready (`worker.ts`), then this waits for it. Where there are no locks there are heartbeats alone.
 */
function watchLock(name: string, death: (reason: string) => void): () => void {
  const { locks } = (globalThis.navigator ?? {}) as { locks?: Locks };
  const watch = new AbortController();
  const ended = async (): Promise<void> => death("the browser ended it");
  // Refused where origins are opaque; aborted when the pool is closed.
  locks?.request(name, { signal: watch.signal }, ended).catch(() => {});
  return () => watch.abort();
}

async function startThread(
  source: string,
  url: string | URL | undefined,
  events: ThreadEvents,
): Promise<Thread> {
  if (isNode) return (await import("./node.js")).startNodeThread(source, url, events);
  const own =
    url === undefined ? URL.createObjectURL(new Blob([source], { type: "text/javascript" })) : undefined;
  const policy = watchPolicy();
  const worker = new Worker(own ?? (url as string | URL), { type: "classic" });
  const lock = `vkernel-${Math.random().toString(36).slice(2)}-${lockNumber++}`;
  let unwatch = (): void => {};
  const settle = (): void => {
    policy.end();
    if (own !== undefined) URL.revokeObjectURL(own);
  };
  worker.onmessage = (event: MessageEvent<FromWorker>) => {
    const { data } = event;
    if (data.type === "ready") {
      settle();
      if (data.locked) unwatch = watchLock(lock, events.death);
    }
    events.message(data);
  };
  worker.onerror = async (event) => {
    // Dealt with here: else it would end the worker that this runs in, and the page's own session with it.
    event.preventDefault();
    const reason = event.message || (await policy.why()) || `${urlText(url) ?? "it"} could not be loaded`;
    settle();
    events.death(reason);
  };
  worker.onmessageerror = () => events.death("a message could not be read");
  return {
    post: (message) => worker.postMessage(message.type === "start" ? { ...message, lock } : message),
    terminate: () => {
      unwatch();
      worker.terminate();
    },
    keepAlive: () => {},
  };
}

/** Milliseconds that a page waits for what its policy says of a worker that has failed: the error may come before it. */
const POLICY_WAIT = 1000;

/** Watches for workers that the page's policy refuses; `why` tells how to have some. */
function watchPolicy(): { why(): Promise<string | undefined>; end(): void } {
  const over = new AbortController();
  const refused = new Promise<string>((tell) => {
    globalThis.addEventListener(
      "securitypolicyviolation",
      ({ effectiveDirective, blockedURI, disposition }) => {
        if (disposition !== "enforce" || !/^(worker|child|script|default)-src/.test(effectiveDirective))
          return;
        tell(
          /^blob/.test(blockedURI)
            ? `the page's policy (${effectiveDirective}) has no blob:; give "worker" the URL of a copy of dist/worker.js (vkernel/worker)`
            : `the page's policy (${effectiveDirective}) does not allow ${blockedURI}`,
        );
      },
      { signal: over.signal },
    );
  });
  return {
    async why() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<undefined>((next) => {
        timer = setTimeout(() => next(undefined), POLICY_WAIT);
      });
      const reason = await Promise.race([refused, silence]);
      clearTimeout(timer);
      over.abort();
      return reason;
    },
    end: () => over.abort(),
  };
}

/** Milliseconds between two looks at heartbeats and progress. */
const TICK = 100;

/**
 * Ticks without a beat after which a worker that nothing else is known of counts as gone. A heart beats after every piece of
 * some 8 ms of work, so that one as slow as that is a thousand times slower than most. Hosts tell of death themselves: Node
 * by events, browsers by the lock that a worker holds while it lives. Of one that should stop fewer are waited for: the
 * caller's call ends.
 */
const SILENT_TICKS = 600;
const SILENT_TICKS_STOPPED = 100;
/** A worker that was slow before may be so again: this many times its longest silence. */
const SLOW_AGAIN = 100;

/** How long workers may take to start. */
const START_SECONDS = 60;

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

  readonly #scheduler: Scheduler;

  private constructor(memory: WasmMemory, error: ErrorFactory, scheduler: Scheduler, threads: number) {
    this.#memory = memory;
    this.#error = error;
    this.#scheduler = scheduler;
    this.#queue = new Queue(scheduler);
    this.#control = memory.alloc(controlBytes(threads), "threads");
  }

  static async start(options: {
    memory: WasmMemory;
    module: WebAssembly.Module;
    threads: number;
    source: string;
    url?: string | URL | undefined;
    error: ErrorFactory;
    scheduler: Scheduler;
  }): Promise<Pool> {
    const { memory, module, threads, error, scheduler } = options;
    const pool = new Pool(memory, error, scheduler, threads);
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
        pool.#onEnd = (error) => fail(pool.#dead === undefined ? error : new Error(pool.#dead));
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
    if (signal?.aborted) throw this.#scheduler.aborted(signal);
    const slices = this.#scheduler.slices(undefined);
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
    const forget = this.#scheduler.onAbort(signal, () =>
      stop(this.#scheduler.aborted(signal as AbortSignal)),
    );
    let timer: ReturnType<typeof setInterval> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        let finished = 0;
        const done = new Array<boolean>(count).fill(false);
        const beats = new Array<number>(count).fill(-1);
        const silent = new Array<number>(count).fill(0);
        const slowest = new Array<number>(count).fill(0);
        this.#onEnd = (error) => reject(failure ?? error);
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
        let reported = -1;
        timer = setInterval(() => {
          const now = words();
          const units = Atomics.load(now, Control.Done);
          if (onProgress && units !== reported && failure === undefined) {
            reported = units;
            try {
              slices.report(() => onProgress(units, total));
            } catch (error) {
              stop(error);
            }
            slices.settle().catch(stop);
          }
          const patience = failure === undefined ? SILENT_TICKS : SILENT_TICKS_STOPPED;
          for (let i = 0; i < count; i++) {
            const beat = Atomics.load(now, Control.Heartbeat + i);
            const quiet = done[i] || beat !== beats[i] ? 0 : silent[i] + 1;
            slowest[i] = Math.max(slowest[i], (quiet === 0 && silent[i]) || 0);
            silent[i] = quiet;
            beats[i] = beat;
            if (quiet > Math.max(patience, SLOW_AGAIN * slowest[i])) {
              this.#die(`it did nothing for ${Math.round((quiet * TICK) / 1000)} s`);
            }
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
      forget();
      this.#onMessage = undefined;
      this.#onEnd = undefined;
      for (const thread of this.#threads) thread.keepAlive(false);
      this.#memory.free(scratch);
    }
    if (failure !== undefined) throw failure;
    if (!onProgress) return;
    slices.report(() => onProgress(total, total));
    await slices.settle();
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

/** Work that is done one after another. A call whose signal aborts while it waits is rejected at once. */
export class Queue {
  readonly #scheduler: Scheduler;
  #last: Promise<unknown> = Promise.resolve();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  add(work: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => reject(this.#scheduler.aborted(signal as AbortSignal));
      const forget = this.#scheduler.onAbort(signal, leave);
      this.#last = this.#last.then(async () => {
        forget();
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
