import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import {
  access,
  type FileHandle,
  lstat,
  open,
  readdir,
  readlink,
  realpath,
  stat,
  writeFile,
} from "node:fs/promises";
import { Socket } from "node:net";
import { freemem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type PixelRange, VkernelError } from "vkernel";
import {
  type DataFile,
  dataFileEndings,
  isDataFile,
  type NamedBytes,
  type NpyArray,
  readArray,
  type ReadDataSetOptions,
  splitChoice,
  type Table,
} from "vkernel/io";
import { readOwnDataSet } from "vkernel/internal";
import { exitCodes, Failure, fileFailure, reason, usage } from "./errors.js";
import { explain } from "./explain.js";
import { home } from "./home.js";
import type { ReaderAnswer, ReaderInput } from "./reader.js";

const MAX_FILE = 2 ** 31 - 1;
/** Of the memory that is free, numbers of a file get so much: they are copied for the mixture and for the kernels. */
const SHARE = 1 / 4;
/** MiB of fresh garbage that a thread which reads may leave before it is collected. */
const YOUNG = 8;
/** Files up to so many bytes are read on this thread: in a few milliseconds. */
const AT_ONCE = 2 ** 17;

/** What of a file is wanted, and what comes from other files. */
export interface DataFileChoices {
  /** A file of labels. */
  labels?: string;
  /** A file of weights. */
  weights?: string;
  /** Only points with these labels. */
  classes?: readonly number[];
  /** What bytes are scaled to. */
  range?: PixelRange;
  /** The most bytes that the numbers of a file may take, this one and those after it (default: 2 GiB, or what is free). */
  limit?: number;
}

/** The lower-case ending of a name, ".npy", or "". */
export function endingOf(path: string): string {
  return /\.[^./\\]+$/.exec(path)?.[0]?.toLowerCase() ?? "";
}

/** What the command line calls a file that is not in its place yet: the process, and which of its files. */
const UNFINISHED = /^\.vkernel-(\d+)-[0-9a-f]{12}\.tmp$/;

const unfinishedName = (): string => `.vkernel-${process.pid}-${randomBytes(6).toString("hex")}.tmp`;

/** An output that is ready beside its place. */
interface Written {
  readonly temporary: string;
  readonly path: string;
}

/** The script of the thread that reads, as it is built. */
const readerScript = join(home, "dist/reader.js");

/**
 * The files of one command. Inputs are remembered, so that none is overwritten; outputs are written to hidden files
 * in the same folders and put in their places together at the end: all of them, or none.
 */
export class Files {
  readonly #inputs = new Map<string, string>();
  readonly #outputs = new Map<string, string>();
  readonly #modes = new Map<string, { mode: number; uid: number; gid: number }>();
  /** Outputs that take what is written and keep no place: pipes and devices. */
  readonly #streams = new Set<string>();
  readonly #written: Written[] = [];
  readonly #streamed: { path: string; pieces: AsyncIterable<string | Uint8Array> }[] = [];
  readonly #removed: string[] = [];
  readonly #marks: string[] = [];
  readonly #searched = new Set<string>();
  readonly #tell: (line: string) => void;
  readonly #signal: AbortSignal | undefined;
  #discarded = false;
  #limit: number | undefined;

  /**
   * @param tell takes a line for a person, about what other runs have left
   * @param signal ends the reading of a large file
   */
  constructor(tell: (line: string) => void = () => {}, signal?: AbortSignal) {
    this.#tell = tell;
    this.#signal = signal;
  }

  /** Reads a table of numbers from a file of any kind that `readDataSet` knows. */
  async readTable(path: string): Promise<Table> {
    const { points, rows, dim } = await this.readData(path);
    return { data: points, rows, dim };
  }

