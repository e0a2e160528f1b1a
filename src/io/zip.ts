import { unshared } from "../brand.js";
import { Inflate, strToU8, type Zippable, zipSync } from "fflate";
import { VkernelError, type VkernelErrorCode } from "../errors.js";

/** @internal A file of an archive; `read` unpacks and checks it. */
export interface ZipEntry {
  name: string;
  /** Unpacked length in bytes, as the archive says; `read` holds it to that. */
  size: number;
  read(): Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const MAX_COMMENT = 65_535;
/** Deflate never shrinks by more: a file that says so lies. */
const MOST_SHRINKING = 1032;

/**
 * @internal The files of a zip archive. Nothing is unpacked before `read`, and no more than the archive declares, of
 * which no file and not all together may be above `limit` bytes.
 *
 * Where a central directory and the headers before each file differ in lengths, the directory counts (numpy writes
 * the latter as zip64); names and methods must agree.
 *
 * @param name how messages call the archive
 * @throws {VkernelError} E_TRUNCATED: it ends too early; E_FORMAT: no zip archive, a damaged one, an encrypted one,
 *   one of several disks, a method other than stored or deflate, a wrong sum, a name twice; E_LIMIT: larger than
 *   `limit` when unpacked, or zip64. Messages give the byte.
 * Source: PKWARE, APPNOTE.TXT, 6.3.10.
 */
export function openZip(bytes: Uint8Array, name: string, limit: number): ZipEntry[] {
  const fail = (
    code: VkernelErrorCode,
    byte: number,
    expected: string,
    got: string,
    cause?: unknown,
  ): never => {
    const message = `"${name}" at byte ${byte}: expected ${expected}, got ${got}`;
    throw new VkernelError(code, { argument: name, expected, got, message, cause });
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = [0x50, 0x4b];
  for (let i = 0; i < magic.length; i++) {
    if (i >= bytes.length) fail("E_TRUNCATED", i, "the zip magic PK", "the end of the file");
    if (bytes[i] !== magic[i]) fail("E_FORMAT", i, "the zip magic PK", `byte ${bytes[i]}`);
  }

  let end = bytes.length - 22;
  const lowest = Math.max(0, end - MAX_COMMENT);
  while (
    end >= lowest &&
    (view.getUint32(end, true) !== END || view.getUint16(end + 20, true) !== bytes.length - end - 22)
  ) {
    end--;
  }
  if (end < lowest)
    fail("E_TRUNCATED", bytes.length, "the end record of a zip archive", "the end of the file");
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const first = view.getUint32(end + 16, true);
  if (count === 0xffff || size === 0xffffffff || first === 0xffffffff) {
    fail("E_LIMIT", end, "an archive below 4 GiB with fewer than 65,535 files", "zip64");
  }
  if (view.getUint16(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count) {
    fail("E_FORMAT", end, "an archive in one piece", "one of several disks");
  }
  if (first + size !== end) {
    fail("E_FORMAT", end + 12, "a directory that ends at the end record", `one at ${first} of ${size} bytes`);
  }

  const entries: ZipEntry[] = [];
  const seen = new Set<string>();
  let total = 0;
  let at = first;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) {
      fail("E_FORMAT", at, `entry ${i + 1} of ${count} of the directory`, "something else");
    }
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const sum = view.getUint32(at + 16, true);
    const packed = view.getUint32(at + 20, true);
    const unpacked = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    const local = view.getUint32(at + 42, true);
    if (next > end) fail("E_FORMAT", at + 28, "an entry inside the directory", `${next - at} bytes`);
    const entry = decodeName(bytes.subarray(at + 46, at + 46 + nameLength));
    if (entry === undefined) return fail("E_FORMAT", at + 46, "a name in UTF-8", "other bytes");
    const quoted = JSON.stringify(entry.length > 40 ? `${entry.slice(0, 40)}…` : entry);
    if (seen.has(entry)) fail("E_FORMAT", at + 46, "each name once", quoted);
    seen.add(entry);
    if (packed === 0xffffffff || unpacked === 0xffffffff || local === 0xffffffff) {
      fail("E_LIMIT", at + 20, "files below 4 GiB", `zip64 for ${quoted}`);
    }
    if (flags & 0x2041) fail("E_FORMAT", at + 8, "files that are not encrypted", `an encrypted ${quoted}`);
    if (method !== 0 && method !== 8) {
      fail("E_FORMAT", at + 10, "method 0 (stored) or 8 (deflate)", `${method} for ${quoted}`);
    }
    total += unpacked;
    if (total > limit) fail("E_LIMIT", at + 24, `at most ${limit} bytes when unpacked`, `${total} or more`);
    if (method === 0 ? packed !== unpacked : unpacked > MOST_SHRINKING * packed) {
      fail("E_FORMAT", at + 20, `a packed length that goes with ${unpacked} bytes`, `${packed}`);
    }
    const start = local + 30;
    if (start > first || view.getUint32(local, true) !== LOCAL) {
      fail("E_FORMAT", at + 42, `the place of ${quoted}`, `${local}, where no file begins`);
    }
    const body = start + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (body + packed > first) {
      fail(
        "E_FORMAT",
        local + 26,
        `a file that ends at ${first} or before`,
        `one that ends at ${body + packed}`,
      );
    }
    const again = bytes.subarray(start, start + view.getUint16(local + 26, true));
    if (decodeName(again) !== entry || view.getUint16(local + 8, true) !== method) {
      fail("E_FORMAT", local, `the header of ${quoted}`, "one of another name or method");
    }
    const read = () => {
      const data = bytes.subarray(body, body + packed);
      const out = method === 0 ? data.slice() : inflate(data, unpacked, body, fail);
      const found = crc32(out);
      if (found !== sum) {
        fail("E_FORMAT", body, `${quoted} with the sum ${hex(sum)}`, `${hex(found)}: it is damaged`);
      }
      return out;
    };
    entries.push({ name: entry, size: unpacked, read });
    at = next;
  }
  if (at !== end) fail("E_FORMAT", at, "the end of the directory", `${end - at} more bytes`);
  return entries;
}

/**
 * @internal A zip archive of files, the same bytes for the same files on any day in any place.
 * @param level 0 stores; 1 to 9 deflate
 */
export function writeZip(files: readonly (readonly [string, Uint8Array])[], level: 0 | 6): Uint8Array {
  // The earliest date of the format; as local time, since the format has no zone.
  const mtime = new Date(1980, 0, 1);
  const zippable: Zippable = {};
  for (const [name, bytes] of files) zippable[name] = [bytes, { level, mtime }];
  return zipSync(zippable);
}

type Fail = (code: VkernelErrorCode, byte: number, expected: string, got: string, cause?: unknown) => never;

/** Unpacks to exactly `size` bytes, and stops as soon as there are more. */
function inflate(data: Uint8Array, size: number, byte: number, fail: Fail): Uint8Array {
  const out = new Uint8Array(size);
  let length = 0;
  const stream = new Inflate((piece) => {
    if (length + piece.length > size) {
      fail("E_FORMAT", byte, `${size} bytes when unpacked, as the directory says`, "more");
    }
    out.set(piece, length);
    length += piece.length;
  });
  const STEP = 65_536;
  try {
    for (let at = 0; at < data.length; at += STEP) {
      stream.push(data.subarray(at, at + STEP), at + STEP >= data.length);
    }
  } catch (error) {
    if (error instanceof VkernelError) throw error;
    fail("E_FORMAT", byte, "deflated data", `damaged data (${(error as Error).message})`, error);
  }
  if (length < size)
    fail("E_FORMAT", byte, `${size} bytes when unpacked, as the directory says`, `${length}`);
  return out;
}

function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(unshared(bytes));
  } catch {
    return undefined;
  }
}

/** @internal The length of a name in an archive, in bytes. */
export const nameLength = (name: string): number => strToU8(name).length;

const hex = (value: number): string => value.toString(16).padStart(8, "0");

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 of ISO 3309, as zip has it. */
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    c = (crcTable[(c ^ (bytes[i] as number)) & 255] as number) ^ (c >>> 8);
  }
  return (c ^ 0xffffffff) >>> 0;
}
