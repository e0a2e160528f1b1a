import { randomBytes } from "node:crypto";
import { constants, rmSync } from "node:fs";
import { access, type FileHandle, lstat, open, realpath, rename, stat, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { PixelRange } from "../src/data/images.js";
import { VkernelError } from "../src/errors.js";
import {
  type DataFile,
  dataFileEndings,
  isDataFile,
  type NamedBytes,
  type NpyArray,
  parseNpy,
  type ReadDataSetOptions,
  readDataSet,
  type Table,
} from "../src/io/index.js";
import { exitCodes, explain, Failure, fileFailure, usage } from "./errors.js";

const MAX_FILE = 2 ** 31 - 1;

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
}

/** Why a system call failed, in plain words. */
function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const words: Record<string, string> = {
    ENOENT: "there is no such file",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of the path is not a folder",
    ENOSPC: "the disk is full",
    EDQUOT: "the quota is used up",
    EROFS: "the file system is read-only",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "too many links",
    EMFILE: "too many open files",
  };
  return words[code] ?? (code || (error as Error).message);
}

/** The lower-case ending of a name, ".npy", or "". */
export function endingOf(path: string): string {
  return /\.[^./\\]+$/.exec(path)?.[0]?.toLowerCase() ?? "";
}

/**
 * The files of one command. Inputs are remembered, so that none is overwritten; outputs are written to a hidden file
 * in the same folder and renamed all together at the end, so that none is ever half there.
 */
export class Files {
  readonly #inputs = new Map<string, string>();
  readonly #outputs = new Map<string, string>();
  readonly #written: { temporary: string; path: string }[] = [];

  /** Reads a table of numbers from a file of any kind that `readDataSet` knows. */
  async readTable(path: string): Promise<Table> {
    const { points, rows, dim } = await this.readData(path);
    return { data: points, rows, dim };
  }

  /** Reads points from a file, with labels and weights from it or from others; `classes` and `range` are options. */
  async readData(path: string, choices: DataFileChoices = {}): Promise<DataFile> {
    const { labels, weights, classes, range } = choices;
    const { bytes } = await this.#readKnown(path);
    const options: ReadDataSetOptions = {
      ...(labels === undefined ? {} : { labels: await this.#readKnown(labels) }),
      ...(weights === undefined ? {} : { weights: await this.#readKnown(weights) }),
      ...(classes === undefined ? {} : { classes }),
      ...(range === undefined ? {} : { range }),
    };
    try {
      return await readDataSet(bytes, path, options);
    } catch (error) {
      throw error instanceof VkernelError ? readFailure(error, [path, labels, weights]) : error;
    }
  }

  async #readKnown(path: string): Promise<NamedBytes> {
    const bytes = await this.#read(path);
    if (isDataFile(path)) return { bytes, name: path };
    throw usage(path, `a file that ends in ${dataFileEndings.join(", ")}, or any of these with .gz`);
  }

  /** Reads an array of any shape from a `.npy` file. */
  async readArray(path: string): Promise<NpyArray> {
    const bytes = await this.#read(path);
    try {
      return parseNpy(bytes, path);
    } catch (error) {
      if (!(error instanceof VkernelError)) throw error;
      const { exitCode } = explain(error, { [path]: { file: path, dim: 1 } });
      throw new Failure(error.code, exitCode, path, error.message, error);
    }
  }

  /** Reads a file as it is. */
  async readBytes(path: string): Promise<Uint8Array> {
    return this.#read(path);
  }

  /** Reads the files of a folder whose names end so, in the order of their names; or the one file that a path is. */
  async readAll(path: string, ending: string): Promise<{ name: string; bytes: Uint8Array }[]> {
    const info = await stat(path).catch((error: unknown) => {
      throw fileFailure(path, reason(error), error);
    });
    if (!info.isDirectory()) return [{ name: path, bytes: await this.#read(path) }];
    const names = (await readdir(path)).filter((name) => name.endsWith(ending)).sort();
    if (names.length === 0) throw fileFailure(path, `there is no file that ends in ${ending} in it`);
    const out: { name: string; bytes: Uint8Array }[] = [];
    for (const name of names) out.push({ name: join(path, name), bytes: await this.#read(join(path, name)) });
    return out;
  }

  async #read(path: string): Promise<Uint8Array> {
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
      return await file.readFile();
    } catch (error) {
      throw error instanceof Failure ? error : fileFailure(path, reason(error), error);
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
      throw usage(option, `a file that ends in ${endings.join(" or ")}`, JSON.stringify(path));
    }
    const name = `${option} ${path}`;
    let target = resolve(path);
    try {
      const link = await lstat(target).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (link !== undefined) {
        target = await realpath(target);
        const info = await stat(target);
        if (!info.isFile()) throw fileFailure(name, `expected a file, got ${kindOf(info)}`);
        const input = this.#inputs.get(`${info.dev}:${info.ino}`);
        if (input !== undefined) {
          throw fileFailure(name, `it is also the input ${input}; choose another name`);
        }
        await access(target, constants.W_OK);
      }
      const folder = dirname(target);
      const parent = await stat(folder).catch(() => undefined);
      if (!parent?.isDirectory()) throw fileFailure(name, `there is no folder ${folder}`);
      await access(folder, constants.W_OK);
      target = join(await realpath(folder), basename(target));
    } catch (error) {
      throw error instanceof Failure ? error : fileFailure(name, reason(error), error);
    }
    const other = this.#outputs.get(target);
    if (other !== undefined) throw fileFailure(name, `it is also the output of ${other}`);
    this.#outputs.set(target, option);
    return target;
  }

  /** Writes a claimed output beside its place; `commit` puts it there. */
  async write(path: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
    const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
    let file: FileHandle | undefined;
    this.#written.push({ temporary, path });
    try {
      file = await open(temporary, "wx");
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } catch (error) {
      throw (error as NodeJS.ErrnoException).syscall === undefined
        ? error
        : fileFailure(`${this.#outputs.get(path)} ${path}`, reason(error), error);
    } finally {
      await file?.close();
    }
  }

  /** Puts all that was written in its place. */
  async commit(): Promise<void> {
    for (const { temporary, path } of this.#written) {
      await rename(temporary, path).catch((error: unknown) => {
        throw fileFailure(`${this.#outputs.get(path)} ${path}`, reason(error), error);
      });
    }
    this.#written.length = 0;
  }

  /** Removes what was written and not put in its place. At once, since it also runs when the process leaves. */
  discard(): void {
    for (const { temporary } of this.#written) rmSync(temporary, { force: true });
    this.#written.length = 0;
  }
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
  const path = paths.find((one) => one !== undefined && argument.startsWith(one));
  if (path === undefined) {
    // The library's range of bytes is --pixels here.
    const option = argument === "range" ? "--pixels" : `--${argument}`;
    return new Failure(code, exitCodes.usage, option, `${option} expected ${expected}, got ${got}`, error);
  }
  const ofFile = new VkernelError(code, { argument: path, message });
  const { exitCode } = explain(ofFile, { [path]: { file: path, dim: 1 } });
  return new Failure(code, exitCode, path, message, error);
}
