// The package in users' bundles, and the bundle that it brings, on pages of a plain folder.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild, transform } from "esbuild";
import type { Browser } from "playwright-core";
import { rollup } from "rollup";
import { build as vite, createLogger } from "vite";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import webpack from "webpack";
import { startServer } from "../../cli/server.js";
import { gzipped, importsOf } from "../../scripts/site-sizes.js";
import { root } from "../browser/bundle.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { bitsHashes, bitsRuns } from "../shared/bits.js";
import { type PackedProject, packProject } from "./packed.js";

/** Enough of the promise to see every part of the library at work, images included. */
const some = /^sample (D1 naive|D2 posterior|D3 dopri5|digits heun)|^evaluate D7 f64/;
const promised = Object.fromEntries(Object.entries(bitsHashes).filter(([name]) => some.test(name)));

const html = (head = "") =>
  `<!doctype html><html lang="en"><title>vkernel</title><link rel="icon" href="data:,">${head}<script type="module" src="entry.js"></script></html>`;

/** A program that computes promised bits with the library by this name. */
const program = (from: string) => `
import * as vkernel from ${JSON.stringify(from)};
import { bitsCases, bitsRuns } from "./bits.js";
const engine = await vkernel.createEngine({ threads: 2 });
globalThis.outcome = { info: engine.info, hashes: await bitsCases(vkernel, {}, bitsRuns.filter(({ name }) => ${some}.test(name))) };
engine.close();
`;

/** Bundles `entry.js` into a folder, as `entry.js` and what it loads; says what the bundler warned of. */
const bundlers: Record<string, (from: string, to: string) => Promise<string[]>> = {
  webpack: (from, to) =>
    new Promise((resolve, reject) => {
      const options: webpack.Configuration = {
        mode: "production",
        context: from,
        entry: "./entry.js",
        output: { path: to, filename: "entry.js" },
        // Its limit is of 244 KiB per file; kernels and images are what they are.
        performance: { hints: false },
      };
      webpack(options, (error, stats) => {
        if (error || stats === undefined) return reject(error);
        const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true });
        resolve([...errors, ...warnings].map(({ message }) => message));
      });
    }),
  esbuild: async (from, to) => {
    const { errors, warnings } = await esbuild({
      absWorkingDir: from,
      entryPoints: ["entry.js"],
      bundle: true,
      splitting: true,
      format: "esm",
      target: "es2022",
      outdir: to,
      logLevel: "silent",
    });
    return [...errors, ...warnings].map(({ text }) => text);
  },
  vite: async (from, to) => {
    const warnings: string[] = [];
    const logger = createLogger("warn");
    logger.warn = logger.error = logger.warnOnce = (text) => void warnings.push(text);
    await vite({
      root: from,
      configFile: false,
      customLogger: logger,
      build: {
        target: "es2022",
        outDir: to,
        chunkSizeWarningLimit: 1024,
        rollupOptions: { input: join(from, "entry.js"), output: { entryFileNames: "entry.js" } },
      },
    });
    return warnings;
  },
  rollup: async (from, to) => {
    const warnings: string[] = [];
    const bundle = await rollup({
      input: join(from, "entry.js"),
      plugins: [nodeResolve({ browser: true })],
      onwarn: ({ message }) => void warnings.push(message),
    });
    await bundle.write({ dir: to, format: "es" });
    await bundle.close();
    return warnings;
  },
};

