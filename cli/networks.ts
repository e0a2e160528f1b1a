import { createHash } from "node:crypto";
import { mkdir, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { NamedFile } from "./estimators.js";
import { dataFailure, type Failure, fileFailure, reason } from "./errors.js";
import type { Files } from "./files.js";
import { onePiece } from "./text.js";
import { version } from "./version.js";

// A folder of networks is one training: its manifest names every file of it, and is the last that is written.

export const ENDING = ".vkn";
const MANIFEST = "manifest.json";
const FORMAT = "vkernel networks";
const VERSION = 1;

/** A network as the manifest has it. */
export interface ManifestEntry {
  readonly file: string;
  readonly seed: number;
  readonly sha256: string;
}

/** What a folder of networks says of itself. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: number;
  /** Of the program that wrote it. */
  readonly vkernel: string;
  /** False while a training goes on, and where one was killed. */
  readonly complete: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly networks: readonly ManifestEntry[];
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const grouping = (count: number): string => (count === 1 ? "a network" : `${count} networks`);

/** Reads and checks the text of a manifest. */
function parseManifest(bytes: Uint8Array, path: string): Manifest {
  const wrong = (what: string): Failure =>
    dataFailure("E_FORMAT", path, `${path}: expected the manifest of a folder of networks, got ${what}`);
  let found: Manifest;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
  } catch {
    throw wrong("no JSON");
  }
  if (found?.format !== FORMAT) throw wrong("another file of that name");
  if (found.version !== VERSION) {
    const message = `${path}: expected version ${VERSION}, got ${JSON.stringify(found.version)}; a newer vkernel reads it`;
    throw dataFailure("E_FORMAT", path, message);
  }
  if (typeof found.complete !== "boolean" || !Array.isArray(found.networks))
    throw wrong("one without a list");
  const seen = new Set<string>();
  for (const { file, sha256: hash } of found.networks) {
    // Names of this folder alone: what it lists may be removed.
    const named = typeof file === "string" && file === basename(file) && file.endsWith(ENDING);
    if (!named || seen.has(file) || !/^[0-9a-f]{64}$/.test(hash)) throw wrong("an entry that is no network");
    seen.add(file);
  }
  return found;
}

/**
 * The networks of a path: the one file that it is, or those of a folder, held to its manifest.
 * @param tell takes a note about a folder that has none
 */
export async function readNetworks(
  path: string,
  files: Files,
  tell: (line: string) => void,
): Promise<NamedFile[]> {
  const names = await files.list(path);
  if (names === undefined) return [{ name: path, bytes: await files.readBytes(path) }];
  const found = names.filter((name) => name.endsWith(ENDING));
  const read = async (name: string): Promise<NamedFile> => {
    const file = join(path, name);
    return { name: file, bytes: await files.readBytes(file) };
  };
  if (!names.includes(MANIFEST)) {
    if (found.length === 0) throw fileFailure(path, `there is no file that ends in ${ENDING} in it`);
    const right = found.every((name, i) => name === networkName(i));
    if (!right && found.length > 1) {
      const message = `${path}: it has no ${MANIFEST}, and its networks are not ${networkName(0)} and on without a gap, so they may be of several trainings; keep those of one in a folder of their own`;
      throw dataFailure("E_FORMAT", path, message);
    }
    tell(
      `note: ${path} has no ${MANIFEST}; its ${grouping(found.length)} are taken as those of one training`,
    );
    const all: NamedFile[] = [];
    for (const name of found) all.push(await read(name));
    return all;
  }
  const manifest = parseManifest(await files.readBytes(join(path, MANIFEST)), join(path, MANIFEST));
  if (!manifest.complete) {
    const message = `${path}: its training was not finished; wait for it, or train anew with --force`;
    throw dataFailure("E_FORMAT", path, message);
  }
  const listed = manifest.networks.map(({ file }) => file);
  const missing = listed.filter((name) => !found.includes(name));
  if (missing.length > 0) {
    throw fileFailure(path, `${missing.join(", ")} of its ${MANIFEST} is missing; train anew with --force`);
  }
  const extra = found.filter((name) => !listed.includes(name));
  if (extra.length > 0) {
    const message = `${path}: ${extra.join(", ")} is not in its ${MANIFEST}, so it is of another training; move it away`;
    throw dataFailure("E_FORMAT", path, message);
  }
  const all: NamedFile[] = [];
  for (const { file, sha256: hash } of manifest.networks) {
    const one = await read(file);
    if (sha256(one.bytes) !== hash) {
      const message = `${one.name}: it was changed after its training (its SHA-256 is not that of ${MANIFEST}); copy it anew, or train with --force`;
      throw dataFailure("E_FORMAT", one.name, message);
    }
    all.push(one);
  }
  return all;
}

