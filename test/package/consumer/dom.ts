// On a page, the host's own types go in and come out.
import { createEngine, type EngineOptions, type SampleOptions } from "vkernel";
import { createRaster } from "vkernel/raster";
import { type Equal, holds, program } from "./program.js";

holds<Equal<NonNullable<SampleOptions["signal"]>, AbortSignal>>();
holds<Equal<NonNullable<EngineOptions["worker"]>, string | URL>>();
holds<Equal<NonNullable<EngineOptions["wasm"]>, WebAssembly.Module | BufferSource | string | URL>>();

export async function page(): Promise<ImageData> {
  await program(new AbortController().signal);
  const engine = await createEngine({ worker: new URL("worker.js", location.href) });
  const raster = createRaster(engine, { width: 8, height: 8 });
  return new ImageData(raster.pixels, 8, 8);
}
