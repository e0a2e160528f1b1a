import { isNode } from "./host.js";

export type Build = "simd" | "relaxed";

/** Kernels and the threads' script inside the library, for programs that have no files of them. */
export interface Embedded {
  /**
   * The module of the wanted build, or of `simd` where relaxed SIMD is not to be had. Throws where there is none: `refusal`
   * says why.
   */
  loadModule(want: Build, shared: boolean): Promise<{ build: Build; module: WebAssembly.Module }>;
  workerSource(): Promise<string>;
}

export const embedded: Embedded = {
  loadModule,
  workerSource: async () => (await import("../build/generated/worker-source.js")).workerSource,
};

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const kernels: Record<string, () => Promise<{ base64: string }>> = {
  "simd-local": () => import("../build/generated/wasm/simd-local.js"),
  "simd-shared": () => import("../build/generated/wasm/simd-shared.js"),
  "relaxed-local": () => import("../build/generated/wasm/relaxed-local.js"),
  "relaxed-shared": () => import("../build/generated/wasm/relaxed-shared.js"),
};

/** What has been compiled. Only what is there is kept: what a host refused it may give the next time. */
const compiled = new Map<string, WebAssembly.Module>();

/** Compiles an embedded build once; undefined where this host does not validate its bytes. */
async function compileEmbedded(name: string): Promise<WebAssembly.Module | undefined> {
  const known = compiled.get(name);
  if (known) return known;
  const bytes = decode((await kernels[name]()).base64);
  if (!WebAssembly.validate(bytes)) return undefined;
  const module = await WebAssembly.compile(bytes);
  compiled.set(name, module);
  return module;
}

async function loadModule(
  want: Build,
  shared: boolean,
): Promise<{ build: Build; module: WebAssembly.Module }> {
  const memory = shared ? "shared" : "local";
  if (want === "relaxed") {
    if (isNode) await (await import("./node.js")).allowRelaxed();
    const module = await compileEmbedded(`relaxed-${memory}`);
    if (module) return { build: "relaxed", module };
  }
  const module = await compileEmbedded(`simd-${memory}`);
  if (module === undefined) throw new Error(`this host's WebAssembly does not take the ${memory} kernels`);
  return { build: "simd", module };
}
