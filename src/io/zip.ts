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
  const archive = new Archive(bytes, name);
  checkMagic(archive);
  const directory = directoryOf(archive);
  const entries: ZipEntry[] = [];
  const seen = new Set<string>();
  let total = 0;
  let at = directory.first;
  for (let i = 0; i < directory.count; i++) {
    const head = headAt(archive, at, `entry ${i + 1} of ${directory.count}`, directory.last);
    if (seen.has(head.name)) archive.fail("E_FORMAT", at + 46, "each name once", head.quoted);
    seen.add(head.name);
    const lengths = lengthsOf(archive, head);
    checkMethod(archive, head);
    total += lengths.unpacked;
    if (total > limit)
      archive.fail("E_LIMIT", at + 24, `at most ${limit} bytes when unpacked`, `${total} or more`);
    entries.push(entryOf(archive, head, lengths, bodyOf(archive, head, lengths, directory.first)));
    at = head.next;
  }
  if (at !== directory.last) {
    archive.fail("E_FORMAT", at, "the end of the directory", `${directory.last - at} more bytes`);
  }
  return entries;
}

/** The bytes of an archive, and how what is wrong with them is told. */
class Archive {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly view: DataView;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.name = name;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  short(byte: number): number {
    return this.view.getUint16(byte, true);
  }

  word(byte: number): number {
    return this.view.getUint32(byte, true);
  }

  long(byte: number): number {
    return Number(this.view.getBigUint64(byte, true));
  }

  fail(code: VkernelErrorCode, byte: number, expected: string, got: string, cause?: unknown): never {
    const message = `"${this.name}" at byte ${byte}: expected ${expected}, got ${got}`;
    throw new VkernelError(code, { argument: this.name, expected, got, message, cause });
  }
}

function checkMagic(archive: Archive): void {
  const { bytes } = archive;
  const magic = [0x50, 0x4b];
  for (let i = 0; i < magic.length; i++) {
    if (i >= bytes.length) archive.fail("E_TRUNCATED", i, "the zip magic PK", "the end of the file");
    if (bytes[i] !== magic[i]) archive.fail("E_FORMAT", i, "the zip magic PK", `byte ${bytes[i]}`);
  }
}

/** The directory of an archive: its entries lie from `first` to `last`. */
interface Directory {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** The place of the end record: the last that is followed by a comment of the length that it says. */
function endOf(archive: Archive): number {
  const { length } = archive.bytes;
  let end = length - 22;
  const lowest = Math.max(0, end - MAX_COMMENT);
  while (end >= lowest && (archive.word(end) !== END || archive.short(end + 20) !== length - end - 22)) end--;
  if (end < lowest) {
    archive.fail("E_TRUNCATED", length, "the end record of a zip archive", "the end of the file");
  }
  return end;
}

function directoryOf(archive: Archive): Directory {
  const end = endOf(archive);
  let last = end;
  let disks = archive.short(end + 4) !== 0;
  let [here, count] = [archive.short(end + 8), archive.short(end + 10)];
  let [size, first] = [archive.word(end + 12), archive.word(end + 16)];
  if (end >= 20 && archive.word(end - 20) === LOCATOR64) {
    last = archive.long(end - 12);
    if (
      last + 56 > end - 20 ||
      archive.word(last) !== END64 ||
      last + 12 + archive.long(last + 4) !== end - 20
    ) {
      archive.fail("E_FORMAT", end - 12, "the place of the end record of zip64", `${last}, where it is not`);
    }
    disks = archive.word(last + 16) !== 0 || archive.word(last + 20) !== 0;
    [here, count, size, first] = [24, 32, 40, 48].map((byte) => archive.long(last + byte)) as [
      number,
      number,
      number,
      number,
    ];
  }
  // Some writers leave the place to be found.
  if (last === end && first === 0xffffffff) first = end - size;
  if (disks || here !== count) {
    archive.fail("E_FORMAT", end, "an archive in one piece", "one of several disks");
  }
  if (first + size !== last) {
    const got = `one at ${first} of ${size} bytes`;
    archive.fail("E_FORMAT", end + 12, "a directory that ends at the end record", got);
  }
  return { first, last, count };
}

/** An entry of the directory, at `at`; its extra fields lie from `extra` to `extraEnd`. */
interface Head {
  readonly at: number;
  readonly name: string;
  /** The name as messages have it. */
  readonly quoted: string;
  readonly flags: number;
  readonly method: number;
  readonly sum: number;
  readonly extra: number;
  readonly extraEnd: number;
  readonly next: number;
}

function headAt(archive: Archive, at: number, which: string, last: number): Head {
  if (at + 46 > last || archive.word(at) !== CENTRAL) {
    archive.fail("E_FORMAT", at, `${which} of the directory`, "something else");
  }
  const extra = at + 46 + archive.short(at + 28);
  const extraEnd = extra + archive.short(at + 30);
  const next = extraEnd + archive.short(at + 32);
  if (next > last) archive.fail("E_FORMAT", at + 28, "an entry inside the directory", `${next - at} bytes`);
  const name = decodeName(archive.bytes.subarray(at + 46, extra));
  if (name === undefined) return archive.fail("E_FORMAT", at + 46, "a name in UTF-8", "other bytes");
  return {
    at,
    name,
    quoted: JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name),
    flags: archive.short(at + 8),
    method: archive.short(at + 10),
    sum: archive.word(at + 16),
    extra,
    extraEnd,
    next,
  };
}

