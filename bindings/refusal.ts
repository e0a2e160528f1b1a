import { messageOf } from "./host.js";

/** (module (func (result v128) (v128.const i64x2 0 0))) */
const smallest = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 22, 1, 20, 0, 253, 12],
  ...new Array(16).fill(0),
  11,
);

/** Why this host runs no WebAssembly that is given as bytes, and what would help; undefined where it does. */
export async function refusal(): Promise<string | undefined> {
  if (typeof WebAssembly === "undefined") return "this host has no WebAssembly";
  try {
    if (!WebAssembly.validate(smallest)) return "this host's WebAssembly has no SIMD";
    await WebAssembly.compile(smallest);
    return undefined;
  } catch (cause) {
    return (
      `this host refuses to compile WebAssembly (${messageOf(cause)}): allow 'wasm-unsafe-eval' in the page's policy, ` +
      'or give "wasm" a module that the host has compiled (Cloudflare Workers: import it from vkernel/wasm/simd-local.wasm)'
    );
  }
}
