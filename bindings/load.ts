import { instantiateSync } from "@assemblyscript/loader";
import type { Abi } from "./abi.js";
import { isModule, messageOf, urlText } from "./host.js";

export type Build = "simd" | "relaxed";

/** A bundler's `process` shim must not hide that this is a browser's worker, which has `importScripts`. */
export const isNode: boolean =
  typeof process !== "undefined" &&
  typeof process.versions?.node === "string" &&
  (globalThis as { importScripts?: unknown }).importScripts === undefined;

/** Imports a module of Node; the name is a variable so that bundlers for browsers leave it alone. */
export async function importNode<T>(name: string): Promise<T> {
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as T;
}

/** Why there can be no threads here; undefined where there can. */
export function threadBarrier(): string | undefined {
  const { crossOriginIsolated, Worker } = globalThis as { crossOriginIsolated?: boolean; Worker?: unknown };
  if (!isNode && typeof Worker !== "function") return "this host has no workers";
  const shared = typeof SharedArrayBuffer !== "undefined" && (isNode || crossOriginIsolated === true);
  if (shared) return undefined;
  return isNode || crossOriginIsolated !== false
    ? "this host has no shared memory"
    : "shared memory needs a cross-origin isolated page";
}

/** Processor cores, as far as the host tells. */
export async function coreCount(): Promise<number> {
  if (isNode) {
    const os = await importNode<typeof import("node:os")>("node:os");
    return os.availableParallelism?.() ?? os.cpus().length;
  }
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const embedded: Record<string, () => Promise<{ base64: string }>> = {
  "simd-local": () => import("../build/generated/wasm/simd-local.js"),
  "simd-shared": () => import("../build/generated/wasm/simd-shared.js"),
  "relaxed-local": () => import("../build/generated/wasm/relaxed-local.js"),
  "relaxed-shared": () => import("../build/generated/wasm/relaxed-shared.js"),
};

/** Node 20 and 21 know relaxed SIMD behind a flag, which must be set before anything is compiled. */
async function allowRelaxed(): Promise<void> {
  if (!isNode) return;
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 22) return;
  const v8 = await importNode<typeof import("node:v8")>("node:v8");
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** What has been compiled. Only what is there is kept: what a host refused it may give the next time. */
const compiled = new Map<string, WebAssembly.Module>();

/** Compiles an embedded build once; undefined where this host does not validate its bytes. */
async function compileEmbedded(name: string): Promise<WebAssembly.Module | undefined> {
  const known = compiled.get(name);
  if (known) return known;
  const bytes = decode((await embedded[name]()).base64);
  if (!WebAssembly.validate(bytes)) return undefined;
  const module = await WebAssembly.compile(bytes);
  compiled.set(name, module);
  return module;
}

/**
 * The module of the wanted build, or of `simd` where relaxed SIMD is not to be had. Throws where there is none: `refusal`
 * says why.
 */
export async function loadModule(
  want: Build,
  shared: boolean,
): Promise<{ build: Build; module: WebAssembly.Module }> {
  const memory = shared ? "shared" : "local";
  if (want === "relaxed") {
    await allowRelaxed();
    const module = await compileEmbedded(`relaxed-${memory}`);
    if (module) return { build: "relaxed", module };
  }
  const module = await compileEmbedded(`simd-${memory}`);
  if (module === undefined) throw new Error(`this host's WebAssembly does not take the ${memory} kernels`);
  return { build: "simd", module };
}

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

/** A caller's own copy of the kernels: a module, its bytes, or where they are. */
export async function compileCustom(
  source: WebAssembly.Module | BufferSource | string | URL,
): Promise<WebAssembly.Module> {
  if (isModule(source)) return source;
  const place = urlText(source);
  if (place === undefined) {
    const bytes = source as BufferSource;
    if (!ArrayBuffer.isView(bytes)) return WebAssembly.compile(bytes);
    // A copy: hosts compile no bytes that lie in shared memory.
    return WebAssembly.compile(
      new Uint8Array(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    );
  }
  if (isNode && !/^https?:/.test(place)) {
    const fs = await importNode<typeof import("node:fs/promises")>("node:fs/promises");
    return WebAssembly.compile(await fs.readFile(/^file:/.test(place) ? new URL(place) : place));
  }
  const response = await fetch(place);
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${place}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Instantiates a module on a memory. AssemblyScript's loader decodes aborts, should there be one. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Abi {
  const imports = { env: { memory } };
  // The loader takes a module of another realm for bytes.
  const own = Object.getPrototypeOf(module) === WebAssembly.Module.prototype;
  const { exports } = own ? instantiateSync(module, imports) : new WebAssembly.Instance(module, imports);
  return exports as unknown as Abi;
}
