import { type Engine, engineOf } from "../../src/engine.js";
import { messageOf } from "../load.js";
import type { Assets } from "./protocol.js";

/** The library's engine on the files beside the page: threads where memory can be shared, else one. */
export async function makeEngine(
  { shared, local, threads }: Assets,
  isolated: boolean,
): Promise<{ engine: Engine; note: string | undefined }> {
  try {
    const engine = isolated
      ? await engineOf({ wasm: shared, worker: threads }, undefined)
      : await engineOf({ wasm: local, threads: 1 }, undefined);
    return { engine, note: engine.info.note ?? (isolated ? undefined : ONE_THREAD) };
  } catch (error) {
    const engine = await engineOf({ kernels: "reference" }, undefined);
    return { engine, note: `no kernels: ${messageOf(error)}` };
  }
}

const ONE_THREAD = "one thread: shared memory needs a cross-origin isolated page";
