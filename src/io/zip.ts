import { unshared } from "../core/brand.js";
import { Inflate, strToU8, type Zippable, zipSync } from "fflate";
import { VkernelError, type VkernelErrorCode } from "../core/errors.js";
import { allocate } from "./limit.js";

/** @internal A file of an archive; `read` unpacks and checks it. */
export interface ZipEntry {
  name: string;
  /** Unpacked length in bytes, as the archive says; `read` holds it to that. */
  size: number;
  /** Its first bytes, as many as asked for or all that there are; unchecked. */
  head(count: number): Uint8Array;
  read(): Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
/** The extra field of lengths and places that need 8 bytes, or are written so. */
const ZIP64 = 1;
const MAX_COMMENT = 65_535;
/** Deflate never shrinks by more: a file that says so lies. */
const MOST_SHRINKING = 1032;

/**
 * @internal The files of a zip archive. Nothing is unpacked before `read`, and no more than the archive declares, of
 * which no file and not all together may be above `limit` bytes.
 *
 * Lengths and places of 8 bytes (zip64) are read wherever they stand. Where a central directory and the headers before each
 * file differ in lengths, the directory counts: archives that were written as a stream have lengths behind the files.
 * Names and methods must agree.
 *
 * @param name how messages call the archive
 * @throws {VkernelError} E_TRUNCATED: it ends too early; E_FORMAT: no zip archive, a damaged one, an encrypted one,
 *   one of several disks, a method other than stored or deflate, a wrong sum, a name twice; E_LIMIT: larger than
 *   `limit` when unpacked. Messages give the byte.
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
  let last = end;
  let disks = view.getUint16(end + 4, true) !== 0;
  let [here, count] = [view.getUint16(end + 8, true), view.getUint16(end + 10, true)];
  let [size, first] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  const long = (byte: number): number => Number(view.getBigUint64(byte, true));
  if (end >= 20 && view.getUint32(end - 20, true) === LOCATOR64) {
    last = long(end - 12);
    if (
      last + 56 > end - 20 ||
      view.getUint32(last, true) !== END64 ||
      last + 12 + long(last + 4) !== end - 20
    ) {
      fail("E_FORMAT", end - 12, "the place of the end record of zip64", `${last}, where it is not`);
    }
    disks = view.getUint32(last + 16, true) !== 0 || view.getUint32(last + 20, true) !== 0;
    [here, count, size, first] = [long(last + 24), long(last + 32), long(last + 40), long(last + 48)];
  }
  // Some writers leave the place to be found.
  if (last === end && first === 0xffffffff) first = end - size;
  if (disks || here !== count) fail("E_FORMAT", end, "an archive in one piece", "one of several disks");
  if (first + size !== last) {
    fail("E_FORMAT", end + 12, "a directory that ends at the end record", `one at ${first} of ${size} bytes`);
  }

  const entries: ZipEntry[] = [];
  const seen = new Set<string>();
  let total = 0;
  let at = first;
  for (let i = 0; i < count; i++) {
    if (at + 46 > last || view.getUint32(at, true) !== CENTRAL) {
      fail("E_FORMAT", at, `entry ${i + 1} of ${count} of the directory`, "something else");
    }
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const sum = view.getUint32(at + 16, true);
    let packed = view.getUint32(at + 20, true);
    let unpacked = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    let local = view.getUint32(at + 42, true);
    if (next > last) fail("E_FORMAT", at + 28, "an entry inside the directory", `${next - at} bytes`);
    const entry = decodeName(bytes.subarray(at + 46, at + 46 + nameLength));
    if (entry === undefined) return fail("E_FORMAT", at + 46, "a name in UTF-8", "other bytes");
    const quoted = JSON.stringify(entry.length > 40 ? `${entry.slice(0, 40)}…` : entry);
    if (seen.has(entry)) fail("E_FORMAT", at + 46, "each name once", quoted);
    seen.add(entry);
    // Of the four numbers those that are not in their 4 bytes stand in the extra field, in this order.
    let extra = extraField(view, at + 46 + nameLength, at + 46 + nameLength + view.getUint16(at + 30, true));
    const wide = (value: number): number => {
      if (value !== 0xffffffff) return value;
      if (extra === undefined || extra.from + 8 > extra.to) {
        return fail("E_FORMAT", at + 20, `lengths of ${quoted} in 8 bytes`, "none");
      }
      extra = { from: extra.from + 8, to: extra.to };
      return long(extra.from - 8);
    };
    unpacked = wide(unpacked);
    packed = wide(packed);
    local = wide(local);
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
    if (!(start <= first) || view.getUint32(local, true) !== LOCAL) {
      fail("E_FORMAT", at + 42, `the place of ${quoted}`, `${local}, where no file begins`);
    }
    const body = start + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (!(body + packed <= first)) {
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
    const data = bytes.subarray(body, body + packed);
    const head = (count: number) =>
      method === 0 ? data.subarray(0, count) : inflate(data, Math.min(count, unpacked), body, fail, false);
    const read = () => {
      const out = allocate(unpacked, name, () =>
        method === 0 ? new Uint8Array(data) : inflate(data, unpacked, body, fail, true),
      );
      const found = crc32(out);
      if (found !== sum) {
        fail("E_FORMAT", body, `${quoted} with the sum ${hex(sum)}`, `${hex(found)}: it is damaged`);
      }
      return out;
    };
    entries.push({ name: entry, size: unpacked, head, read });
    at = next;
  }
  if (at !== last) fail("E_FORMAT", at, "the end of the directory", `${last - at} more bytes`);
  return entries;
}

/** Where the content of the zip64 field lies among the extra fields of an entry. */
function extraField(view: DataView, from: number, to: number): { from: number; to: number } | undefined {
  for (let at = from; at + 4 <= to; ) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64 && end <= to) return { from: at + 4, to: end };
    at = end;
  }
  return undefined;
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

/** Unpacks to exactly `size` bytes and stops as soon as there are more; or, where not `whole`, to the first of them. */
function inflate(data: Uint8Array, size: number, byte: number, fail: Fail, whole: boolean): Uint8Array {
  const out = new Uint8Array(size);
  let length = 0;
  const stream = new Inflate((piece) => {
    if (whole && length + piece.length > size) {
      fail("E_FORMAT", byte, `${size} bytes when unpacked, as the directory says`, "more");
    }
    const part = piece.subarray(0, size - length);
    out.set(part, length);
    length += part.length;
  });
  // What one step can unpack to is held in memory at once.
  const STEP = 4096;
  try {
    for (let at = 0; at < data.length && (whole || length < size); at += STEP) {
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
    c = crcTable[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  }
  return (c ^ 0xffffffff) >>> 0;
}
