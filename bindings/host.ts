// What a value of the host is, whichever realm made it: arrows go down, so these stand here and not beside those of `src`.

/** A bundler's `process` shim must not hide that this is a browser's worker, which has `importScripts`. */
export const isNode: boolean =
  typeof process !== "undefined" &&
  typeof process.versions?.node === "string" &&
  (globalThis as { importScripts?: unknown }).importScripts === undefined;

/** A string, or a URL of any realm, as text. */
export function urlText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const tag = Object.prototype.toString.call(value);
  return tag === "[object URL]" ? String(value) : undefined;
}

/** A compiled module: `imports` takes nothing else. */
export function isModule(value: unknown): value is WebAssembly.Module {
  try {
    WebAssembly.Module.imports(value as WebAssembly.Module);
    return true;
  } catch {
    return false;
  }
}

/** Anything that `await` would wait for. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  value !== null &&
  (typeof value === "object" || typeof value === "function") &&
  typeof (value as { then?: unknown }).then === "function";

/** Whether a kernel trapped; the class may be that of another realm, or not be there at all. */
export const isTrap = (thrown: unknown): boolean =>
  (thrown as { name?: unknown } | null | undefined)?.name === "RuntimeError";

export function messageOf(thrown: unknown): string {
  const message = (thrown as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : String(thrown);
}