  /** Reads points from a file, with labels and weights from it or from others; `classes` and `range` are options. */
  async readData(path: string, choices: DataFileChoices = {}): Promise<DataFile> {
    const { labels, weights, classes, range, limit } = choices;
    if (limit !== undefined) this.#limit = limit;
    return this.#opened(splitChoice(path).file, async (file, size) => {
      // Large ones are read elsewhere; text and what is packed in parts, for it may take more than its numbers.
      const content = size > AT_ONCE ? { fd: file.fd, size } : await contentOf(file, size);
      checkKnown(path);
      const options: ReadDataSetOptions = {
        ...(labels === undefined ? {} : { labels: await this.#readKnown(labels) }),
        ...(weights === undefined ? {} : { weights: await this.#readKnown(weights) }),
        ...(classes === undefined ? {} : { classes }),
        ...(range === undefined ? {} : { range }),
      };
      const isLarge = (one: Uint8Array | undefined): boolean =>
        one !== undefined && (one.length > AT_ONCE || isPacked(one));
      const { bytes: ofLabels } = options.labels ?? {};
      const { bytes: ofWeights } = options.weights ?? {};
      return this.#within([path, labels, weights], (limit) =>
        "fd" in content || isLarge(content) || isLarge(ofLabels) || isLarge(ofWeights)
          ? this.#readElsewhere({ content, path, options: { ...options, limit } })
          : readOwnDataSet(content, path, { ...options, limit }),
      );
    });
  }

  /** Reads an array of any shape from a file of any kind; bytes are scaled to `range`. */
  async readArray(path: string, options: { range?: PixelRange } = {}): Promise<NpyArray> {
    const { bytes } = await this.#readKnown(path);
    return this.#within([path], (limit) => readArray(bytes, path, { ...options, limit }));
  }

  /** Reads as far as the limit goes, or as the free memory does where none is given; says which it was. */
  async #within<T>(paths: readonly (string | undefined)[], read: (limit: number) => Promise<T>): Promise<T> {
    const free = Math.floor(SHARE * (process.availableMemory?.() ?? freemem()));
    const limit = this.#limit ?? Math.min(MAX_FILE, free);
    try {
      return await read(limit);
    } catch (error) {
      if (!(error instanceof VkernelError)) throw error;
      if (error.code !== "E_LIMIT" || limit === this.#limit || limit >= MAX_FILE)
        throw readFailure(error, paths);
      const message = `${error.message}; the limit is a quarter of the memory that is free, --limit takes another`;
      const { argument = "" } = error;
      throw readFailure(new VkernelError("E_MEMORY", { argument, message }), paths);
    }
  }

  /** Reads a large file on another thread, which Ctrl-C ends. */
  async #readElsewhere(input: ReaderInput): Promise<DataFile> {
    this.#signal?.throwIfAborted();
    const { content, options } = input;
    const transfer = [
      "fd" in content ? undefined : content,
      options.labels?.bytes,
      options.weights?.bytes,
    ].flatMap((one) =>
      one?.buffer instanceof ArrayBuffer && one.buffer.byteLength === one.length ? [one.buffer] : [],
    );
    const worker = new Worker(readerScript, {
      workerData: input,
      transferList: [...new Set(transfer)],
      // Cells of text are garbage as soon as they are numbers.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    });
    const stop = (): void => void worker.terminate();
    this.#signal?.addEventListener("abort", stop, { once: true });
    try {
      const answer = await new Promise<ReaderAnswer>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.once("exit", () =>
          reject(this.#signal?.reason ?? new Error("the thread that reads it ended")),
        );
      });
      if ("file" in answer) return answer.file;
      if ("wrong" in answer) {
        const { code, message, ...details } = answer.wrong;
        throw new VkernelError(code, { ...defined(details), message });
      }
      throw answer.memory ? new RangeError(answer.failed) : new Error(answer.failed);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_WORKER_OUT_OF_MEMORY") throw error;
      const message = `${input.path}: not enough memory to read it; NODE_OPTIONS=--max-old-space-size=8192 allows more, and a .npy file takes less`;
      throw new Failure("E_MEMORY", exitCodes.memory, input.path, message, error);
    } finally {
      this.#signal?.removeEventListener("abort", stop);
      worker.removeAllListeners();
      await worker.terminate();
    }
  }

  async #readKnown(path: string): Promise<NamedBytes> {
    const bytes = await this.#read(splitChoice(path).file);
    checkKnown(path);
    return { bytes, name: path };
  }

  /** Reads a file as it is. */
  async readBytes(path: string): Promise<Uint8Array> {
    return this.#read(path);
  }

  /** The names in a folder, sorted; undefined where the path is a file. */
  async list(path: string): Promise<string[] | undefined> {
    try {
      return (await stat(path)).isDirectory() ? (await readdir(path)).sort() : undefined;
    } catch (error) {
      throw fileFailure(path, reason(error), error);
    }
  }

