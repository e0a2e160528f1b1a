// The package as users get it: packed, and installed from the tarball in a project of its own.
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

export interface PackedProject {
  /** Holds the package, as `node_modules/vkernel`. */
  readonly project: string;
  readonly packed: Packed;
  remove(): Promise<void>;
}

/** Runs a command of npm's; the registry is asked for what is not in the cache. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, npm_config_update_notifier: "false", npm_config_loglevel: "error" };
  const { stdout } = await execute("npm", args, { cwd, env, maxBuffer: 2 ** 26 });
  return stdout;
}

/** Packs what is built: tests of a package come after the build. */
export async function packProject(): Promise<PackedProject> {
  const folder = await mkdtemp(join(tmpdir(), "vkernel-package-"));
  const project = join(folder, "project");
  await mkdir(project);
  const listing = await npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root);
  const packed: Packed = JSON.parse(listing.slice(listing.indexOf("[")))[0];
  await writeFile(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm(
    ["install", "--prefer-offline", "--no-audit", "--no-fund", join(folder, packed.filename)],
    project,
  );
  return { project, packed, remove: () => rm(folder, { recursive: true, force: true }) };
}
