import { createEngine, type Engine } from "../../src/index.js";
import { messageOf } from "../load.js";
import type { Assets } from "./protocol.js";

/** The library's engine on the files beside the page: threads where memory can be shared, else one. */
export async function makeEngine(
  { shared, local, threads }: Assets,
  isolated: boolean,
): Promise<{ engine: Engine; note: string | undefined }> {
  try {
    const engine = isolated
      ? await createEngine({ wasm: shared, worker: threads })
      : await createEngine({ wasm: local, threads: 1 });
    return { engine, note: engine.info.note ?? (isolated ? undefined : ONE_THREAD) };
  } catch (error) {
    return { engine: await createEngine({ kernels: "reference" }), note: `no kernels: ${messageOf(error)}` };
  }
}

const ONE_THREAD = "one thread: shared memory needs a cross-origin isolated page";
