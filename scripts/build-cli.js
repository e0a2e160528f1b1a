// Bundles the command line, cli/ -> cli/dist/: its own files alone. The library and the other packages stay imports.
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { rollup } from "rollup";

const isPackage = (id) => /^(node:|[@a-z])/.test(id);

export async function buildCli(root, onwarn) {
  const dir = join(root, "cli/dist");
  await rm(dir, { recursive: true, force: true });
  const entry = (name) => join(root, "build/ts/cli", `${name}.js`);
  const bundle = await rollup({
    input: { main: entry("main"), reader: entry("reader") },
    external: isPackage,
    onwarn,
  });
  await bundle.write({
    dir,
    format: "es",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
    hoistTransitiveImports: false,
  });
  await bundle.close();
  await chmod(join(dir, "main.js"), 0o755);
}
