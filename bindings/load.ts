import { isModule, isNode, urlText } from "./host.js";

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
    return WebAssembly.compile(await (await import("./node.js")).readBytes(place));
  }
  const response = await fetch(place);
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${place}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
