// A small page with a stage and nothing else, as the site's build would bundle it: for tests and benchmarks.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * TypeScript of the site, of tests and benchmarks as it stands, the library as it was compiled, style sheets as text.
 *
 * @type {import("rollup").Plugin}
 */
const sources = {
  name: "sources",
  resolveId(id, importer) {
    if (!id.startsWith(".") || importer === undefined) return null;
    const path = join(dirname(importer), id);
    if (relative(root, path).startsWith("src/")) return join(root, "build/ts", relative(root, path));
    const source = path.replace(/\.js$/, ".ts");
    return existsSync(source) ? source : null;
  },
  load(id) {
    if (/generated\/(wasm\/|worker-source\.)/.test(id)) return 'export const base64 = "", workerSource = "";';
    if (id.endsWith(".css")) return `export default ${JSON.stringify(readFileSync(id, "utf8"))};`;
    return null;
  },
  transform(code, id) {
    if (!id.endsWith(".ts")) return null;
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    return { code: ts.transpileModule(code, { compilerOptions }).outputText, map: null };
  },
};

/**
 * Bundles the stage's page.
 *
 * @param {string} [script] the page's module, from the root of the repository
 * @returns {Promise<Map<string, string | Uint8Array>>} what to serve, by path: the page, the scripts, the kernels
 */
export async function stagePage(script = "test/site/page/main.ts") {
  const bundle = await rollup({
    input: { page: join(root, script), session: join(root, "site/worker/worker.ts") },
    plugins: [sources, nodeResolve({ browser: true })],
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundle.generate({
    format: "es",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
  });
  await bundle.close();
  /** @type {Map<string, string | Uint8Array>} */
  const files = new Map();
  for (const item of output) files.set(`/${item.fileName}`, item.type === "chunk" ? item.code : item.source);
  files.set("/threads.js", readFileSync(join(root, "dist/worker.js")));
  for (const name of ["simd-local", "simd-shared"]) {
    files.set(`/${name}.wasm`, readFileSync(join(root, `dist/wasm/${name}.wasm`)));
  }
  files.set("/page.css", "html{color-scheme:light dark}body{margin:16px}#host{max-width:640px}");
  files.set(
    "/index.html",
    '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Stage</title><link rel="stylesheet" href="/page.css"><div id="host"></div><script type="module" src="/page.js"></script></html>',
  );
  return files;
}
