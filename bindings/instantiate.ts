import type { Abi } from "./abi.js";

/**
 * Instantiates a module on a memory. The kernels ask for nothing else; a build of them that asserts does, and AssemblyScript's
 * loader, which loads for it, says what was asserted where.
 */
export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Abi> {
  const imports = { env: { memory } };
  // The loader takes a module of another realm for bytes.
  const own = Object.getPrototypeOf(module) === WebAssembly.Module.prototype;
  if (own && WebAssembly.Module.imports(module).some(({ kind }) => kind === "function")) {
    const { instantiateSync } = await import("@assemblyscript/loader");
    return instantiateSync(module, imports).exports as unknown as Abi;
  }
  return new WebAssembly.Instance(module, imports).exports as unknown as Abi;
}
