import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { formatMessage } from "publint/utils";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundlePage, page, root } from "../browser/bundle.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { serve, strictPolicy } from "../browser/server.js";
import { type Packed, packProject } from "./packed.js";

const execute = promisify(execFile);

/** Everything that may be in the package. */
const allowed = [
  /^package\.json$/,
  /^README\.md$/,
  /^LICENSE$/,
  /^bin\/vkernel\.js$/,
  /^data\/[^/]+$/,
  /^dist\/[^/]+(\.js|\.d\.ts)$/,
  /^dist\/vkernel\.integrity$/,
  /^dist\/licenses\.txt$/,
  /^dist\/chunks\/[\w/.-]+(\.js|\.d\.ts)$/,
  /^dist\/wasm\/(simd|relaxed)-(local|shared)\.wasm$/,
];
/**
 * The README shows figures; they are looked at on the web, not installed. Kilobytes of what is installed, of which the
 * images of `digits` and `fashion`, each a file that loads when it is asked for, are some 650, the four builds of the
 * kernels, as files and embedded (shared ones as a difference), some 1,360, and the bundle for pages some 1,110.
 */
const SIZE_LIMIT = 4900;

let project: string;
let packed: Packed;
let remove: (() => Promise<void>) | undefined;

/** The first program of the README: its first block of code that makes an engine. */
async function firstProgram(): Promise<string | undefined> {
  const readme = await readFile(join(root, "README.md"), "utf8").catch(() => undefined);
  if (readme === undefined) return undefined;
  const blocks = Array.from(
    readme.matchAll(/```(?:ts|js|typescript|javascript)\n([\s\S]*?)```/g),
    (m) => m[1],
  );
  return blocks.find((block) => block.includes("createEngine"));
}

/** Keeps what a program logs, typed arrays as plain ones, so that Node and pages can be compared. */
const capture = `
const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
globalThis.logged = [];
console.log = (...values) => void globalThis.logged.push(values.map(plain));
`;

/** The numbers that a program logged: not how long it took, nor on how many threads. */
function results(logged: readonly (readonly unknown[])[]): unknown[] {
  return logged.flat().filter((value) => typeof value !== "object" || Array.isArray(value));
}

async function inNode(program: string): Promise<unknown[]> {
  await writeFile(join(project, "program.mjs"), program);
  const atExit = `process.on("exit", () => process.stdout.write(JSON.stringify(globalThis.logged)));`;
  await writeFile(join(project, "capture.mjs"), capture + atExit);
  const args = ["--import", "./capture.mjs", "program.mjs"];
  const { stdout, stderr } = await execute(process.execPath, args, { cwd: project });
  expect(stderr).toBe("");
  return results(JSON.parse(stdout));
}

