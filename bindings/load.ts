import { instantiateSync } from "@assemblyscript/loader";
import type { Abi } from "./abi.js";
import { isModule, urlText } from "./host.js";

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

/** Whether threads can share memory here: always in Node, in browsers on cross-origin isolated pages. */
export function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  return isNode || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
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

const compiled = new Map<string, Promise<WebAssembly.Module | undefined>>();

/** Compiles an embedded build once; undefined where this host does not validate its bytes. */
function compileEmbedded(name: string): Promise<WebAssembly.Module | undefined> {
  let module = compiled.get(name);
  if (module === undefined) {
    module = (async () => {
      const bytes = decode((await (embedded[name] as () => Promise<{ base64: string }>)()).base64);
      return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
    })();
    compiled.set(name, module);
  }
  return module;
}

/**
 * The module of the wanted build, or of `simd` where relaxed SIMD is not to be had, or undefined where
 * there is no SIMD at all.
 */
export async function loadModule(
  want: Build,
  shared: boolean,
): Promise<{ build: Build; module: WebAssembly.Module } | undefined> {
  const memory = shared ? "shared" : "local";
  if (want === "relaxed") {
    await allowRelaxed();
    const module = await compileEmbedded(`relaxed-${memory}`);
    if (module) return { build: "relaxed", module };
  }
  const module = await compileEmbedded(`simd-${memory}`);
  return module && { build: "simd", module };
}

/** A caller's own copy of the kernels: a module, its bytes, or where they are. */
export async function compileCustom(
  source: WebAssembly.Module | BufferSource | string | URL,
): Promise<WebAssembly.Module> {
  if (isModule(source)) return source;
  const place = urlText(source);
  if (place === undefined) return WebAssembly.compile(source as BufferSource);
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
