// Bundles the library for pages without a bundler: dist/vkernel.js, one module with loader and kernels inside, which a
// `<script type="module">` imports from any folder. dist/vkernel.integrity is its hash, as the attribute takes it.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import resolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import { rollup } from "rollup";

/** What the module exports: all names of these entries. */
const parts = ["index", "raster", "conformance"];
const entry = "\0bundle";
/** Half a megabyte that few pages need stays a file of its own. */
const apart = /build\/generated\/fashion\.js$/;

const shrink = (module) => terser({ module, ecma: 2022, format: { comments: /webpackIgnore|vite-ignore/ } });

/** @returns the hash of the bundle, "sha384-..." */
export async function buildBundle(root) {
  const from = (name) => join(root, "build/ts/src", name === "index" ? "" : name, "index.js");
  const worker = await rollup({
    input: join(root, "build/ts/bindings/worker.js"),
    plugins: [resolve({ browser: true }), shrink(false)],
    onwarn,
  });
  const { output } = await worker.generate({ format: "iife", inlineDynamicImports: true });
  await worker.close();
  const files = {
    name: "files",
    resolveId: (id, importer) => {
      if (id === entry) return id;
      const path = id.startsWith(".") && importer?.startsWith("/") ? join(importer, "..", id) : id;
      return apart.test(path) ? { id: "./chunks/fashion.js", external: true } : null;
    },
    load: (id) => {
      if (id === entry) return parts.map((name) => `export * from ${JSON.stringify(from(name))};\n`).join("");
      if (!/build\/generated\/worker-source\.js$/.test(id)) return null;
      return `export const workerSource = ${JSON.stringify(output[0].code)};`;
    },
  };
  const bundle = await rollup({
    input: entry,
    plugins: [files, resolve({ browser: true }), shrink(true)],
    onwarn,
  });
  const file = join(root, "dist/vkernel.js");
  await bundle.write({ file, format: "es", inlineDynamicImports: true });
  await bundle.close();
  const types = parts.map((name) => `export * from "./${name}.js";\n`).join("");
  // Two entries have a type of this name; no value has two.
  const chosen = 'export type { Estimate } from "./index.js";\n';
  await writeFile(join(root, "dist/vkernel.d.ts"), types + chosen);
  const hash = createHash("sha384")
    .update(await readFile(file))
    .digest("base64");
  const integrity = `sha384-${hash}`;
  await writeFile(join(root, "dist/vkernel.integrity"), `${integrity}\n`);
  return integrity;
}

function onwarn(warning) {
  throw new Error(warning.message);
}
