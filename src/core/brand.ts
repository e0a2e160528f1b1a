// What a value is, whichever realm made it: `instanceof` fails for arrays and errors of iframes, of `vm`, of jest.

const tagged = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** The name of a typed array's class ("Uint8Array" for Node's Buffer); undefined for anything else, a proxy of one too. */
export const typedArrayName = (value: unknown): string | undefined => tagged.call(value);

export const isFloat32 = (value: unknown): value is Float32Array => typedArrayName(value) === "Float32Array";

export const isFloat64 = (value: unknown): value is Float64Array => typedArrayName(value) === "Float64Array";

export const isFloats = (value: unknown): value is Float32Array | Float64Array =>
  isFloat32(value) || isFloat64(value);

export const isInt32 = (value: unknown): value is Int32Array => typedArrayName(value) === "Int32Array";

export const isUint8 = (value: unknown): value is Uint8Array => typedArrayName(value) === "Uint8Array";

export const isUint8Clamped = (value: unknown): value is Uint8ClampedArray =>
  typedArrayName(value) === "Uint8ClampedArray";

/** A Map of any realm. */
export const isMap = (value: unknown): value is Map<unknown, unknown> =>
  Object.prototype.toString.call(value) === "[object Map]";

/** Bytes that decoders of the host take, which refuse shared memory: a copy where they lie in it. */
export const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  Object.prototype.toString.call(bytes.buffer) === "[object SharedArrayBuffer]"
    ? new Uint8Array(bytes)
    : (bytes as Uint8Array<ArrayBuffer>);
