// What every peer in JavaScript does: reads a task, computes once for each line on standard input, prints the milliseconds.
import { readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";

/** @typedef {{ kind: string, dim: number, size: number, count: number, sigma: number, data: string, out: string }} Task */

/** The task of the first argument, JSON, with its points and queries as float32. */
export async function readTask() {
  /** @type {Task} */
  const task = JSON.parse(process.argv[2]);
  const numbers = new Float32Array(new Uint8Array(await readFile(task.data)).buffer);
  const split = task.size * task.dim;
  return { ...task, points: numbers.subarray(0, split), queries: numbers.subarray(split) };
}

/**
 * Answers lines until there are no more; the first result also goes to the task's file.
 *
 * @param {Task} task
 * @param {() => Promise<Float32Array>} compute
 */
export async function serve(task, compute) {
  let written = false;
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = performance.now();
    const result = await compute();
    const milliseconds = performance.now() - start;
    if (!written) await writeFile(task.out, result);
    written = true;
    process.stdout.write(`${milliseconds}\n`);
  }
}