describe("the package", () => {
  beforeAll(async () => {
    const made = await packProject();
    ({ project, remove } = made);
    packed = made.packed.vkernel as Packed;
  });
  afterAll(() => remove?.());

  it("contains what it should and nothing else", async () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
    for (const path of [
      "package.json",
      "README.md",
      "LICENSE",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/worker.js",
      "dist/vkernel.js",
      "dist/vkernel.integrity",
    ]) {
      expect(paths).toContain(path);
    }
    const kilobytes = (bytes: number) => Math.round(bytes / 1024);
    console.info(
      `${packed.filename}: ${kilobytes(packed.size)} KiB packed, ${kilobytes(packed.unpackedSize)} KiB unpacked, ${paths.length} files`,
    );
    expect(kilobytes(packed.unpackedSize)).toBeLessThan(SIZE_LIMIT);
  });

  it("runs no script when it is installed", async () => {
    const { scripts = {} } = JSON.parse(
      await readFile(join(project, "node_modules/vkernel/package.json"), "utf8"),
    );
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  it("is clean to publint", async () => {
    const { messages, pkg } = await publint({
      pkgDir: join(project, "node_modules/vkernel"),
      strict: true,
      pack: false,
    });
    // worker.js is a classic script, neither CommonJS nor a module; publint takes the loader's local name `exports` in it
    // for CommonJS.
    const known = messages.filter(
      ({ code, path }) => !(code === "FILE_INVALID_FORMAT" && path.join(".") === "exports../worker.default"),
    );
    expect(known.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it("has the README's first program among its examples", async () => {
    const program = await firstProgram();
    if (program !== undefined) expect(program).toBe(await example());
  });

  it("runs the first program in Node", async () => {
    const logged = await inNode(await example());
    expect(logged.length).toBeGreaterThan(0);
  });

  it("measures a sampler", { tags: ["long"] }, async () => {
    const program = `
import { conformance } from "vkernel/conformance";
const step = ({ x, t, s, denoise }) => {
  const d = denoise(x, t);
  return x.map((v, i) => v + ((s - t) / t) * (v - d[i]));
};
const { passed, order } = await conformance({ step }, { order: 1, particles: 1000, budgets: [10] });
console.log(passed, order.measured[0].kind);
`;
    expect(await inNode(program)).toEqual([true, "flow"]);
  });

  it("goes step by step and draws", async () => {
    const program = `
import { createEngine, edm, exactScore, heun, karras, liveRun } from "vkernel";
import { camera, createRaster } from "vkernel/raster";
const engine = await createEngine({ threads: 2 });
const size = { width: 40, height: 30 };
const data = engine.mixture([[1.05, 0.05], [-0.95, 0.05]]);
const live = await liveRun(exactScore(data, edm()), { sampler: heun(), grid: karras({ steps: 8 }), count: 5000, seed: 1 });
const raster = createRaster(engine, size);
while (!live.done) await live.advance();
await raster.splat(live, { camera: camera({ center: [0, 0], scale: 10, ...size }) });
// Half the particles at each point: the middle of pixels (30, 14) and (10, 14).
const { counts } = raster;
const at = (x, y) => counts[y * size.width + x];
console.log(at(30, 14) + at(10, 14), Math.abs(at(30, 14) - 2500) < 250, raster.pixels.length);
engine.close();
`;
    expect(await inNode(program)).toEqual([5000, true, 4800]);
  });

  it("brings the loader and nothing else", async () => {
    const modules = join(project, "node_modules");
    const names = (await readdir(modules)).filter((name) => !name.startsWith("."));
    expect(names.sort()).toEqual(["@assemblyscript", "vkernel"]);
    expect(await readdir(join(modules, "@assemblyscript"))).toEqual(["loader"]);
    const { dependencies } = JSON.parse(await readFile(join(modules, "vkernel/package.json"), "utf8"));
    expect(Object.keys(dependencies)).toEqual(["@assemblyscript/loader"]);
  });

  it("reads and writes tables and archives with what it brings", async () => {
    const program = `
import { encodeNpz, parseCsv, parseNpz } from "vkernel/io";
const { data, rows, dim } = parseCsv('x,y\\n1,"2"\\n3,4\\n');
const file = encodeNpz({ points: { data, shape: [rows, dim] } }, { compress: true });
console.log(parseNpz(file).get("points").data);
`;
    expect(await inNode(program)).toEqual([[1, 2, 3, 4]]);
  });

  it("says with what line its command line is installed", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const started = execute(join(project, "node_modules/.bin/vkernel"), ["info"], { cwd: project });
    await expect(started).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: `vkernel: the command line is a package of its own; this installs it: npm install vkernel-cli@${version}\n`,
    });
  });

  describe.skipIf(skipReason !== undefined)(browserTitle("bundled by rollup, in Chromium"), () => {
    it.each([
      ["a cross-origin isolated page", { isolated: true }],
      ["an ordinary page", { isolated: false }],
      ["an ordinary page with a strict content-security policy", { isolated: false, policy: strictPolicy }],
    ])(
      "runs the first program on %s, with the same results as in Node",
      { tags: ["long"] },
      async (_, options) => {
        const program = await example();
        const expected = await inNode(program);
        const input = join(project, "browser.js");
        await writeFile(input, `${program}\nglobalThis.finished = true;\n`);
        const files = await bundlePage(input, []);
        files.set("/capture.js", capture);
        files.set("/index.html", page("capture.js", "page.js"));
        const [browser, server] = await Promise.all([launch(), serve({ files, ...options })]);
        try {
          const tab = await browser.newPage();
          const errors: string[] = [];
          tab.on("pageerror", (error) => errors.push(String(error)));
          await tab.goto(server.url);
          await expect
            .poll(() => (errors.length > 0 ? errors : tab.evaluate(() => "finished" in globalThis)))
            .toBe(true);
          const logged = await tab.evaluate(() => (globalThis as unknown as { logged: unknown[][] }).logged);
          expect(results(logged)).toEqual(expected);
          expect(errors).toEqual([]);
        } finally {
          await browser.close();
          await server.close();
        }
      },
    );
  });
});

function example(): Promise<string> {
  return readFile(join(root, "examples/first.js"), "utf8");
}
