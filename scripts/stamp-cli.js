// Gives vkernel-cli the version of vkernel, and that version of it as its dependency, in its manifest and in the lock file.
// `npm version` runs it.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

async function change(name, edit) {
  const file = join(root, name);
  const content = JSON.parse(await readFile(file, "utf8"));
  edit(content);
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

const stamp = (manifest) => {
  manifest.version = version;
  manifest.dependencies.vkernel = version;
};
await change("cli/package.json", stamp);
await change("package-lock.json", ({ packages }) => stamp(packages.cli));
console.log(`vkernel-cli ${version}`);
