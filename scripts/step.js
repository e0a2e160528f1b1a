import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Does a part of the build whose stamp has changed, and says on stderr what it is at: a fresh build takes a minute or more.
 *
 * @param {string} folder where stamps are kept
 * @param {string} name
 * @param {string} doing what it is at, in words
 * @param {string} stamp of all that it is made from
 * @param {() => Promise<void>} work
 * @returns {Promise<number | undefined>} seconds, if it was done
 */
export async function step(folder, name, doing, stamp, work) {
  const file = join(folder, name);
  if ((await readFile(file, "utf8").catch(() => "")) === stamp) return undefined;
  process.stderr.write(`${doing} ...\n`);
  const start = performance.now();
  await work();
  await writeFile(file, stamp);
  return (performance.now() - start) / 1000;
}