/** The lengths of an entry, and the place of the header before its file. */
interface Lengths {
  readonly unpacked: number;
  readonly packed: number;
  readonly local: number;
}

/** Of these numbers those that are not in their 4 bytes stand in the extra field, in this order. */
function lengthsOf(archive: Archive, { at, quoted, extra, extraEnd }: Head): Lengths {
  let field = extraField(archive.view, extra, extraEnd);
  const wide = (value: number): number => {
    if (value !== 0xffffffff) return value;
    if (field === undefined || field.from + 8 > field.to) {
      return archive.fail("E_FORMAT", at + 20, `lengths of ${quoted} in 8 bytes`, "none");
    }
    field = { from: field.from + 8, to: field.to };
    return archive.long(field.from - 8);
  };
  const unpacked = wide(archive.word(at + 24));
  const packed = wide(archive.word(at + 20));
  return { unpacked, packed, local: wide(archive.word(at + 42)) };
}

function checkMethod(archive: Archive, { at, flags, method, quoted }: Head): void {
  if (flags & 0x2041) {
    archive.fail("E_FORMAT", at + 8, "files that are not encrypted", `an encrypted ${quoted}`);
  }
  if (method !== 0 && method !== 8) {
    archive.fail("E_FORMAT", at + 10, "method 0 (stored) or 8 (deflate)", `${method} for ${quoted}`);
  }
}

/** Where the packed content of an entry begins: behind a header that says the same, before the directory at `first`. */
function bodyOf(archive: Archive, head: Head, { unpacked, packed, local }: Lengths, first: number): number {
  const { at, quoted, method } = head;
  if (method === 0 ? packed !== unpacked : unpacked > MOST_SHRINKING * packed) {
    archive.fail("E_FORMAT", at + 20, `a packed length that goes with ${unpacked} bytes`, `${packed}`);
  }
  const start = local + 30;
  if (!(start <= first) || archive.word(local) !== LOCAL) {
    archive.fail("E_FORMAT", at + 42, `the place of ${quoted}`, `${local}, where no file begins`);
  }
  const nameEnd = start + archive.short(local + 26);
  const body = nameEnd + archive.short(local + 28);
  if (!(body + packed <= first)) {
    const expected = `a file that ends at ${first} or before`;
    archive.fail("E_FORMAT", local + 26, expected, `one that ends at ${body + packed}`);
  }
  const again = decodeName(archive.bytes.subarray(start, nameEnd));
  if (again !== head.name || archive.short(local + 8) !== method) {
    archive.fail("E_FORMAT", local, `the header of ${quoted}`, "one of another name or method");
  }
  return body;
}

function entryOf(archive: Archive, head: Head, { unpacked, packed }: Lengths, body: number): ZipEntry {
  const { name, quoted, method, sum } = head;
  const data = archive.bytes.subarray(body, body + packed);
  const fail: Archive["fail"] = (...what) => archive.fail(...what);
  return {
    name,
    size: unpacked,
    head: (count) =>
      method === 0 ? data.subarray(0, count) : inflate(data, Math.min(count, unpacked), body, fail, false),
    read() {
      const out = allocate(unpacked, archive.name, () =>
        method === 0 ? new Uint8Array(data) : inflate(data, unpacked, body, fail, true),
      );
      const found = crc32(out);
      if (found !== sum) {
        fail("E_FORMAT", body, `${quoted} with the sum ${hex(sum)}`, `${hex(found)}: it is damaged`);
      }
      return out;
    },
  };
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