describe("the package", () => {
  let made: PackedProject;
  let browser: Browser | undefined;
  beforeAll(async () => {
    made = await packProject();
    const source = await readFile(join(root, "test/shared/bits.ts"), "utf8");
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    await writeFile(
      join(made.project, "bits.js"),
      ts.transpileModule(source, { compilerOptions }).outputText,
    );
    await writeFile(join(made.project, "entry.js"), program("vkernel"));
    if (skipReason === undefined) browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await made?.remove();
  });

  /** What the program on a page of a folder computed. */
  async function outcome(folder: string, isolated: boolean) {
    const missing: string[] = [];
    const onMissing = (path: string): void => void missing.push(path);
    const server = await startServer({ folder, isolated, policy: undefined, onMissing });
    const context = await (browser as Browser).newContext();
    try {
      const tab = await context.newPage();
      const failed = new Promise<never>((_, reject) => {
        tab.on("pageerror", reject);
        tab.on("console", (message) => message.type() === "error" && reject(new Error(message.text())));
      });
      await tab.goto(server.url);
      const done = tab.waitForFunction(() => "outcome" in globalThis);
      await Promise.race([done, failed]);
      const { info, hashes } = await tab.evaluate(
        () =>
          (globalThis as unknown as { outcome: { info: { threads: number; note?: string }; hashes: object } })
            .outcome,
      );
      expect(missing).toEqual([]);
      return { info, hashes };
    } finally {
      await context.close();
      await server.close();
    }
  }

  describe.each(Object.entries(bundlers))("bundled by %s", (name, bundle) => {
    const place = () => join(made.project, `by-${name}`);

    it("gives no warning", { tags: ["long"] }, async () => {
      await mkdir(place());
      expect(await bundle(made.project, place())).toEqual([]);
      expect(await readdir(place())).toContain("entry.js");
      await writeFile(join(place(), "index.html"), html());
    });

    it.skipIf(skipReason !== undefined)(
      browserTitle("runs in Chromium, to the promised bits"),
      { tags: ["long"] },
      async () => {
        const { info, hashes } = await outcome(place(), true);
        expect(info).toMatchObject({ kernels: "simd", threads: 2, sharedMemory: true });
        expect(hashes).toEqual(promised);
      },
    );
  });

  describe("a page that samples loads first what every run takes", () => {
    const page = `import { createEngine, edm, exactScore, heun, karras, sample } from "vkernel";
const engine = await createEngine();
const field = exactScore(engine.mixture([[0, 0], [1, 1]]), edm());
globalThis.run = await sample(field, { sampler: heun(), grid: karras({ steps: 18 }), count: 100 });`;
    const minify = (code: string) => transform(code, { minify: true, format: "esm", target: "es2022" });

    /** Gzipped bytes of a chunk and of all that it imports at once, and their names. */
    function firstLoad(chunks: ReadonlyMap<string, string>): number {
      const seen = new Set<string>();
      const visit = (name: string): number => {
        if (seen.has(name)) return 0;
        seen.add(name);
        const code = chunks.get(name) as string;
        return importsOf(code).reduce(
          (sum, other) => sum + visit(posix.normalize(posix.join(posix.dirname(name), other))),
          gzipped(new TextEncoder().encode(code)),
        );
      };
      return visit("small.js");
    }

    it.each([
      // Splits what a barrel reaches less finely than Rollup does.
      ["esbuild", 55_000],
      ["rollup", 43_000],
    ])("by %s, at most %i bytes gzipped", async (name, most) => {
      await writeFile(join(made.project, "small.js"), page);
      const chunks = new Map<string, string>();
      if (name === "esbuild") {
        const { outputFiles } = await esbuild({
          absWorkingDir: made.project,
          entryPoints: ["small.js"],
          bundle: true,
          splitting: true,
          minify: true,
          write: false,
          format: "esm",
          target: "es2022",
          outdir: made.project,
        });
        for (const { path, text } of outputFiles) chunks.set(path.split(/[\\/]/).at(-1) as string, text);
      } else {
        const bundle = await rollup({
          input: join(made.project, "small.js"),
          plugins: [nodeResolve({ browser: true })],
        });
        const { output } = await bundle.generate({ format: "es" });
        await bundle.close();
        for (const one of output) {
          if (one.type === "chunk") chunks.set(one.fileName, (await minify(one.code)).code);
        }
      }
      expect(chunks.size).toBeGreaterThan(10);
      const bytes = firstLoad(chunks);
      expect(bytes).toBeGreaterThan(20_000);
      expect(bytes).toBeLessThanOrEqual(most);
    });
  });

  describe("its own bundle", () => {
    const place = () => join(made.project, "plain");
    const inPackage = (name: string) => join(made.project, "node_modules/vkernel/dist", name);
    beforeAll(async () => {
      await mkdir(place());
      for (const name of ["vkernel.js", "vkernel.integrity"])
        await copyFile(inPackage(name), join(place(), name));
      await copyFile(join(made.project, "bits.js"), join(place(), "bits.js"));
      await writeFile(join(place(), "entry.js"), program("./vkernel.js"));
      const integrity = (await readFile(inPackage("vkernel.integrity"), "utf8")).trim();
      const preload = `<link rel="modulepreload" href="vkernel.js" integrity="${integrity}">`;
      await writeFile(join(place(), "index.html"), html(preload));
      await writeFile(join(place(), "fashion.html"), html().replace("entry.js", "fashion.js"));
      const asking = `import { fashion } from "./vkernel.js";
globalThis.said = await fashion().then(() => "came", ({ code, message }) => code + ": " + message);`;
      await writeFile(join(place(), "fashion.js"), asking);
    });

    it("has the integrity that is written beside it", async () => {
      const hash = createHash("sha384")
        .update(await readFile(inPackage("vkernel.js")))
        .digest("base64");
      expect(await readFile(inPackage("vkernel.integrity"), "utf8")).toBe(`sha384-${hash}\n`);
    });

    it("exports what the entries export", async () => {
      const [bundle, ...entries] = await Promise.all(
        ["vkernel", "index", "raster", "conformance"].map((name) => import(inPackage(`${name}.js`))),
      );
      expect(Object.keys(bundle).sort()).toEqual(entries.flatMap((entry) => Object.keys(entry)).sort());
    });

    it("asks for no other file but the images of fashion", { tags: ["long"] }, async () => {
      const bundle = await rollup({ input: inPackage("vkernel.js"), external: (id) => id.startsWith(".") });
      const { output } = await bundle.generate({ format: "es" });
      await bundle.close();
      expect([output[0].imports, output[0].dynamicImports]).toEqual([[], ["chunks/fashion.js"]]);
    });

    it.skipIf(skipReason !== undefined).each([
      ["with threads on an isolated page", true],
      ["on one thread elsewhere", false],
    ])(
      browserTitle("runs from a plain folder, by <script type=module> and no import map, %s"),
      { tags: ["long"] },
      async (_, isolated) => {
        const { info, hashes } = await outcome(place(), isolated);
        expect(info).toMatchObject({
          kernels: "simd",
          sharedMemory: isolated,
          threads: isolated ? 2 : 1,
        });
        expect(hashes).toEqual(promised);
      },
    );

    it.skipIf(skipReason !== undefined)(
      browserTitle("says which file is missing when fashion is asked for"),
      async () => {
        const server = await startServer({ folder: place(), isolated: false, policy: undefined });
        const context = await (browser as Browser).newContext();
        try {
          const tab = await context.newPage();
          await tab.goto(`${server.url}fashion.html`);
          await tab.waitForFunction(() => "said" in globalThis);
          const error = await tab.evaluate(() => (globalThis as unknown as { said: string }).said);
          expect(error).toMatch(/^E_IO: .*serve the folder chunks beside/);
        } finally {
          await context.close();
          await server.close();
        }
      },
    );
  });

  it("asks for at least six runs of the promise", () => {
    expect(bitsRuns.filter(({ name }) => some.test(name)).length).toBe(Object.keys(promised).length);
    expect(Object.keys(promised).length).toBeGreaterThan(6);
  });
});
