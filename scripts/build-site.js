// Bundles the explorer: site/*.ts, against the library as build/ts has it, to dist/site/, a folder that any static host
// can serve under any path. Whatever is not needed for the first picture is a chunk that loads later.
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import resolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import { rollup } from "rollup";
import ts from "typescript";
import { asModule } from "./as-module.js";

/** What is served as it stands in site/. */
const pages = ["index.html", "embed.html", "bench.html", "million.html", "page.css", "aside.css", "page.js"];
const kernels = ["simd-local", "simd-shared"];

const shrink = terser({
  module: true,
  ecma: 2022,
  compress: { passes: 3, pure_getters: true, unsafe_arrows: true, unsafe_methods: true, keep_fargs: false },
  format: { comments: false },
});

/** Modules of the library that the first picture needs, in as few chunks as possible: large ones compress better. */
const basics =
  /ts\/src\/((process\/(edm|ve|vp|ou)|sampler\/(heun|euler|grids\/\w+)|data\/(builtin|circle)|core\/(check|errors)|numeric\/elementary)\.js)$/;

export async function buildSite(root) {
  const out = join(root, "dist/site");
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, "wasm"), { recursive: true });
  const entries = { explorer: join(root, "site/explorer.ts") };
  const worker = join(root, "site/worker/worker.ts");
  if (existsSync(worker)) entries.worker = worker;
  entries.threads = threads;
  const thread = join(root, "build/ts/bindings/worker.js");
  const bundle = await rollup({
    input: entries,
    plugins: [
      threadScript(thread),
      sources(root),
      withoutSynonyms(),
      styles(),
      asModule(),
      resolve({ browser: true }),
      shrink,
    ],
    // The entry keeps its place at the top of the folder: addresses are relative to it.
    preserveEntrySignatures: "allow-extension",
    treeshake: {
      moduleSideEffects: (id) => id === thread || id.startsWith(join(root, "site")),
    },
    onwarn,
  });
  await bundle.write({
    dir: out,
    format: "es",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    manualChunks: layout(thread),
    hoistTransitiveImports: false,
  });
  await bundle.close();
  await buildAside(root, out);
  for (const name of kernels) await cp(join(root, `build/wasm/${name}.wasm`), join(out, `wasm/${name}.wasm`));
  for (const name of pages) await cp(join(root, "site", name), join(out, name));
  // The command line serves it: it is in that package.
  await rm(join(root, "cli/dist/site"), { recursive: true, force: true });
  await cp(out, join(root, "cli/dist/site"), { recursive: true });
}

/**
 * The pages beside the explorer, a bundle of their own: chunks that they shared with it would be others than the first picture needs, and
 * more of them.
 */
async function buildAside(root, out) {
  const scripts = ["bench/page", "bench/measure", "million/page", "million/run"];
  const folders = ["aside", "bench", "million"].map((name) => join(root, "site", name));
  const bundle = await rollup({
    input: Object.fromEntries(scripts.map((name) => [name, join(root, "site", `${name}.ts`)])),
    plugins: [sources(root), asModule(), resolve({ browser: true }), shrink],
    treeshake: { moduleSideEffects: (id) => folders.some((folder) => id.startsWith(folder)) },
    onwarn,
  });
  await bundle.write({
    dir: out,
    format: "es",
    entryFileNames: "[name].js",
    chunkFileNames: "aside/[name]-[hash].js",
    hoistTransitiveImports: false,
  });
  await bundle.close();
}

function onwarn(warning) {
  throw new Error(warning.message);
}

/** Chunks: what a thread's script runs, beside that script itself, is one that the worker shares. */
function layout(script) {
  const kernels = new Set();
  const add = (id, getModuleInfo) => {
    for (const next of getModuleInfo(id).importedIds) {
      if (!kernels.has(next)) add(next, getModuleInfo);
      kernels.add(next);
    }
  };
  return (id, { getModuleInfo }) => {
    if (kernels.size === 0) add(script, getModuleInfo);
    return kernels.has(id) ? "kernels" : basics.test(id) ? "basics" : undefined;
  };
}

const threads = "\0threads";

/**
 * The threads' script. They run the same code as the worker that starts them: a classic script imports the chunk of both, so
 * that it is loaded once. The first message waits for it; a chunk that does not come is an error of the thread.
 */
function threadScript(thread) {
  const code = `
const chunk = import(${JSON.stringify(thread)});
globalThis.onmessage = (event) => {
  chunk.then(
    () => setTimeout(() => globalThis.onmessage(event)),
    (error) => setTimeout(() => { throw error; }),
  );
};`;
  return {
    name: "thread-script",
    resolveId: (id) => (id === threads ? id : null),
    load: (id) => (id === threads ? { code, moduleSideEffects: true } : null),
  };
}

/**
 * TypeScript of site/, a file at a time; `src` and `claims` are what the library's build compiled, types are checked elsewhere.
 * Claims know the library by its names, which are those of what is compiled, not of the package's bundle.
 */
function sources(root) {
  const compiled = join(root, "build/ts");
  const named = new Map(
    Object.entries(JSON.parse(readFileSync(join(compiled, "package.json"), "utf8")).exports).map(
      ([entry, path]) => [entry.replace(".", "vkernel"), join(compiled, path)],
    ),
  );
  return {
    name: "sources",
    resolveId(id, importer) {
      if (named.has(id)) return named.get(id);
      if (!id.startsWith(".") || !importer?.startsWith(join(root, "site"))) return null;
      const path = join(dirname(importer), id);
      const inside = relative(root, path);
      if (/^(src|claims)\//.test(inside)) return join(compiled, inside);
      const source = path.replace(/\.js$/, ".ts");
      return existsSync(source) ? source : null;
    },
    transform(code, id) {
      if (!id.endsWith(".ts")) return null;
      const compilerOptions = {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      };
      const { outputText } = ts.transpileModule(code, { compilerOptions });
      return { code: outputText, map: null };
    },
  };
}

/**
 * What messages know of others' words stays out of the page, where options are lists to choose from: 1.4 kB of its first visit. Errors
 * are made where nothing can wait for a file, so that it cannot load late as other parts of the library do.
 */
const synonyms = /src\/core\/synonyms\.js$/;

function withoutSynonyms() {
  return {
    name: "without-synonyms",
    load: (id) => (synonyms.test(id) ? "export const meantBy = () => undefined;" : null),
  };
}

/** Style sheets as text, without what only readers need. */
function styles() {
  return {
    name: "styles",
    transform(code, id) {
      if (!id.endsWith(".css")) return null;
      const text = code
        .replace(/\/\*[\s\S]*?\*\//g, "")
        .replace(/\s+/g, " ")
        .replace(/ ?([{};,]) ?/g, "$1")
        .replace(/: /g, ":")
        .replace(/;}/g, "}")
        .trim();
      return { code: `export default ${JSON.stringify(text)};`, map: null };
    },
  };
}