  #read(path: string): Promise<Uint8Array> {
    return this.#opened(path, contentOf);
  }

  /** Works on a file while it is open. */
  async #opened<T>(path: string, work: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
    let file: FileHandle | undefined;
    try {
      // Without O_NONBLOCK, opening a pipe would wait for its other end.
      file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const info = await file.stat();
      if (!info.isFile()) throw fileFailure(path, `expected a file, got ${kindOf(info)}`);
      if (info.size > MAX_FILE) {
        throw new Failure(
          "E_LIMIT",
          exitCodes.memory,
          path,
          `${path}: expected at most 2 GiB, got ${info.size} bytes`,
        );
      }
      this.#inputs.set(`${info.dev}:${info.ino}`, path);
      return await work(file, info.size);
    } catch (error) {
      throw (error as NodeJS.ErrnoException).syscall === undefined
        ? error
        : fileFailure(path, reason(error), error);
    } finally {
      await file?.close();
    }
  }

  /**
   * Checks, before any work, that an output can be written.
   * @returns the path to hand to `write`
   */
  async claim(option: string, path: string, endings: readonly string[]): Promise<string> {
    if (!endings.includes(endingOf(path))) {
      const got = JSON.stringify(path);
      const stdout = /^(-|\/dev\/(stdout|fd\/.*)|\/proc\/.*)$/.test(path);
      const hint = stdout ? `; what it prints without ${option} goes to stdout` : "";
      throw usage(option, `a file that ends in ${endings.join(" or ")}`, `${got}${hint}`);
    }
    const name = `${option} ${path}`;
    let target = resolve(path);
    try {
      target = await this.#behindLinks(target);
      const info = await lstat(target).catch(unless("ENOENT"));
      if (info !== undefined) {
        const stream = info.isFIFO() || info.isCharacterDevice();
        if (!info.isFile() && !stream) throw fileFailure(name, `expected a file, got ${kindOf(info)}`);
        const input = this.#inputs.get(`${info.dev}:${info.ino}`);
        if (input !== undefined) {
          throw fileFailure(name, `it is also the input ${input}; choose another name`);
        }
        await access(target, constants.W_OK);
        if (stream) this.#streams.add(target);
        else this.#modes.set(target, { mode: info.mode & 0o7777, uid: info.uid, gid: info.gid });
      }
      if (!this.#streams.has(target)) {
        const folder = dirname(target);
        const parent = await stat(folder).catch(() => undefined);
        if (!parent?.isDirectory()) throw fileFailure(name, `there is no folder ${folder}; make it first`);
        await access(folder, constants.W_OK);
        target = join(await realpath(folder), basename(target));
        await this.#tellUnfinished(dirname(target));
      }
    } catch (error) {
      throw error instanceof Failure ? error : fileFailure(name, reason(error), error);
    }
    const other = this.#outputs.get(target);
    if (other !== undefined) throw fileFailure(name, `it is also the output of ${other}`);
    this.#outputs.set(target, option);
    return target;
  }

  /** Claims an output that may not be asked for. */
  async claimGiven(
    option: string,
    path: string | undefined,
    endings: readonly string[],
  ): Promise<string | undefined> {
    return path === undefined ? undefined : this.claim(option, path, endings);
  }

  /** The path that symbolic links lead to, be it there or not. */
  async #behindLinks(path: string): Promise<string> {
    for (let links = 0; links < 40; links++) {
      const info = await lstat(path).catch(unless("ENOENT"));
      if (info === undefined || !info.isSymbolicLink()) return info === undefined ? path : realpath(path);
      path = resolve(dirname(path), await readlink(path));
    }
    throw Object.assign(new Error("too many links"), { code: "ELOOP", syscall: "readlink" });
  }

  /** Says, once for each folder, what runs that were killed have left in it. */
  async #tellUnfinished(folder: string): Promise<void> {
    if (this.#searched.has(folder)) return;
    this.#searched.add(folder);
    const names = await readdir(folder).catch(() => []);
    const left = names.filter((name) => {
      const owner = UNFINISHED.exec(name)?.[1];
      return owner !== undefined && !isRunning(Number(owner));
    });
    if (left.length === 0) return;
    const files = left.length === 1 ? "an unfinished file" : `${left.length} unfinished files`;
    const shown = left.length === 1 ? left[0] : `${left[0]}, ...`;
    this.#tell(
      `note: ${folder} holds ${files} of runs that were killed (${shown}); nothing needs ${left.length === 1 ? "it" : "them"}: rm ${join(folder, ".vkernel-*.tmp")}`,
    );
  }

  /** Nothing is written any more once what was written is gone. */
  #throwIfDiscarded(): void {
    if (this.#discarded) {
      throw new Failure("E_ABORT", exitCodes.interrupted, undefined, "interrupted; nothing was written");
    }
  }

  /** Writes a claimed output beside its place; `commit` puts it there. */
  async write(path: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
    this.#throwIfDiscarded();
    if (this.#streams.has(path)) {
      this.#streamed.push({ path, pieces });
      return;
    }
    const temporary = join(dirname(path), unfinishedName());
    let file: FileHandle | undefined;
    this.#written.push({ temporary, path });
    try {
      file = await open(temporary, "wx");
      for await (const piece of pieces) await file.writeFile(piece);
      await this.#keepMode(file, path);
      await file.sync();
    } catch (error) {
      throw this.#failureOf(path, error);
    } finally {
      await file?.close().catch(() => {});
    }
  }

  /** What is replaced keeps who may read it, and its owner where that is allowed. */
  async #keepMode(file: FileHandle, path: string): Promise<void> {
    const old = this.#modes.get(path);
    if (old === undefined) return;
    const now = await file.stat();
    if (now.uid !== old.uid || now.gid !== old.gid) await file.chown(old.uid, old.gid).catch(() => {});
    await file.chmod(old.mode).catch(() => {});
  }

  #failureOf(path: string, error: unknown): unknown {
    if (error instanceof Failure || (error as NodeJS.ErrnoException).syscall === undefined) return error;
    return fileFailure(`${this.#outputs.get(path) ?? "--out"} ${path}`, reason(error), error);
  }

  /** Puts a file in its place at once, until `commit` replaces it or `discard` takes it away. */
  async mark(path: string, text: string): Promise<void> {
    await writeFile(path, text, { flag: "wx", flush: true }).catch((error: unknown) => {
      throw this.#failureOf(path, error);
    });
    this.#marks.push(path);
  }

  /** Lets `commit` take a file away. */
  remove(path: string): void {
    this.#removed.push(path);
  }

  /**
   * Puts all that was written in its place and takes away what `remove` named. One that fails takes all back.
   * @param guard what a file says while others move: who is killed in between leaves it
   */
  async commit(guard?: { readonly path: string; readonly text: string }): Promise<void> {
    for (const { path, pieces } of this.#streamed) await this.#stream(path, pieces);
    const folders = new Set([...this.#written.map(({ path }) => path), ...this.#removed].map(dirname));
    const moves: Written[] = [...this.#written];
    if (guard !== undefined) {
      this.#outputs.set(guard.path, this.#outputs.get(guard.path) ?? "--out");
      await this.write(guard.path, once(guard.text));
      moves.unshift(this.#written.at(-1) as Written);
    }
    this.#throwIfDiscarded();
    this.#moveAll(moves, moves.length + this.#removed.length > 1);
    this.#written.length = 0;
    this.#removed.length = 0;
    this.#marks.length = 0;
    this.#streamed.length = 0;
    for (const folder of folders) await flushFolder(folder);
  }

  /** Without a pause, so that no signal finds the half of it. */
  #moveAll(moves: readonly Written[], careful: boolean): void {
    // What was there before, by its place; undefined: nothing was.
    const before = new Map<string, string | undefined>();
    const put = new Set<string>();
    let at = "";
    const move = ({ temporary, path }: Written) => {
      at = path;
      renameSync(temporary, path);
      put.add(path);
    };
    try {
      for (const path of careful ? [...moves.map((one) => one.path), ...this.#removed] : []) {
        at = path;
        if (!before.has(path)) before.set(path, keptCopy(path));
      }
      const [first, ...rest] = moves;
      if (first !== undefined) move(first);
      for (const path of this.#removed) {
        at = path;
        unlinkSync(path);
      }
      for (const one of rest) move(one);
    } catch (error) {
      const lost: string[] = [];
      for (const [path, old] of before) {
        if (old === undefined) {
          if (put.has(path)) quietly(() => unlinkSync(path));
        } else if (quietly(() => renameSync(old, path))) quietly(() => unlinkSync(old));
        else lost.push(`; what was in ${path} is in ${old}`);
      }
      const failure = this.#failureOf(at, error);
      if (lost.length === 0 || !(failure instanceof Failure)) throw failure;
      throw fileFailure(failure.argument ?? at, `${reason(error)}${lost.join("")}`, error);
    }
    for (const old of before.values()) if (old !== undefined) quietly(() => unlinkSync(old));
  }

  /** Writes to a pipe or a device, as fast as it is read. */
  async #stream(path: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
    try {
      const fd = await this.#openStream(path);
      if (!fstatSync(fd).isFIFO()) {
        try {
          for await (const piece of pieces) writeFileSync(fd, piece);
        } finally {
          closeSync(fd);
        }
        return;
      }
      const socket = new Socket({ fd, readable: false, writable: true });
      const failed = new Promise<never>((_, reject) => socket.once("error", reject));
      failed.catch(() => {});
      for await (const piece of pieces) {
        this.#throwIfDiscarded();
        if (socket.write(piece)) continue;
        await Promise.race([new Promise((done) => socket.once("drain", done)), failed]);
      }
      await Promise.race([new Promise<void>((done) => socket.end(done)), failed]);
    } catch (error) {
      throw this.#failureOf(path, error);
    }
  }

  /** Opens a device, or a pipe as soon as somebody reads it. */
  async #openStream(path: string): Promise<number> {
    for (let tries = 0; ; tries++) {
      this.#throwIfDiscarded();
      try {
        return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENXIO") throw error;
      }
      if (tries === 0) this.#tell(`note: ${path} is a pipe that nobody reads yet; waiting for its reader`);
      await wait(50);
    }
  }

  /**
   * Removes what was written and not put in its place. At once, since it also runs when the process leaves; it never
   * throws.
   * @returns what could not be removed, and why
   */
  discard(): string[] {
    const left: string[] = [];
    for (const path of [...this.#written.map(({ temporary }) => temporary), ...this.#marks]) {
      try {
        unlinkSync(path);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // It is gone already, or its folder is.
        if (code !== "ENOENT" && code !== "ENOTDIR")
          left.push(`${path} could not be removed: ${reason(error)}`);
      }
    }
    this.#discarded = true;
    return left;
  }
}

/** Whether what is in a file may be much larger than the file: gzip and zip. */
function checkKnown(path: string): void {
  if (isDataFile(path)) return;
  throw usage(path, `a file that ends in ${dataFileEndings.join(", ")}, or any of these with .gz`);
}

const isPacked = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0x1f && bytes[1] === 0x8b) || (bytes[0] === 0x50 && bytes[1] === 0x4b);

/** An object without what is undefined in it. */
function defined(details: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(details).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function* once<T>(piece: T) {
  yield piece;
}

/** Lets one error of the system pass. */
const unless =
  (code: string) =>
  (error: NodeJS.ErrnoException): undefined => {
    if (error.code !== code) throw error;
  };

/** Whether it went well: on the way back the first error is the one that is told. */
function quietly(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** A second name of a file that is about to be replaced, or nothing where there is none. */
function keptCopy(path: string): string | undefined {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info === undefined) return undefined;
  if (info.isDirectory()) {
    throw Object.assign(new Error("a folder is in its place"), { code: "EISDIR", syscall: "rename" });
  }
  const kept = join(dirname(path), unfinishedName());
  try {
    linkSync(path, kept);
  } catch (error) {
    // File systems without links: it moves away instead.
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
    renameSync(path, kept);
  }
  return kept;
}

/** A crash of the machine keeps names only of folders that were flushed; where that is not possible nothing is lost. */
async function flushFolder(folder: string): Promise<void> {
  const file = await open(folder, constants.O_RDONLY).catch(() => undefined);
  await file?.sync().catch(() => {});
  await file?.close().catch(() => {});
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The bytes of a file, in one piece from the start: `readFile` holds them twice. */
async function contentOf(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 2 ** 24), at);
    if (bytesRead === 0) return bytes.subarray(0, at);
    at += bytesRead;
  }
  return bytes;
}

function kindOf(info: {
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isCharacterDevice(): boolean;
}): string {
  if (info.isDirectory()) return "a folder";
  if (info.isFIFO()) return "a pipe";
  if (info.isSocket()) return "a socket";
  return info.isCharacterDevice() ? "a device" : "something else";
}

/** An error of reading, with the option or the file that it is about. */
function readFailure(error: VkernelError, paths: readonly (string | undefined)[]): Failure {
  const { code, argument = "", expected, got, message } = error;
  const files = paths.map((one) => (one === undefined ? undefined : splitChoice(one).file));
  if (/^(array|columns)(\[\d+\])?$/.test(argument)) {
    const chosen = paths.find((one) => one !== undefined && splitChoice(one).file !== one) ?? paths[0] ?? "";
    return new Failure(code, exitCodes.usage, chosen, `${chosen} expected ${expected}, got ${got}`, error);
  }
  const path = files.find((one) => one !== undefined && argument.startsWith(one));
  if (path === undefined) {
    // The library's range of bytes is --pixels here.
    const option = argument === "range" ? "--pixels" : `--${argument}`;
    const hint =
      argument === "classes" && code === "E_USAGE" ? "; --labels <file> gives them, one label per point" : "";
    return new Failure(
      code,
      exitCodes.usage,
      option,
      `${option} expected ${expected}, got ${got}${hint}`,
      error,
    );
  }
  const ofFile = new VkernelError(code, { argument: path, message });
  const { exitCode } = explain(ofFile, { [path]: { file: path, dim: 1 } });
  return new Failure(code, exitCode, path, message, error);
}
