// Bundles the explorer: site/*.ts, against the library as build/ts has it, to dist/site/, a folder that any static host
// can serve under any path. Whatever is not needed for the first picture is a chunk that loads later.
import { existsSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import resolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import { rollup } from "rollup";
import ts from "typescript";
import { asModule } from "./as-module.js";

/** What is served as it stands in site/. */
const pages = ["index.html", "embed.html", "page.css", "page.js"];
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
      trimmed(),
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
  for (const name of kernels) await cp(join(root, `build/wasm/${name}.wasm`), join(out, `wasm/${name}.wasm`));
  for (const name of pages) await cp(join(root, "site", name), join(out, name));
  // The command line serves it: it is in that package.
  await rm(join(root, "cli/dist/site"), { recursive: true, force: true });
  await cp(out, join(root, "cli/dist/site"), { recursive: true });
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

/** TypeScript of site/, a file at a time; `src` is what the library's build compiled, types are checked elsewhere. */
function sources(root) {
  return {
    name: "sources",
    resolveId(id, importer) {
      if (!id.startsWith(".") || !importer?.startsWith(join(root, "site"))) return null;
      const path = join(dirname(importer), id);
      const inside = relative(root, path);
      if (inside.startsWith("src/")) return join(root, "build/ts", inside);
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

/** What stays out of the page, and what stands in its place. */
const without = [
  // The kernels and the threads' script lie beside the page as files.
  [/build\/generated\/wasm\//, 'export const base64 = "";'],
  [/build\/generated\/worker-source\./, 'export const workerSource = "";'],
  // A browser without SIMD is told so; samplers in plain TypeScript would be too slow for it anyway.
  [
    /src\/run\/plain\/run\./,
    `import { VkernelError } from "../../core/errors.js";
export function runPlainly() {
  throw new VkernelError("E_UNSUPPORTED", { message: "the explorer needs WebAssembly with SIMD" });
}`,
  ],
  [/src\/run\/plain\/parts\./, "export class PlainParts {}"],
  // Names that messages would list, and words of others: choices of the page are lists.
  [/src\/sampler\/registry\./, "export const registry = {};"],
  [/src\/core\/synonyms\./, "export const meantBy = () => undefined;"],
  // Limits of Node's address space.
  [/bindings\/addressSpace\./, "export const addressSpace = async (cap, threads) => ({ cap, threads });"],
  // Log densities along runs, and processes with matrices: nothing here asks for them.
  [
    /src\/run\/likelihood\./,
    "export const checkLikelihood = () => {}, likelihoodOf = () => {}, logLikelihood = () => {};",
  ],
  [/src\/run\/whiten\./, "export const whiten = () => {};"],
  [/src\/run\/framed\./, "export class RunFrames {}"],
  // What its loader decodes beyond exports, these kernels have none of.
  [
    /@assemblyscript\/loader/,
    "export const instantiateSync = (module, imports) => new WebAssembly.Instance(module, imports);",
  ],
];

/**
 * Functions, classes and methods that nothing here calls: processes are isotropic, kernels evaluate and draw, the raster draws
 * particles alone, runs go where they are sought, and kernels come from files.
 */
const emptied = [
  [/src\/score\/evaluate\/anisotropic\./, ["anisotropic"]],
  [/src\/score\/evaluate\/reference\./, ["referenceEvaluation"]],
  [/src\/score\/evaluate\/logRatio\./, ["referenceLogRatios"]],
  [/src\/score\/exact\./, ["ExactScore.posteriorExpectation"]],
  [/src\/data\/mixture\./, ["fromNested"]],
  [/src\/run\/live\./, ["LiveRun.advance", "LiveRun.advanceSync", "LiveRun.restart"]],
  [/src\/run\/wasm\/parts\./, ["WasmParts.runSync"]],
  [
    /src\/raster\/raster\./,
    [
      "PlainCanvas",
      "KernelCanvas.field",
      "Raster.field",
      "Raster.background",
      "Raster.counts",
      "Raster.pixels",
      "Raster.view",
    ],
  ],
  [/bindings\/load\./, ["loadModule"]],
];
const nobody = '{ throw new Error("the explorer has no use for this"); }';

/** Code without the bodies of functions, of classes, and of methods as "Class.name". */
function withoutBodies(code, id, names) {
  const source = ts.createSourceFile(id, code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  const bodies = new Map();
  for (const one of source.statements) {
    const name = one.name?.text;
    if (one.body) bodies.set(name, [one.body.getStart(source), one.body.end, nobody]);
    if (!ts.isClassDeclaration(one)) continue;
    bodies.set(name, [one.members.pos, one.members.end, ` constructor() ${nobody} `]);
    for (const { body, name: own } of one.members) {
      if (body && own) bodies.set(`${name}.${own.text}`, [body.getStart(source), body.end, nobody]);
    }
  }
  const found = names.map((name) => {
    if (!bodies.has(name)) throw new Error(`${id} has no ${name}`);
    return bodies.get(name);
  });
  let out = code;
  for (const [from, to, text] of found.sort((a, b) => b[0] - a[0]))
    out = out.slice(0, from) + text + out.slice(to);
  return out;
}

const noMatrix = "\0no-matrix";

function trimmed() {
  const used = new Set();
  return {
    name: "trimmed",
    resolveId(id, importer) {
      // Matrices of processes again: the one thing that fields of one's own take from that file.
      return /score\/custom\.js$/.test(importer ?? "") && id.endsWith("/numeric/linear.js") ? noMatrix : null;
    },
    load(id) {
      if (id === noMatrix) return "export const multiply = () => {};";
      const found = without.find(([pattern]) => pattern.test(id));
      if (found) used.add(found);
      return found?.[1] ?? null;
    },
    buildEnd(error) {
      const idle = without.filter((one) => !used.has(one));
      if (!error && idle.length > 0) throw new Error(`no module is ${idle.map(([one]) => one).join(" or ")}`);
    },
    transform(code, id) {
      let out = code;
      if (/bindings\/load\.js$/.test(id)) {
        out = out.replace(/export const isNode = [^;]+;/, "export const isNode = false;");
        if (out === code) throw new Error(`${id} has no isNode`);
      }
      const names = emptied.filter(([pattern]) => pattern.test(id)).flatMap(([, list]) => list);
      if (names.length > 0) out = withoutBodies(out, id, names);
      return out === code ? null : { code: out, map: null };
    },
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
