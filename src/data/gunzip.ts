import { isUint8, unshared } from "../brand.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../errors.js";

/** What any gzip file holds at most, in bytes. */
const MAX_BYTES = 2 ** 31 - 1;

/** @internal Whether bytes begin as a gzip file does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * @internal The content of a gzip file, by the web's own decoder (Node and browsers alike), which checks its sum.
 *
 * @param name how messages call the file
 * @param limit the most bytes that are unpacked
 * @throws {VkernelError} E_FORMAT: no gzip file, or a damaged one; E_TRUNCATED: it ends too early; E_LIMIT: it holds
 *   more than `limit` bytes; E_UNSUPPORTED: no DecompressionStream
 */
export async function gunzip(bytes: Uint8Array, name: string, limit = MAX_BYTES): Promise<Uint8Array> {
  if (!isUint8(bytes)) throw badArgument("E_TYPE", name, "the bytes of a file", bytes);
  if (typeof DecompressionStream === "undefined") {
    throw new VkernelError("E_UNSUPPORTED", {
      argument: name,
      message: `${name}: this host has no DecompressionStream (Node 18, Chrome 80, Firefox 113, Safari 16.4)`,
    });
  }
  const wrong = (code: VkernelErrorCode, byte: number, expected: string, got: string, cause?: unknown) =>
    new VkernelError(code, {
      argument: name,
      expected,
      got,
      cause,
      message: `"${name}" at byte ${byte}: expected ${expected}, got ${got}`,
    });
  const magic = [0x1f, 0x8b, 8];
  for (let i = 0; i < magic.length; i++) {
    if (i >= bytes.length) throw wrong("E_TRUNCATED", i, "the gzip magic 1f 8b 08", "the end of the file");
    if (bytes[i] !== magic[i]) throw wrong("E_FORMAT", i, "the gzip magic 1f 8b 08", `byte ${bytes[i]}`);
  }
  if (bytes.length < 18) {
    throw wrong("E_TRUNCATED", bytes.length, "a gzip file of 18 bytes or more", "the end of the file");
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([unshared(bytes)])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"))
    .getReader();
  for (;;) {
    let piece: Uint8Array | undefined;
    try {
      piece = (await reader.read()).value;
    } catch (error) {
      const short = /end of file|truncat/i.test(String((error as Error)?.message));
      if (short) {
        throw wrong("E_TRUNCATED", bytes.length, "a whole gzip file", "the end of the file", error);
      }
      throw wrong("E_FORMAT", 0, "a gzip file", "a damaged one", error);
    }
    if (piece === undefined) break;
    length += piece.length;
    if (length > limit) {
      await reader.cancel().catch(() => {});
      throw wrong("E_LIMIT", bytes.length, `at most ${limit} bytes when unpacked`, "more");
    }
    pieces.push(piece);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** @internal Base64 of a gzip file to its content. */
export function gunzipBase64(base64: string, name: string): Promise<Uint8Array> {
  const binary = atob(base64);
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  return gunzip(bytes, name);
}
