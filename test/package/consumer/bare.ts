// Without any host's types, what is asked for is told by its shape.
import type { EngineOptions } from "vkernel";
import { program } from "./program.js";

export const signal = {
  aborted: false,
  reason: undefined,
  addEventListener(_: "abort", __: () => void) {},
  removeEventListener(_: "abort", __: () => void) {},
};
program(signal);
export const worker: EngineOptions = { worker: { href: "worker.js" }, wasm: new Uint8Array(8) };
// @ts-expect-error an address has one
export const wrong: EngineOptions = { worker: { path: "worker.js" } };
