// How large the explorer is, gzipped: what a first visit loads, and what comes later. Fails over the budget.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const folder = fileURLToPath(new URL("../dist/site", import.meta.url));

/** Bytes, gzipped: scripts that the first picture needs, the kernels, and the page's own share of the scripts. */
export const budget = { script: 80_000, wasm: 60_000 };

/**
 * A file's bytes, gzipped as servers do.
 *
 * @param {Uint8Array} bytes
 */
export const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

/**
 * What a script imports at once: chunks that load with it.
 *
 * @param {string} code
 */
export function importsOf(code) {
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+)"/g)].map(([, name]) => name);
}

/**
 * What a classic script loads as it starts, which it can only by `import()`.
 *
 * @param {string} code
 */
const loadsOf = (code) => [...code.matchAll(/\bimport\("(\.[^"]+)"\)/g)].map(([, name]) => name);

/**
 * All files of the site, gzipped, and which of them a first visit loads.
 *
 * @returns {Promise<{ name: string, first: boolean, size: number, gzip: number }[]>}
 */
export async function siteSizes() {
  const names = (await readdir(folder, { recursive: true }))
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(js|wasm|html|css)$/.test(name))
    .sort();
  const files = new Map();
  for (const name of names) files.set(name, { bytes: await readFile(join(folder, name)), first: false });
  /** @param {string} name */
  const visit = (name) => {
    const file = files.get(name);
    if (file === undefined || file.first) return;
    file.first = true;
    if (!name.endsWith(".js")) return;
    const code = file.bytes.toString();
    for (const other of name === "threads.js" ? loadsOf(code) : importsOf(code))
      visit(join("/", name, "..", other).slice(1).replaceAll("\\", "/"));
  };
  for (const name of ["index.html", "page.css", "page.js", "explorer.js", "worker.js", "threads.js"])
    visit(name);
  // One of the two is loaded, by whether memory can be shared.
  visit("wasm/simd-shared.wasm");
  return [...files].map(([name, { bytes, first }]) => ({
    name,
    first,
    size: bytes.length,
    gzip: gzipped(bytes),
  }));
}

/**
 * The sums that the budget is about.
 *
 * @param {{ name: string, first: boolean, gzip: number }[]} sizes
 */
export function totals(sizes) {
  /** @param {string} ending */
  const sum = (ending) =>
    sizes
      .filter(({ name, first }) => first && name.endsWith(ending))
      .reduce((all, { gzip }) => all + gzip, 0);
  return { script: sum(".js"), wasm: sum(".wasm") };
}

async function main() {
  const sizes = await siteSizes();
  /** @param {number} bytes */
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  for (const first of [true, false]) {
    console.log(first ? "First visit, gzipped" : "\nLater, gzipped");
    for (const { name, gzip } of sizes.filter((one) => one.first === first).sort((a, b) => b.gzip - a.gzip))
      console.log(`  ${name.padEnd(44)}${kilobytes(gzip)}`);
  }
  const sums = totals(sizes);
  console.log();
  for (const kind of /** @type {const} */ (["script", "wasm"])) {
    const most = budget[kind];
    const over = sums[kind] > most;
    console.log(
      `${kind.padEnd(8)}${kilobytes(sums[kind])} of ${kilobytes(most).trim()}${over ? ": TOO LARGE" : ""}`,
    );
    if (over) process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
