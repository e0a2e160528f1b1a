import { embedded, type Embedded } from "../bindings/embedded.js";
import { startRuntime } from "../bindings/start.js";
import { checkInteger, checkNumber, checkOptions, checkWord } from "./core/check.js";
import {
  type Mixture,
  type MixtureOptions,
  makeMixture,
  type PointsInput,
  type Precision,
} from "./data/mixture.js";
import { Kernels } from "./core/kernels.js";
import { scheduler } from "./core/scheduler.js";
import { badArgument, VkernelError } from "./core/errors.js";
import { plainScores } from "./score/evaluate/late.js";

export interface EngineOptions {
  /**
   * Worker threads, 1 to 64, or "auto": half the cores, at most 4 (all cores where there are two or fewer). A host without
   * shared memory or workers (a page that is not isolated, `ulimit -v`) gives fewer, one at the least: `info.threads` says how
   * many run, `info.note` why. No result depends on it.
   */
  threads?: number | "auto";
  /**
   * "auto" and "simd": the same bits on every machine. "relaxed": fused multiply-add where the host has it,
   * fastest, last bits differ between machines; the bits of "simd", with a note, where the host has none. "reference": plain
   * float64 TypeScript, no Wasm. Where the host lets no Wasm be compiled, every choice runs as "reference", equal to rounding
   * and slower: `info.kernels` says so, `info.note` why.
   */
  kernels?: "auto" | "simd" | "relaxed" | "reference";
  /** Cap of the Wasm memory in bytes; 4 GiB by default, with a note where the host gives less. It is taken as needed. */
  memory?: number;
  /** Particles or queries handed to a thread at a time, fewer where their work is long. No result depends on it. */
  blockSize?: number;
  /**
   * Your own copy of the kernels (dist/wasm): a module, its bytes, or a URL; for hosts that compile no bytes, such as
   * Cloudflare Workers, a module. A local build (`simd-local.wasm`) runs on one thread, and says so in `info.note` where more
   * were asked for; a shared one gives threads. Bytes that are no kernels are an error.
   */
  wasm?: WebAssembly.Module | BufferSource | string | URL;
  /**
   * A URL of dist/worker.js, for pages whose content-security policy has no `blob:`. Without it such a page runs on one
   * thread, and `info.note` says how to have more.
   */
  worker?: string | URL;
}

const makeError = (
  code: ConstructorParameters<typeof VkernelError>[0],
  details: ConstructorParameters<typeof VkernelError>[1],
): VkernelError => new VkernelError(code, details);

const known = ["threads", "kernels", "memory", "blockSize", "wasm", "worker"];

/**
 * Owns the kernels, their memory and their threads. Made by {@link createEngine}; close it when done
 * (`close()`, or `using`): everything it made is disposed of with it.
 */
export class Engine extends Kernels {
  /**
   * Training points as a mixture: the data whose noised density, score and samples everything else computes. They are
   * checked, centred, ordered by weight and copied before it returns, on the calling thread: no signal cuts that short.
   *
   * @param points `[size, dim]` row-major, or an array of rows
   * @throws {VkernelError} E_SHAPE, E_TYPE, E_NONFINITE, E_RANGE, E_MEMORY
   */
  mixture<P extends Precision = "f32">(points: PointsInput, options: MixtureOptions<P> = {}): Mixture<P> {
    this.check();
    return makeMixture(this, points, options);
  }
}

/**
 * Loads the kernels and starts the threads.
 *
 * @example
 * const engine = await createEngine({ threads: 2 });
 * console.log(engine.info.kernels); // "simd"
 * engine.close();
 * @throws {VkernelError} E_USAGE, E_RANGE, E_MEMORY, E_WORKER, E_IO
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  return engineOf(options, embedded);
}

/** @internal The same, of a program that always gives `wasm` and `worker`: it need not carry what is embedded. */
export async function engineOf(options: EngineOptions, within: Embedded | undefined): Promise<Engine> {
  checkOptions(options, known);
  const kernels = checkWord(
    options.kernels ?? "auto",
    ["auto", "simd", "relaxed", "reference"] as const,
    "kernels",
  );
  let threads: number | undefined;
  if (options.threads !== undefined && options.threads !== "auto") {
    if (typeof options.threads === "string")
      throw badArgument("E_TYPE", "threads", '"auto" or a number', options.threads);
    threads = checkInteger(options.threads, "threads", 1, 64);
  }
  const cap = checkNumber(options.memory ?? 2 ** 32, "memory", { min: 2 ** 20, max: 2 ** 32 });
  const blockSize =
    options.blockSize === undefined ? undefined : checkInteger(options.blockSize, "blockSize", 1, 65_536);
  if (kernels === "reference") return plainEngine(blockSize, undefined);
  const started = await startRuntime({
    build: kernels === "relaxed" ? "relaxed" : "simd",
    threads,
    cap,
    wasm: options.wasm,
    worker: options.worker,
    embedded: within,
    error: makeError,
    scheduler,
  });
  return typeof started === "string"
    ? plainEngine(blockSize, `plain TypeScript, in float64, equal to rounding and slower: ${started}`)
    : new Engine(started, blockSize, undefined);
}

/** An engine without Wasm, with what takes its place in calls that cannot wait. */
async function plainEngine(blockSize: number | undefined, note: string | undefined): Promise<Engine> {
  await plainScores.load();
  return new Engine(undefined, blockSize, note);
}
