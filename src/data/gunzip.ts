import { isUint8, unshared } from "../core/brand.js";
import { badArgument, VkernelError, type VkernelErrorCode } from "../core/errors.js";

/** What any gzip file holds at most, in bytes. */
const MAX_BYTES = 2 ** 31 - 1;
/** Deflate never shrinks by more. */
const MOST_SHRINKING = 1032;
/** Packed bytes that are unpacked at a time. */
const STEP = 16_384;
/** Packed bytes that are read at a time. */
const WINDOW = 16 * STEP;

/** @internal Bytes that are read a part at a time, as they are asked for. */
export interface ByteSource {
  readonly length: number;
  read(from: number, to: number): Uint8Array;
}

const sourceOf = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: (from, to) => bytes.subarray(from, to),
});

/** @internal Whether bytes begin as a gzip file does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * @internal The content of a gzip file, by the web's own decoder (Node and browsers alike), which checks its sum.
 *
 * @param name how messages call the file
 * @param limit the most bytes that are unpacked
 * @param size what the file in it is long, where that is known
 * @throws {VkernelError} E_FORMAT: no gzip file, or a damaged one; E_TRUNCATED: it ends too early; E_LIMIT: it holds
 *   more than `limit` bytes; E_MEMORY: the host has not enough; E_UNSUPPORTED: no DecompressionStream
 */
export async function gunzip(
  given: Uint8Array | ByteSource,
  name: string,
  limit = MAX_BYTES,
  size = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const wrong = wrongIn(name);
  const bytes = check(given, name);
  // A file of one part ends in its length, modulo 2^32; what it says is believed as far as its own length allows.
  const [a, b, c, d] = bytes.read(bytes.length - 4, bytes.length);
  const end = a + 2 ** 8 * b + 2 ** 16 * c + 2 ** 24 * d;
  let all = room(Math.min(end, limit, size, MOST_SHRINKING * bytes.length), name);
  let length = 0;
  for await (const piece of unpack(bytes, name)) {
    if (length + piece.length > size) throw wrong("E_FORMAT", size, "the end of the file", "more bytes");
    if (length + piece.length > limit) {
      throw wrong("E_LIMIT", bytes.length, `at most ${limit} bytes when unpacked (option limit)`, "more");
    }
    if (length + piece.length > all.length) {
      const larger = room(Math.min(limit, Math.max(2 * all.length, length + piece.length)), name);
      larger.set(all.subarray(0, length));
      all = larger;
    }
    all.set(piece, length);
    length += piece.length;
  }
  return all.subarray(0, length);
}

/** @internal The first bytes of a gzip file's content, as many as asked for or all that there are. */
export async function gunzipHead(
  given: Uint8Array | ByteSource,
  name: string,
  count: number,
): Promise<Uint8Array> {
  const bytes = check(given, name);
  const head = new Uint8Array(count);
  let length = 0;
  for await (const piece of unpack(bytes, name)) {
    const part = piece.subarray(0, count - length);
    head.set(part, length);
    length += part.length;
    if (length === count) break;
  }
  return head.subarray(0, length);
}

function room(bytes: number, name: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    const message = `"${name}" needs ${bytes} bytes of memory, which this host does not give`;
    throw new VkernelError("E_MEMORY", { argument: name, message, cause });
  }
}

const wrongIn =
  (name: string) => (code: VkernelErrorCode, byte: number, expected: string, got: string, cause?: unknown) =>
    new VkernelError(code, {
      argument: name,
      expected,
      got,
      cause,
      message: `"${name}" at byte ${byte}: expected ${expected}, got ${got}`,
    });

/** Checks what every gzip file has. */
function check(given: Uint8Array | ByteSource, name: string): ByteSource {
  const isSource = typeof (given as Partial<ByteSource> | undefined)?.read === "function";
  if (!isSource && !isUint8(given)) throw badArgument("E_TYPE", name, "the bytes of a file", given);
  const bytes = isSource ? (given as ByteSource) : sourceOf(given as Uint8Array);
  if (typeof DecompressionStream === "undefined") {
    throw new VkernelError("E_UNSUPPORTED", {
      argument: name,
      message: `${name}: this host has no DecompressionStream (Node 18, Chrome 80, Firefox 113, Safari 16.4)`,
    });
  }
  const wrong = wrongIn(name);
  const magic = [0x1f, 0x8b, 8];
  const start = bytes.read(0, Math.min(magic.length, bytes.length));
  for (let i = 0; i < magic.length; i++) {
    if (i >= bytes.length) throw wrong("E_TRUNCATED", i, "the gzip magic 1f 8b 08", "the end of the file");
    if (start[i] !== magic[i]) throw wrong("E_FORMAT", i, "the gzip magic 1f 8b 08", `byte ${start[i]}`);
  }
  if (bytes.length < 18) {
    throw wrong("E_TRUNCATED", bytes.length, "a gzip file of 18 bytes or more", "the end of the file");
  }
  return bytes;
}

/**
 * The content in pieces. Packed bytes go in a few at a time, each time once the last have been worked on: a piece may be a
 * thousand times as long, and streams of some hosts count what waits by its pieces and would take them all.
 */
async function* unpack(bytes: ByteSource, name: string): AsyncGenerator<Uint8Array, void, void> {
  const wrong = wrongIn(name);
  const { readable, writable } = new DecompressionStream("gzip");
  const reader = readable.getReader();
  const writer = writable.getWriter();
  let left = false;
  const source: { error?: unknown } = {};
  const read = (from: number): Uint8Array<ArrayBuffer> => {
    try {
      return unshared(bytes.read(from, Math.min(from + WINDOW, bytes.length)));
    } catch (error) {
      source.error = error;
      throw error;
    }
  };
  const feed = async (): Promise<void> => {
    for (let from = 0; from < bytes.length; from += WINDOW) {
      const window = read(from);
      for (let at = 0; at < window.length && !left; at += STEP) {
        await writer.write(window.subarray(at, at + STEP));
      }
      if (left) return;
    }
    await writer.close();
  };
  // What is wrong with what was written comes out where it is read.
  feed().catch((error: unknown) => writer.abort(error).catch(() => {}));
  try {
    for (;;) {
      let piece: Uint8Array | undefined;
      try {
        piece = (await reader.read()).value;
      } catch (error) {
        if ("error" in source) throw source.error;
        const short = /end of file|truncat/i.test(String((error as Error)?.message));
        if (short) {
          throw wrong("E_TRUNCATED", bytes.length, "a whole gzip file", "the end of the file", error);
        }
        throw wrong("E_FORMAT", 0, "a gzip file", "a damaged one", error);
      }
      if (piece === undefined) return;
      yield piece;
    }
  } finally {
    left = true;
    await reader.cancel().catch(() => {});
  }
}

/** @internal Base64 of a gzip file to its content. */
export function gunzipBase64(base64: string, name: string): Promise<Uint8Array> {
  const binary = atob(base64);
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  return gunzip(bytes, name);
}
