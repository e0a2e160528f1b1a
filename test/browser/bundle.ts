import { existsSync } from "node:fs";
import { dirname, resolve as resolvePath } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { type Plugin, rollup } from "rollup";
import ts from "typescript";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const dist = resolvePath(root, "dist");

/** TypeScript modules, and the library's own name for what is built in dist/. */
const sources: Plugin = {
  name: "sources",
  resolveId(id, importer) {
    if (id === "vkernel") return resolvePath(dist, "index.js");
    if (id.startsWith("vkernel/")) return resolvePath(dist, `${id.slice("vkernel/".length)}.js`);
    if (importer?.endsWith(".ts") && id.startsWith(".")) {
      const file = resolvePath(dirname(importer), id.replace(/\.js$/, ".ts"));
      if (existsSync(file)) return file;
    }
    return null;
  },
  transform(code, id) {
    if (!id.endsWith(".ts")) return null;
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    return { code: outputText, map: null };
  },
};

/**
 * Bundles a module for a page as a user of the library would.
 *
 * @param plugins what comes before the resolution of packages; by default the sources of this repository
 * @returns what to serve, by path: the module is "/page.js", its page "/index.html"
 */
export async function bundlePage(
  input: string,
  plugins: readonly Plugin[] = [sources],
): Promise<Map<string, string | Uint8Array>> {
  const bundle = await rollup({
    input,
    plugins: [...plugins, nodeResolve({ browser: true })],
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundle.generate({
    format: "es",
    entryFileNames: "page.js",
    chunkFileNames: "[name]-[hash].js",
  });
  await bundle.close();
  const files = new Map<string, string | Uint8Array>();
  for (const item of output) files.set(`/${item.fileName}`, item.type === "chunk" ? item.code : item.source);
  files.set("/index.html", page("page.js"));
  return files;
}

/** A page that loads modules, in their order, and nothing else. */
export function page(...scripts: string[]): string {
  const tags = scripts.map((script) => `<script type="module" src="/${script}"></script>`);
  return `<!doctype html><html lang="en"><title>vkernel</title>${tags.join("")}</html>`;
}
