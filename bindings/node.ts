// What only Node has, for bindings: it loads there alone, so that no page carries it.
import { importNode } from "./importNode.js";
import type { Thread, ThreadEvents } from "./thread.js";
import type { FromWorker } from "./worker.js";

export { addressSpace } from "./addressSpace.js";

/** Processor cores that this process may use. */
export async function coreCount(): Promise<number> {
  const os = await importNode<typeof import("node:os")>("node:os");
  return os.availableParallelism?.() ?? os.cpus().length;
}

/** Node 20 and 21 know relaxed SIMD behind a flag, which must be set before anything is compiled. */
export async function allowRelaxed(): Promise<void> {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 22) return;
  const v8 = await importNode<typeof import("node:v8")>("node:v8");
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** The bytes of a file, by its path or its URL. */
export async function readBytes(place: string): Promise<BufferSource> {
  const fs = await importNode<typeof import("node:fs/promises")>("node:fs/promises");
  return fs.readFile(/^file:/.test(place) ? new URL(place) : place);
}

/** A path, from the working folder, as for any other file that is given by name. */
async function absolute(path: string): Promise<string> {
  return (await importNode<typeof import("node:path")>("node:path")).resolve(path);
}

export async function startNodeThread(
  source: string,
  url: string | URL | undefined,
  events: ThreadEvents,
): Promise<Thread> {
  const { Worker } = await importNode<typeof import("node:worker_threads")>("node:worker_threads");
  const worker =
    url === undefined
      ? new Worker(source, { eval: true })
      : new Worker(/^[a-z]{2,}:/i.test(String(url)) ? new URL(url) : await absolute(String(url)));
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
