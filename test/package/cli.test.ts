// The command line as users get it: both packages from their tarballs, started by the library's own command.
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { formatMessage } from "publint/utils";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../browser/bundle.js";
import { npm, type Packed, type PackedProject, packProject } from "./packed.js";

const execute = promisify(execFile);

/** Everything that may be in the package. */
const allowed = [
  /^package\.json$/,
  /^README\.md$/,
  /^LICENSE$/,
  /^font\/(DejaVuSans\.(ttf|LICENSE)|README\.md)$/,
  /^dist\/(main|reader)\.js$/,
  /^dist\/chunks\/[^/]+\.js$/,
  /^dist\/site\/(explorer|worker|threads|page)\.js$/,
  /^dist\/site\/(index|embed|bench|million)\.html$/,
  /^dist\/site\/(page|aside)\.css$/,
  /^dist\/site\/(bench\/(page|measure)|million\/(page|run))\.js$/,
  /^dist\/site\/aside\/[^/]+\.js$/,
  /^dist\/site\/chunks\/[^/]+\.js$/,
  /^dist\/site\/wasm\/simd-(local|shared)\.wasm$/,
];
/** Kilobytes of what is installed of it, the font included; 60 of them measure the cards of the explorer's stories (`claim`). */
const SIZE_LIMIT = 720;
/**
 * And of the explorer: a folder that any static host serves as it stands, so two kernels and the images are there again; 270 of
 * them are the pages beside it, which have their own copy of what runs need.
 */
const SITE_LIMIT = 2120;

interface Manifest {
  readonly version: string;
  readonly engines: object;
  readonly dependencies: Readonly<Record<string, string>>;
}

describe("the command line's package", () => {
  let made: PackedProject;
  let packed: Packed;
  beforeAll(async () => {
    made = await packProject(["vkernel", "vkernel-cli"]);
    packed = made.packed["vkernel-cli"] as Packed;
  });
  afterAll(() => made?.remove());

  const installed = (path: string): string => join(made.project, "node_modules", path);
  const vkernel = (...words: string[]) =>
    execute(installed(".bin/vkernel"), words, { cwd: made.project, maxBuffer: 2 ** 26 });

  it("contains what it should and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !allowed.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining(["LICENSE", "dist/site/explorer.js", "font/DejaVuSans.ttf"]),
    );
    const kilobytes = (bytes: number) => Math.round(bytes / 1024);
    console.info(
      `${packed.filename}: ${kilobytes(packed.size)} KiB packed, ${kilobytes(packed.unpackedSize)} KiB unpacked, ${paths.length} files`,
    );
    const site = packed.files.filter(({ path }) => path.startsWith("dist/site/"));
    const ofSite = site.reduce((sum, { size }) => sum + size, 0);
    expect(kilobytes(ofSite)).toBeLessThan(SITE_LIMIT);
    expect(kilobytes(packed.unpackedSize - ofSite)).toBeLessThan(SIZE_LIMIT);
  });

  it("works on the library of its own version, one copy of it", async () => {
    const [library, cli] = await Promise.all(
      ["", "cli"].map(
        async (folder): Promise<Manifest> =>
          JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")),
      ),
    );
    expect(cli).toMatchObject({
      version: library?.version,
      engines: library?.engines,
      dependencies: { vkernel: library?.version },
    });
    const listed: { path: string }[] = JSON.parse(
      await npm(["query", "[name=vkernel]", "--json"], made.project),
    );
    expect(listed.map(({ path }) => path)).toEqual([installed("vkernel")]);
    // Nothing of the engine lies in its own files: no kernels, no copy of a sampler.
    const files = await readdir(installed("vkernel-cli/dist/chunks"));
    const texts = await Promise.all(
      files.map((name) => readFile(installed(`vkernel-cli/dist/chunks/${name}`), "utf8")),
    );
    expect(texts.filter((text) => /WebAssembly\.|class Mixture /.test(text))).toEqual([]);
  });

  it("is clean to publint", async () => {
    const { messages, pkg } = await publint({
      pkgDir: installed("vkernel-cli"),
      strict: true,
      pack: false,
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it("tells what it runs on, by either package's name", { tags: ["long"] }, async () => {
    for (const name of ["vkernel", "vkernel-cli"]) {
      const info = JSON.parse(await npm(["exec", "--no", "--", name, "info", "--json"], made.project));
      expect(JSON.stringify(info)).toContain('"kernels":"simd"');
    }
  });

  it("samples, with a report", { tags: ["slow"] }, async () => {
    const words = ["sample", "polygon", "--count", "50", "--seed", "1"];
    const { stderr } = await vkernel(...words, "--out", "samples.npy", "--report", "report.html", "--quiet");
    expect(stderr).toBe("");
    const page = await readFile(join(made.project, "report.html"), "utf8");
    expect(page).toMatch(/<svg[\s\S]*<\/html>/);
    expect((await stat(join(made.project, "samples.npy"))).size).toBe(128 + 50 * 2 * 4);
  });

  it("draws a picture in its own font, and reads data on a thread of its own", {
    tags: ["slow"],
  }, async () => {
    const data = ["data", "polygon", "--out", "points.npy", "--quiet"];
    await vkernel(...data);
    const words = ["map", "points.npy", "--quantity", "posteriorEntropy", "--time", "0.4", "--quiet"];
    await vkernel(...words, "--out", "map.png");
    const picture = await readFile(join(made.project, "map.png"));
    expect(picture.subarray(1, 4).toString()).toBe("PNG");
    await vkernel(...words, "--out", "map.svg");
    expect(await readFile(join(made.project, "map.svg"), "utf8")).toContain("DejaVu Sans");
  });
});