export const networkName = (i: number): string => `network-${String(i + 1).padStart(3, "0")}${ENDING}`;

/** A folder that one training writes. */
export class NetworkFolder {
  readonly #path: string;
  readonly #files: Files;
  /** Whether the folder was made for this training: then it goes when nothing comes of it. */
  readonly #made: boolean;
  readonly #about: Pick<Manifest, "settings" | "seed">;
  readonly #networks: ManifestEntry[] = [];

  private constructor(path: string, files: Files, made: boolean, about: NetworkAbout) {
    this.#path = path;
    this.#files = files;
    this.#made = made;
    this.#about = about;
  }

  /**
   * Makes the folder where it is missing, and marks it as unfinished.
   * @throws {Failure} E_IO where it holds networks, unless `force`: then `commit` takes away those of its manifest
   */
  static async claim(
    path: string,
    files: Files,
    { force, ...about }: NetworkAbout & { force: boolean },
  ): Promise<NetworkFolder> {
    const option = `--out ${path}`;
    const made = await mkdir(path, { recursive: true }).catch((error: unknown) => {
      throw fileFailure(option, `expected a folder: ${reason(error)}`, error);
    });
    const names = (await files.list(path)) ?? [];
    const found = names.filter((name) => name.endsWith(ENDING));
    const had = names.includes(MANIFEST);
    const manifest = had
      ? parseManifest(await files.readBytes(join(path, MANIFEST)), join(path, MANIFEST))
      : undefined;
    const listed = manifest?.networks.map(({ file }) => file) ?? [];
    const stray = found.filter((name) => !listed.includes(name));
    if (stray.length > 0) {
      const which = `${stray.slice(0, 3).join(", ")}${stray.length > 3 ? ", ..." : ""}`;
      const why = had ? `that ${MANIFEST} does not list` : `without a ${MANIFEST}`;
      throw fileFailure(
        option,
        `it holds ${grouping(stray.length)} ${why} (${which}), which two trainings would mix; choose another folder, or move ${stray.length === 1 ? "it" : "them"} away`,
      );
    }
    if (manifest !== undefined && !force) {
      const what = manifest.complete
        ? `it holds ${grouping(listed.length)} of another training`
        : "it holds a training that was not finished, or still goes on";
      throw fileFailure(option, `${what}; choose another folder, or replace it as a whole with --force`);
    }
    const folder = new NetworkFolder(path, files, made !== undefined, about);
    try {
      if (!had) await files.mark(join(path, MANIFEST), folder.#text(false));
    } catch (error) {
      await folder.leave();
      throw error;
    }
    return folder;
  }

  /** Writes network `i` beside its place. */
  async write(i: number, seed: number, bytes: Uint8Array): Promise<string> {
    const file = networkName(i);
    const path = join(this.#path, file);
    await this.#files.write(path, onePiece(bytes));
    this.#networks.push({ file, seed, sha256: sha256(bytes) });
    return path;
  }

  /** Puts the networks in their places, takes the old ones away, and says so in the manifest. */
  async commit(): Promise<void> {
    const path = join(this.#path, MANIFEST);
    // What is there now, which may be newer than what was there when this training began.
    const names = (await this.#files.list(this.#path)) ?? [];
    const there = names.includes(MANIFEST)
      ? parseManifest(await this.#files.readBytes(path), path).networks
      : [];
    const old = there.map(({ file }) => file).filter((file) => names.includes(file));
    await this.#files.write(path, onePiece(this.#text(true)));
    for (const file of old) this.#files.remove(join(this.#path, file));
    const known = new Set(this.#networks.map(({ file }) => file));
    const gone = old.filter((file) => !known.has(file));
    await this.#files.commit({ path, text: this.#text(false, gone) });
  }

  /** Takes the folder away, if it was made for this training and is empty. */
  async leave(): Promise<void> {
    this.#files.discard();
    if (this.#made) await rmdir(this.#path).catch(() => {});
  }

  /** The manifest; `more` are files of an older training that are about to go. */
  #text(complete: boolean, more: readonly string[] = []): string {
    const manifest: Manifest = {
      format: FORMAT,
      version: VERSION,
      vkernel: version,
      complete,
      ...this.#about,
      networks: [...this.#networks, ...more.map((file) => ({ file, seed: 0, sha256: "0".repeat(64) }))],
    };
    return `${JSON.stringify(manifest, undefined, 2)}\n`;
  }
}

type NetworkAbout = Pick<Manifest, "settings" | "seed">;
