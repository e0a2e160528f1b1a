import type { Runtime } from "../../bindings/runtime.js";
import { VkernelError } from "./errors.js";

/** What an engine runs on. */
export interface EngineInfo {
  readonly kernels: "simd" | "relaxed" | "reference";
  readonly threads: number;
  readonly sharedMemory: boolean;
  /** Bytes of Wasm memory in use, and the cap. */
  readonly memoryUsed: number;
  readonly memoryCap: number;
  /** Why something less than asked for runs, if so. */
  readonly note: string | undefined;
}

/** Anything that holds memory of an engine. */
export interface Owned {
  dispose(): void;
}

/**
 * The compiled kernels with their memory and their threads, and all that lives there: it is disposed of with them (`close()`, or
 * `using`). An engine is kernels that make mixtures.
 */
export class Kernels {
  /** @internal */
  readonly runtime: Runtime | undefined;
  /** @internal */
  readonly blockSize: number | undefined;
  readonly #owned = new Set<Owned>();
  readonly #note: string | undefined;
  #closed = false;

  /** @internal */
  constructor(runtime: Runtime | undefined, blockSize: number | undefined, note: string | undefined) {
    this.runtime = runtime;
    this.blockSize = blockSize;
    this.#note = note;
  }

  get info(): EngineInfo {
    const { runtime } = this;
    return {
      kernels: runtime?.build ?? "reference",
      threads: runtime?.threads ?? 1,
      sharedMemory: runtime?.memory.shared ?? false,
      memoryUsed: runtime?.memory.used ?? 0,
      memoryCap: runtime?.memory.cap ?? 0,
      note: runtime?.note ?? this.#note,
    };
  }

  /** @internal Throws where nothing can be done any more. */
  check(): void {
    if (this.#closed)
      throw new VkernelError("E_DISPOSED", { argument: "engine", message: "the engine is closed" });
    this.runtime?.check();
  }

  /** @internal */
  own(thing: Owned): void {
    this.#owned.add(thing);
  }

  /** @internal */
  disown(thing: Owned): void {
    this.#owned.delete(thing);
  }

  /** Stops the threads and disposes of all that the engine made. Calls under way are rejected. */
  close(): void {
    if (this.#closed) return;
    for (const thing of [...this.#owned]) thing.dispose();
    this.#closed = true;
    this.runtime?.close();
  }

  dispose(): void {
    this.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
