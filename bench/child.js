import { spawn } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * What a program beside ours is given: points, and queries or the states that a run starts from.
 *
 * @typedef {{
 *   dim: number, size: number, count: number, sigma: number, points: Float32Array, queries: Float32Array,
 * }} Input
 */

/**
 * Writes points, then queries, as float32.
 *
 * @param {string} path
 * @param {Pick<Input, "points" | "queries">} input
 */
export async function writeInput(path, { points, queries }) {
  const numbers = new Float32Array(points.length + queries.length);
  numbers.set(points);
  numbers.set(queries, points.length);
  await writeFile(path, new Uint8Array(numbers.buffer));
}

/**
 * A program that has read its data and waits: for every line on its standard input it computes once and prints the milliseconds
 * that took; the first time it also writes its result, float32, to a file.
 *
 * @typedef {{ run: () => Promise<{ overriddenDuration: number }>, result: () => Promise<Float32Array>, stop: () => Promise<void> }} Child
 */

/** How many children there have been: their files have names of their own. */
let children = 0;

/**
 * Starts such a program on some data.
 *
 * @param {string} folder where its files go
 * @param {Pick<Input, "points" | "queries">} input
 * @param {(data: string, out: string) => { program: string, args: string[], env?: Record<string, string> }} command
 * @returns {Promise<Child>}
 */
export async function startChild(folder, input, command) {
  const id = children++;
  const data = join(folder, `data-${id}`);
  const out = join(folder, `out-${id}`);
  await writeInput(data, input);
  const { program, args, env } = command(data, out);
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  /** @type {Error | undefined} */
  let failure;
  child.on("error", (error) => {
    failure = error;
  });
  // A program that ended is told by its missing line.
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const run = async () => {
    child.stdin.write("\n");
    const { value, done } = await lines.next();
    if (done) throw failure ?? new Error(`${program} ended early`);
    return { overriddenDuration: Number(value) };
  };
  return {
    run,
    result: async () => {
      await run();
      return new Float32Array(new Uint8Array(await readFile(out)).buffer);
    },
    stop: async () => {
      child.stdin.end();
      await rm(data, { force: true });
      await rm(out, { force: true });
    },
  };
}
