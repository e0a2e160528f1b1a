// Writes the version and the integrity hash of dist/vkernel.js into docs/pages.md. `npm version` runs it after a build.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));
const LINE = /^vkernel \S+: sha384-\S+$/gm;

const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const hash = (await readFile(join(root, "dist/vkernel.integrity"), "utf8")).trim();
const file = join(root, "docs/pages.md");
const text = await readFile(file, "utf8");
const lines = text.match(LINE)?.length ?? 0;
if (lines !== 1) throw new Error(`${file} expected one line "vkernel X.Y.Z: sha384-...", got ${lines}`);
if (!/^sha384-[A-Za-z0-9+/]{64}$/.test(hash))
  throw new Error(`dist/vkernel.integrity expected a sha384, got ${hash}`);
const line = `vkernel ${version}: ${hash}`;
await writeFile(
  file,
  text.replace(LINE, () => line),
);
console.log(line);
