// From what the host allows to a runtime: threads, else one; shared memory, else plain; else the reason why there is no Wasm.
import { isComplete } from "./abi.js";
import type { Room } from "./addressSpace.js";
import type { Build, Embedded } from "./embedded.js";
import { isNode, messageOf } from "./host.js";
import { instantiate } from "./instantiate.js";
import { compileCustom, threadBarrier } from "./load.js";
import { Executor } from "./executor.js";
import { type ErrorFactory, WasmMemory } from "./memory.js";
import { Pool } from "./pool.js";
import { Runtime } from "./runtime.js";
import type { Scheduler } from "./scheduler.js";

export interface RuntimeOptions {
  build: Build;
  /** A number, or undefined: chosen from the cores. */
  threads: number | undefined;
  /** Cap of the memory in bytes. */
  cap: number;
  wasm?: WebAssembly.Module | BufferSource | string | URL | undefined;
  worker?: string | URL | undefined;
  /** Where there is none, `wasm` and `worker` are given. */
  embedded: Embedded | undefined;
  error: ErrorFactory;
  scheduler: Scheduler;
}

/** min(4, half the cores) where more than two are there, all cores on smaller machines. */
export function defaultThreads(cores: number): number {
  return cores > 2 ? Math.min(4, Math.ceil(cores / 2)) : Math.max(1, cores);
}

interface KernelInstance {
  build: Build;
  module: WebAssembly.Module;
  memory: WasmMemory;
  executor: Executor;
}

/** Why a way is not to be had. */
class Refused {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The module wants the other kind of memory, or is none of the kernels'. */
const mismatch = new Refused(
  'the module given as "wasm" has a memory of its own: a shared build (dist/wasm/simd-shared.wasm) gives threads',
);

/** Starts a runtime, or says why this host has no kernels and what would help. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime | string> {
  const { error } = options;
  const node = isNode ? await import("./node.js") : undefined;
  const cores = node ? await node.coreCount() : (globalThis.navigator?.hardwareConcurrency ?? 1);
  const asked = options.threads ?? defaultThreads(cores);
  const space: Room | string = node
    ? await node.addressSpace(options.cap, asked)
    : { cap: options.cap, threads: asked };
  if (typeof space === "string") return space;
  const own = options.wasm === undefined ? undefined : await ownModule(options.wasm, error);
  if (own instanceof Refused) return own.reason;
  const notes: string[] = [];
  let barrier = asked > 1 ? (threadBarrier() ?? (space.threads > 1 ? undefined : space.reason)) : undefined;
  const threaded = asked > 1 && barrier === undefined;
  const make = (shared: boolean) => makeKernels(shared, own, options, space.cap);

  let pool: Pool | undefined;
  let fewer: string | undefined;
  let kernels: KernelInstance | Refused | undefined;
  if (threaded) {
    const made = await make(true);
    const started = made instanceof Refused ? made : await startPool(made, space.threads, options);
    if (started instanceof Refused) barrier = started.reason;
    else ({ pool, fewer } = started);
    if (pool || (own && made !== mismatch)) kernels = made;
  }
  if (kernels === undefined) {
    kernels = await make(false);
    if (kernels === mismatch && !threaded) kernels = await make(true);
  }
  if (kernels === mismatch) {
    throw error("E_USAGE", {
      argument: "wasm",
      message: '"wasm" does not fit: expected a build of the kernels of this version (dist/wasm/*.wasm)',
    });
  }
  if (kernels instanceof Refused) return kernels.reason;

  const { build, memory, executor } = kernels;
  if (pool && pool.threads < asked) notes.push(`${pool.threads} threads: ${fewer ?? space.reason}`);
  if (!pool && barrier !== undefined) notes.push(`one thread: ${barrier}`);
  if (build !== options.build) notes.push(`${build} kernels: this host has no ${options.build} SIMD`);
  if (memory.cap < Math.floor(options.cap / 65536) * 65536) {
    notes.push(`at most ${Math.round(memory.cap / 2 ** 20)} MiB of Wasm memory: this host gives no more`);
  }
  return new Runtime(
    build,
    memory,
    executor,
    pool,
    notes.length > 0 ? notes.join("; ") : undefined,
    error,
    options.scheduler,
  );
}

/** The caller's module. Bytes that are no kernels are an error; a host that compiles nothing is none. */
async function ownModule(
  source: NonNullable<RuntimeOptions["wasm"]>,
  error: ErrorFactory,
): Promise<WebAssembly.Module | Refused> {
  try {
    return await compileCustom(source);
  } catch (cause) {
    const reason = await (await import("./refusal.js")).refusal();
    if (reason !== undefined) return new Refused(reason);
    throw error("E_IO", {
      argument: "wasm",
      message: `"wasm" could not be compiled: ${String(cause)}`,
      cause,
    });
  }
}

/** A build, or the caller's module, on a memory of its own. */
async function makeKernels(
  shared: boolean,
  own: WebAssembly.Module | undefined,
  { build: want, embedded, error }: RuntimeOptions,
  cap: number,
): Promise<KernelInstance | Refused> {
  let loaded: { build: Build; module: WebAssembly.Module };
  let memory: WasmMemory;
  try {
    if (own) loaded = { build: want, module: own };
    else if (embedded) loaded = await embedded.loadModule(want, shared);
    else return new Refused('there are none here but those given as "wasm"');
  } catch (cause) {
    return new Refused(
      (await (await import("./refusal.js")).refusal()) ??
        `the kernels could not be loaded (${messageOf(cause)})`,
    );
  }
  try {
    memory = new WasmMemory({ shared, cap, error });
  } catch (cause) {
    return new Refused(
      `this host refuses ${shared ? "shared" : "Wasm"} memory (${messageOf((cause as { cause?: unknown }).cause ?? cause)})`,
    );
  }
  const { build, module } = loaded;
  try {
    const exports = await instantiate(module, memory.memory);
    return isComplete(exports)
      ? { build, module, memory, executor: new Executor(exports, memory.memory) }
      : mismatch;
  } catch (cause) {
    if ((cause as { name?: unknown }).name === "LinkError" || (own && isTypeError(cause))) return mismatch;
    return new Refused(`the kernels could not be started (${messageOf(cause)})`);
  }
}

const isTypeError = (cause: unknown): boolean => (cause as { name?: unknown }).name === "TypeError";

/** Threads, or half as many (and why) where the host gives no more. */
async function startPool(
  { module, memory }: KernelInstance,
  wanted: number,
  { worker, embedded, error, scheduler }: RuntimeOptions,
): Promise<{ pool: Pool; fewer: string | undefined } | Refused> {
  const source = worker === undefined ? await embedded?.workerSource() : "";
  if (source === undefined) return new Refused('there are none here but that given as "worker"');
  let why: string | undefined;
  for (let threads = wanted; threads > 1; threads >>= 1) {
    try {
      const pool = await Pool.start({ memory, module, threads, source, url: worker, error, scheduler });
      return { pool, fewer: why && `${wanted} could not be started: ${why}` };
    } catch (cause) {
      why = messageOf(cause);
      if ((cause as { code?: unknown }).code === "ERR_ACCESS_DENIED")
        why += "; start Node with --allow-worker";
    }
  }
  return new Refused(`workers could not be started: ${why}`);
}
