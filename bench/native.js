import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startChild } from "./child.js";

const run = promisify(execFile);
const source = fileURLToPath(new URL("native/score.c", import.meta.url));

/**
 * The C program, compiled for this machine, or why there is none.
 *
 * @returns {Promise<{ native?: Native, reason?: string }>}
 */
export async function compileNative() {
  if (process.arch !== "x64") return { reason: `no C baseline: it is for x64, this is ${process.arch}` };
  const folder = await mkdtemp(join(tmpdir(), "vkernel-bench-"));
  const program = join(folder, "score");
  try {
    await run("gcc", ["-O3", "-march=x86-64-v3", "-o", program, source, "-lm"]);
    const data = join(folder, "probe");
    await writeFile(data, new Uint8Array(8));
    await run("sh", ["-c", 'echo | "$0" "$1" 1 1 1 1 "$2"', program, data, join(folder, "out")]);
    return { native: new Native(folder, program) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const { code, signal, message } = /** @type {Error & { code?: unknown, signal?: unknown }} */ (error);
    if (code === "ENOENT") return { reason: "no C baseline: gcc is not installed" };
    if (signal === "SIGILL") return { reason: "no C baseline: this processor has no x86-64-v3" };
    return { reason: `no C baseline: ${message.split("\n")[0]}` };
  }
}

/** The compiled program in its folder. */
export class Native {
  #folder;
  #program;

  /**
   * @param {string} folder
   * @param {string} program
   */
  constructor(folder, program) {
    this.#folder = folder;
    this.#program = program;
  }

  /**
   * Starts the program on some data; it waits for `run`. Posterior means at sigma; with noise levels a whole run of Heun's steps.
   *
   * @param {import("./child.js").Input & { sigmas?: ArrayLike<number> }} input
   */
  start({ dim, size, count, sigma, sigmas = [], ...numbers }) {
    return startChild(this.#folder, numbers, (data, out) => ({
      program: this.#program,
      args: [data, ...[dim, size, count, sigma].map(String), out, ...Array.from(sigmas, String)],
    }));
  }

  async close() {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
