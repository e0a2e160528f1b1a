/** Opens a page of test/site/page in Chromium, with the built worker, under the page's own content-security policy. */
import { existsSync, readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { dirname, join, resolve as resolvePath } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { type Plugin, rollup } from "rollup";
import ts from "typescript";
import { startServer } from "../../cli/server.js";
import { dist, root } from "../browser/bundle.js";

const sources: Plugin = {
  name: "sources",
  resolveId(id, importer) {
    if (!id.startsWith(".") || importer === undefined) return null;
    const path = join(dirname(importer), id);
    if (path.startsWith(join(root, "src")))
      return path.replace(join(root, "src"), join(root, "build/ts/src"));
    const source = path.replace(/\.js$/, ".ts");
    return existsSync(source) ? source : null;
  },
  transform(code, id) {
    if (id.endsWith(".css")) return { code: `export default ${JSON.stringify(code)};`, map: null };
    if (!id.endsWith(".ts")) return null;
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    return { code: ts.transpileModule(code, { compilerOptions }).outputText, map: null };
  },
};

const sheet = ":root{color-scheme:light dark;background:light-dark(#fff,#14181b)}body{margin:0;padding:16px}";

/** Bundles a page's script, to be served as often as needed. */
export async function bundle(script: string): Promise<Map<string, string | Uint8Array>> {
  const made = await rollup({
    input: resolvePath(root, script),
    plugins: [sources, nodeResolve({ browser: true })],
    onwarn(warning) {
      if (warning.code !== "CIRCULAR_DEPENDENCY") throw new Error(warning.message);
    },
  });
  const { output } = await made.generate({
    format: "es",
    entryFileNames: "page.js",
    chunkFileNames: "[name]-[hash].js",
  });
  await made.close();
  const files = new Map<string, string | Uint8Array>();
  for (const item of output) files.set(`/${item.fileName}`, item.type === "chunk" ? item.code : item.source);
  files.set("/axe.js", readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8"));
  files.set(
    "/index.html",
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
      '<title>vkernel</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">' +
      '<main><h1>vkernel</h1><div id="host"></div></main><script type="module" src="/page.js"></script>',
  );
  files.set("/page.css", sheet);
  return files;
}

export interface OpenPage {
  readonly page: Page;
  readonly errors: string[];
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  files: ReadonlyMap<string, string | Uint8Array>,
  options: { width?: number; height?: number; dark?: boolean } = {},
): Promise<OpenPage> {
  const server = await startServer({ folder: dist, files });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 944, height: options.height ?? 800 },
    colorScheme: options.dark ? "dark" : "light",
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await page.goto(server.url);
  return {
    page,
    errors,
    async close() {
      await context.close();
      await server.close();
    },
  };
}

/** What axe finds in the page; its script comes from the server, as the policy asks. */
export async function axe(page: Page): Promise<string[]> {
  await page.addScriptTag({ url: "/axe.js" });
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await run.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  });
}
