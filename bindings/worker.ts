// The only file that runs in a worker. It is bundled to one self-contained script.
import { isTrap } from "./host.js";
import { instantiate } from "./instantiate.js";
import { Control, type Job, jobUnits } from "./job.js";
import { Executor } from "./executor.js";

export type ToWorker =
  | { type: "start"; module: WebAssembly.Module; memory: WebAssembly.Memory; index: number; lock?: string }
  | { type: "job"; id: number; job: Job; scratch: number; control: number };

export type FromWorker =
  | { type: "ready"; locked: boolean }
  | { type: "done"; id: number }
  | { type: "failed"; id: number; message: string; trap: boolean };

interface Port {
  postMessage(message: FromWorker): void;
  listen(handler: (message: ToWorker) => void): void;
}

async function openPort(): Promise<Port> {
  const scope = globalThis as unknown as {
    importScripts?: unknown;
    postMessage(message: unknown): void;
    onmessage: ((event: { data: ToWorker }) => void) | null;
  };
  if (scope.importScripts !== undefined || typeof process === "undefined") {
    return {
      postMessage: (message) => scope.postMessage(message),
      listen: (handler) => {
        scope.onmessage = (event) => handler(event.data);
      },
    };
  }
  const name = "node:worker_threads";
  const { parentPort } = (await import(name)) as typeof import("node:worker_threads");
  if (parentPort === null) throw new Error("not in a worker");
  return {
    postMessage: (message) => parentPort.postMessage(message),
    listen: (handler) => parentPort.on("message", handler),
  };
}

interface Locks {
  request(name: string, held: () => Promise<void>): Promise<void>;
}

/** Holds a lock for as long as this worker lives; whether that could be done. */
function hold(name: string | undefined): Promise<boolean> {
  const { locks } = ((globalThis as { navigator?: unknown }).navigator ?? {}) as { locks?: Locks };
  if (name === undefined || !locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    const held = (): Promise<void> => {
      resolve(true);
      return new Promise(() => {});
    };
    locks.request(name, held).catch(() => resolve(false));
  });
}

async function main(): Promise<void> {
  const port = await openPort();
  let executor: Executor;
  let memory: WebAssembly.Memory;
  let index = 0;
  const begin = async ({ module, lock }: Extract<ToWorker, { type: "start" }>): Promise<void> => {
    try {
      executor = new Executor(await instantiate(module, memory), memory);
      port.postMessage({ type: "ready", locked: await hold(lock) });
    } catch (error) {
      // An event of the worker, which a promise that nobody waits for is not everywhere.
      setTimeout(() => {
        throw error;
      });
    }
  };
  port.listen((message) => {
    if (message.type === "start") {
      memory = message.memory;
      index = message.index;
      void begin(message);
      return;
    }
    const { id, job, scratch, control } = message;
    try {
      const words = new Int32Array(memory.buffer, control, Control.Heartbeat + index + 1);
      const blocks = Math.ceil(job.count / job.block);
      const unitsPerBlock = jobUnits(job) / blocks;
      let pending = 0;
      const stopped = (): boolean => Atomics.load(words, Control.Stop) !== 0;
      while (!stopped()) {
        const block = Atomics.add(words, Control.Cursor, 1);
        if (block >= blocks) break;
        let units = 0;
        for (const done of executor.run(job, block, scratch)) {
          // Promises come of the caller's functions alone, which never enter a worker.
          units += done as number;
          pending += done as number;
          Atomics.add(words, Control.Heartbeat + index, 1);
          // Progress is shared now and then: an atomic write a unit would be contended.
          if (pending >= 16 || units === unitsPerBlock) {
            Atomics.add(words, Control.Done, pending);
            pending = 0;
          }
          if (stopped()) break;
        }
      }
      port.postMessage({ type: "done", id });
    } catch (error) {
      const trap = isTrap(error);
      port.postMessage({ type: "failed", id, message: String(error), trap });
    }
  });
}

void main();
