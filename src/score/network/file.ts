import { isUint8, unshared } from "../../brand.js";
import { badArgument, VkernelError } from "../../errors.js";

/** What a network's file says beside its parameters. */
export interface NetworkHeader {
  readonly sizes: readonly number[];
  readonly activation: "relu" | "silu" | "tanh";
  readonly conditioning: "scaled" | "edm";
  readonly timeFeatures: number;
  readonly sigmaData: number;
  readonly precision: "f32" | "f64";
  readonly process: { readonly name: string; readonly parameters: unknown };
  /** The last losses of training, for those who look. */
  readonly steps: number;
}

/** "vknet" and three zeros. */
const MAGIC = [0x76, 0x6b, 0x6e, 0x65, 0x74, 0, 0, 0];
const VERSION = 1;
const LONGEST_HEADER = 10_000;

/** FNV-1a of 32 bits: any changed byte changes it. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * One file: magic (8 bytes), version and length of the header (uint32), checksum of all that follows (uint32), count of
 * parameters (uint32), header as JSON padded to 8 bytes, parameters as float64; little-endian.
 */
export function encodeNetwork(header: NetworkHeader, parameters: Float64Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(24 + length + 8 * parameters.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes.fill(32, 24, 24 + length);
  bytes.set(text, 24);
  for (const [i, value] of parameters.entries()) view.setFloat64(24 + length + 8 * i, value, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, length, true);
  view.setUint32(20, parameters.length, true);
  view.setUint32(16, checksum(bytes.subarray(20)), true);
  return bytes;
}

const broken = (expected: string, got: unknown): VkernelError =>
  badArgument("E_FORMAT", "bytes", expected, got);

/** @throws {VkernelError} E_TYPE, E_FORMAT (no network, another version, changed bytes), E_TRUNCATED */
export function decodeNetwork(bytes: Uint8Array): { header: NetworkHeader; parameters: Float64Array } {
  if (!isUint8(bytes)) throw badArgument("E_TYPE", "bytes", "a Uint8Array", bytes);
  const shared = Math.min(bytes.length, MAGIC.length);
  for (let i = 0; i < shared; i++) {
    if (bytes[i] !== MAGIC[i]) throw broken("a network that vkernel has saved", `byte ${i} is ${bytes[i]}`);
  }
  const short = (needed: number): VkernelError =>
    new VkernelError("E_TRUNCATED", {
      argument: "bytes",
      expected: `${needed} bytes`,
      got: `${bytes.length}`,
    });
  if (bytes.length < 24) throw short(24);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw broken(`format version ${VERSION}`, version);
  const length = view.getUint32(12, true);
  const count = view.getUint32(20, true);
  if (length > LONGEST_HEADER) throw broken(`a header of at most ${LONGEST_HEADER} bytes`, length);
  const whole = 24 + length + 8 * count;
  if (bytes.length < whole) throw short(whole);
  if (bytes.length > whole) throw broken(`${whole} bytes`, bytes.length);
  if (checksum(bytes.subarray(20)) !== view.getUint32(16, true)) {
    throw broken("bytes that match their checksum", "others");
  }
  let header: NetworkHeader;
  try {
    header = JSON.parse(new TextDecoder().decode(unshared(bytes.subarray(24, 24 + length)))) as NetworkHeader;
  } catch {
    throw broken("a header of JSON", "something else");
  }
  const parameters = Float64Array.from({ length: count }, (_, i) =>
    view.getFloat64(24 + length + 8 * i, true),
  );
  return { header, parameters };
}
