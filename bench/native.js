import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

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
  #count = 0;

  /**
   * @param {string} folder
   * @param {string} program
   */
  constructor(folder, program) {
    this.#folder = folder;
    this.#program = program;
  }

  /**
   * Starts the program on some data; it waits for `run`.
   *
   * @param {{ dim: number, size: number, count: number, sigma: number, points: Float32Array, queries: Float32Array }} input
   */
  async start({ dim, size, count, sigma, points, queries }) {
    const id = this.#count++;
    const data = join(this.#folder, `data-${id}`);
    const out = join(this.#folder, `out-${id}`);
    const numbers = new Float32Array(points.length + queries.length);
    numbers.set(points);
    numbers.set(queries, points.length);
    await writeFile(data, new Uint8Array(numbers.buffer));
    const child = spawn(this.#program, [data, ...[dim, size, count, sigma].map(String), out], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const once = async () => {
      child.stdin.write("\n");
      const { value, done } = await lines.next();
      if (done) throw new Error("the C program ended early");
      return { overriddenDuration: Number(value) };
    };
    return {
      /** Computes once, timed by the program itself. */
      run: once,
      /** The means that it computed. */
      result: async () => {
        await once();
        return new Float32Array(new Uint8Array(await readFile(out)).buffer);
      },
      stop: async () => {
        child.stdin.end();
        await rm(data, { force: true });
        await rm(out, { force: true });
      },
    };
  }

  async close() {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
