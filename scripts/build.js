// Builds everything, in order, when a source is newer than what was built from it:
//   assembly/ -> build/wasm/*.wasm -> build/generated (embedded bytes, data, worker) -> build/ts -> dist/ and cli/dist/
// With --site also the explorer: site/, build/ts/claims and build/ts/src -> dist/site/, and a copy in cli/dist/. With --generated only what the sources need to run.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import resolve from "@rollup/plugin-node-resolve";
import { build as bundleScript } from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { asModule } from "./as-module.js";
import { buildBundle } from "./build-bundle.js";
import { buildCli } from "./build-cli.js";
import { buildSite } from "./build-site.js";
import { chunkOf } from "./chunks.js";
import { portable } from "./build-types.js";
import { abiSource } from "./generate/abi.js";
import { generateDigits } from "./generate/digits.js";
import { generateFashion } from "./generate/fashion.js";
import { licenses } from "./licenses.js";
import { step as doStep } from "./step.js";
import { withSharedMemory } from "./shared-memory.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const quiet = process.argv.includes("--quiet");
const say = (text) => quiet || console.log(text);
const run = promisify(execFile);

async function filesIn(folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true });
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath ?? e.path, e.name));
}

/** What is built into a package's own folder is no source. */
const isSource = (path) => !/^cli\/(dist|node_modules)\//.test(path.slice(root.length));

async function stampOf(folders, files) {
  const hash = createHash("sha256");
  const all = [
    ...(await Promise.all(folders.map(filesIn))).flat().filter(isSource),
    ...files.map((f) => join(root, f)),
  ].sort();
  for (const file of all) hash.update(file.slice(root.length)).update(await readFile(file));
  return hash.digest("hex");
}

async function writeIfChanged(path, content) {
  const old = await readFile(path, "utf8").catch(() => undefined);
  if (old !== content) await writeFile(path, content);
}

/** Takes back what was emitted from sources that are gone; a compiler that starts from its last state leaves it. */
async function dropStale() {
  const emitted = join(root, "build/ts");
  const files = await filesIn("build/ts").catch(() => []);
  for (const file of files) {
    const source = join(root, file.slice(emitted.length)).replace(/(\.d\.ts|\.js)$/, ".ts");
    if (source.endsWith(".ts") && !existsSync(source)) await rm(file);
  }
}

/** The part of a text, `start` to `end`, that `text` replaces to make another. */
function difference(from, to) {
  let start = 0;
  while (start < from.length && from[start] === to[start]) start++;
  let end = from.length;
  for (let at = to.length; end > start && at > start && from[end - 1] === to[at - 1]; at--) end--;
  return { start, end, text: to.slice(start, to.length - (from.length - end)) };
}

/** What each step does. */
const doing = {
  wasm: "building the kernels (AssemblyScript to WebAssembly, two builds)",
  library: "building the library and the command line (TypeScript, bundles)",
  site: "building the explorer's page",
};

/** Also who wants it quiet is told what it is at. */
async function step(name, stamp, work) {
  const seconds = await doStep(join(root, "build/stamps"), name, doing[name], stamp, work);
  if (seconds !== undefined) say(`${name}: ${seconds.toFixed(1)} s`);
}

/** Modules of the library that users import by name, as `vkernel/io`, and the one for its command line. */
const entries = {
  index: "index",
  reference: "reference/index",
  io: "io/index",
  conformance: "conformance/index",
  raster: "raster/index",
  internal: "internal",
};

/** What is compiled is the library under its own name too, for the command line beside it. */
async function compiledPackage() {
  const { name, version, type, sideEffects } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const exports = Object.fromEntries(
    Object.entries(entries).map(([entry, module]) => [
      entry === "index" ? "." : `./${entry}`,
      `./src/${module}.js`,
    ]),
  );
  exports["./package.json"] = "./package.json";
  return `${JSON.stringify({ name, version, type, sideEffects, exports }, null, 2)}\n`;
}

const kinds = ["simd", "relaxed"];
const builds = kinds.flatMap((kind) => [`${kind}-local`, `${kind}-shared`]);

await mkdir(join(root, "build/stamps"), { recursive: true });
await mkdir(join(root, "build/generated/wasm"), { recursive: true });

