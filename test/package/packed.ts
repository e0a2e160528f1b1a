// The packages as users get them: packed, and installed from their tarballs in a project of its own.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../browser/bundle.js";

const execute = promisify(execFile);

export interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** The packages of this repository, the library first. */
export const packages = ["vkernel", "vkernel-cli"] as const;
export type PackageName = (typeof packages)[number];

export interface PackedProject {
  /** Holds the packages, in `node_modules`. */
  readonly project: string;
  /** What was packed of each that is installed. */
  readonly packed: Readonly<Record<string, Packed>>;
  remove(): Promise<void>;
}

/** Runs a command of npm's; the registry is asked for what is not in the cache. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, npm_config_update_notifier: "false", npm_config_loglevel: "error" };
  const { stdout } = await execute("npm", args, { cwd, env, maxBuffer: 2 ** 26 });
  return stdout;
}

/** Packs what is built, the library or both packages: tests of a package come after the build. */
export async function packProject(names: readonly PackageName[] = ["vkernel"]): Promise<PackedProject> {
  const folder = await mkdtemp(join(tmpdir(), "vkernel-package-"));
  const project = join(folder, "project");
  await mkdir(project);
  const chosen = names.map((name) => `--workspace=${name}`);
  const listing = await npm(
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, ...chosen],
    root,
  );
  const list: (Packed & { readonly name: string })[] = JSON.parse(listing.slice(listing.indexOf("[")));
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm(
    [
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      ...list.map(({ filename }) => join(folder, filename)),
    ],
    project,
  );
  return {
    project,
    packed: Object.fromEntries(list.map((one) => [one.name, one])),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