try {
  await step(
    "wasm",
    await stampOf(
      ["assembly"],
      ["asconfig.json", "scripts/shared-memory.js", "node_modules/assemblyscript/package.json"],
    ),
    async () => {
      const asc = join(root, "node_modules/assemblyscript/bin/asc.js");
      await Promise.all(
        kinds.map(async (kind) => {
          const target = `${kind}-local`;
          await run(
            process.execPath,
            [asc, "assembly/index.ts", "--config", "asconfig.json", "--target", target],
            { cwd: root },
          );
          const shared = withSharedMemory(await readFile(join(root, `build/wasm/${target}.wasm`)));
          await writeFile(join(root, `build/wasm/${kind}-shared.wasm`), shared);
        }),
      );
    },
  );
  for (const kind of kinds) {
    const [local, shared] = await Promise.all(
      ["local", "shared"].map((memory) =>
        readFile(join(root, `build/wasm/${kind}-${memory}.wasm`), "base64"),
      ),
    );
    const folder = join(root, "build/generated/wasm");
    await writeIfChanged(join(folder, `${kind}-local.ts`), `export const base64 = "${local}";\n`);
    // The two differ in how they import their memory, which is one byte: the second is embedded as a difference.
    const { start, end, text } = difference(local, shared);
    await writeIfChanged(
      join(folder, `${kind}-shared.ts`),
      `import { base64 as local } from "./${kind}-local.js";\n` +
        `export const base64: string = \`\${local.slice(0, ${start})}${text}\${local.slice(${end})}\`;\n`,
    );
  }
  await writeIfChanged(join(root, "build/generated/abi.ts"), await abiSource(root));
  await generateDigits(root);
  await generateFashion(root);
  // The worker's script, from its sources: it is embedded, and a file of the package.
  const { outputFiles } = await bundleScript({
    entryPoints: [join(root, "bindings/worker.ts")],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    minify: true,
    legalComments: "none",
  });
  const code = outputFiles[0].text;
  await writeIfChanged(
    join(root, "build/generated/worker-source.ts"),
    `export const workerSource = ${JSON.stringify(code)};\n`,
  );
  if (process.argv.includes("--generated")) process.exit(0);
  const sources = await stampOf(
    ["bindings", "src", "claims", "cli", "build/generated/wasm", "scripts/generate"],
    [
      "build/generated/abi.ts",
      "scripts/build.js",
      "scripts/as-module.js",
      "scripts/build-bundle.js",
      "scripts/chunks.js",
      "scripts/build-cli.js",
      "scripts/build-types.js",
      "scripts/licenses.js",
      "scripts/step.js",
      "tsconfig.json",
      "tsconfig.build.json",
      "package.json",
      "package-lock.json",
      "data/digits.csv.gz",
      "data/fashion-images-idx3-ubyte.gz",
    ],
  );
  await step("library", sources, async () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    await dropStale();
    await run(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root });
    await rm(join(root, "dist"), { recursive: true, force: true });
    await rm(join(root, "build/stamps/site"), { force: true });
    await mkdir(join(root, "dist/wasm"), { recursive: true });
    await writeFile(join(root, "dist/worker.js"), code);
    await writeFile(join(root, "dist/licenses.txt"), await licenses(root));
    await writeFile(join(root, "dist/worker.d.ts"), "export {};\n");
    for (const name of builds)
      await cp(join(root, `build/wasm/${name}.wasm`), join(root, `dist/wasm/${name}.wasm`));
    await writeFile(join(root, "build/ts/package.json"), await compiledPackage());
    const compiled = (ending) =>
      Object.fromEntries(
        Object.entries(entries).map(([name, module]) => [
          name,
          join(root, "build/ts/src", `${module}${ending}`),
        ]),
      );
    // The loader is the one dependency. What reads tables and archives is inside the chunks of `vkernel/io`.
    const bundle = await rollup({
      input: compiled(".js"),
      external: [/^node:/, "@assemblyscript/loader"],
      plugins: [resolve({ browser: true }), asModule()],
      onwarn,
    });
    const names = new Set(Object.values(compiled(".js")));
    await bundle.write({
      dir: join(root, "dist"),
      format: "es",
      manualChunks: (id, { getModuleInfo }) =>
        names.has(id) ? undefined : chunkOf(root, id, getModuleInfo(id).code),
      entryFileNames: "[name].js",
      chunkFileNames: "chunks/[name].js",
      hoistTransitiveImports: false,
    });
    await bundle.close();
    await buildCli(root, onwarn);
    const { internal: _, ...declared } = compiled(".d.ts");
    const types = await rollup({
      input: declared,
      plugins: [dts()],
      external: (id) => /^[@a-z]/.test(id),
      onwarn,
    });
    await types.write({
      dir: join(root, "dist"),
      format: "es",
      entryFileNames: "[name].d.ts",
      chunkFileNames: "chunks/[name].d.ts",
    });
    // Engines and mixtures work with `using`, whose symbol not every user's lib has.
    const declarations = join(root, "dist/index.d.ts");
    await writeFile(
      declarations,
      `/// <reference lib="esnext.disposable" />\n${await readFile(declarations, "utf8")}`,
    );
    say(`dist/vkernel.js, for pages without a bundler, has integrity ${await buildBundle(root)}`);
    for (const file of (await filesIn("dist")).filter((name) => name.endsWith(".d.ts"))) {
      await writeFile(file, portable(await readFile(file, "utf8")));
    }
  });
  if (process.argv.includes("--site")) {
    const site = await stampOf(["site"], ["scripts/build-site.js"]);
    await step("site", `${sources} ${site}`, () => buildSite(root));
  }
} catch (error) {
  console.error(error.stdout || "", error.stderr || "", error.message);
  process.exit(1);
}

function onwarn(warning, warn) {
  if (["CIRCULAR_DEPENDENCY", "EMPTY_BUNDLE"].includes(warning.code)) throw new Error(warning.message);
  warn(warning);
}
