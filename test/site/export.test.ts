// What is saved is what is shown: files to the byte, and a program that makes the very same particles in Node.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { parseCsv, parseNpy } from "vkernel/io";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VkernelExplorer } from "../../site/element.js";
import type { ExportFormat } from "../../site/exporter.js";
import { decodeState } from "../../site/state/decode.js";
import type { View } from "../../site/state/state.js";
import { root } from "../browser/bundle.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { type OpenSite, openSite, sha256 } from "./site.js";

const execute = promisify(execFile);
/** Inside the package, so that programs find the library by its name. */
const folder = join(root, "build/site-programs");

let browser: Browser;
let site: OpenSite;
let page: Page;

const explorer = "vkernel-explorer";

/** A file of the explorer's, as bytes. */
async function saved(format: ExportFormat): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await page.evaluate(async (format) => {
    const blob = await (document.querySelector("vkernel-explorer") as VkernelExplorer).exportAs(format);
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  }, format);
  return Uint8Array.from(bytes);
}

/** The particles that are shown. */
async function shown(): Promise<{
  data: Float32Array<ArrayBuffer>;
  count: number;
  dim: number;
  step: number;
}> {
  const { data, ...rest } = await page.evaluate(async (name) => {
    const got = await (document.querySelector(name) as VkernelExplorer).getParticles();
    return { ...got, data: Array.from(got.data) };
  }, explorer);
  return { data: Float32Array.from(data), ...rest };
}

/** Shows a view at a step. */
const show = (view: Partial<View>, seed: number, step: number): Promise<void> =>
  page.evaluate(
    async ({ view, seed, step }) => {
      const one = document.querySelector("vkernel-explorer") as VkernelExplorer;
      one.setState({ seed, view });
      await one.seek(step);
    },
    { view, seed, step },
  );

describe.skipIf(skipReason !== undefined)(browserTitle("exports"), () => {
  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    browser = await launch();
    site = await openSite(browser, { context: { reducedMotion: "reduce" } });
    page = site.page;
  });
  afterAll(async () => {
    await site?.close();
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
    expect(site?.errors).toEqual([]);
  });

  it("npy, csv and json are getParticles()", async () => {
    await show({ particles: 1234, steps: 25 }, 3, 12);
    const { data, count, dim, step } = await shown();
    expect([count, dim, step]).toEqual([1234, 2, 12]);
    const npy = parseNpy(await saved("npy"));
    expect(npy.shape).toEqual([count, dim]);
    expect(npy.data).toEqual(data);
    const csv = parseCsv(new TextDecoder().decode(await saved("csv")));
    expect([csv.header, csv.rows]).toEqual([["x", "y"], count]);
    expect(Float32Array.from(csv.data)).toEqual(data);
    const json = JSON.parse(new TextDecoder().decode(await saved("json")));
    expect(Float32Array.from(json.particles.flat())).toEqual(data);
    expect([json.step, json.dim, json.engine.kernels]).toEqual([12, 2, "simd"]);
    expect(decodeState(new URL(json.link).hash)).toEqual({ state: json.state, notices: [] });
  });

  it("png is a picture of the stage", async () => {
    const png = await saved("png");
    expect(Array.from(png.subarray(1, 4), (byte) => String.fromCharCode(byte)).join("")).toBe("PNG");
    const { width, height } = await page.evaluate(async () => {
      const blob = await (document.querySelector("vkernel-explorer") as VkernelExplorer).exportAs("png");
      const { width, height } = await createImageBitmap(blob);
      return { width, height };
    });
    expect(Math.min(width, height)).toBeGreaterThan(400);
  });

  it("a format that there is not is an error that says so", async () => {
    const message = await page.evaluate(async (name) => {
      const one = document.querySelector(name) as VkernelExplorer;
      return one.exportAs("gif" as "png").catch((error) => String(error));
    }, explorer);
    expect(message).toMatch(/expected one of png, csv, npy, json, node, got gif/);
  });

  const views: [string, Partial<View>, number][] = [
    ["the exact score by Heun", { estimator: "exact", sampler: "heun", grid: "karras" }, 20],
    ["half way, by dopri5 on the OU process", { estimator: "exact", sampler: "dopri5", process: "ou" }, 11],
    ["the posterior sampler on vp", { sampler: "posterior", process: "vp", grid: "logarithmic" }, 20],
    ["predictor-corrector", { sampler: "predictorCorrector", process: "ve", grid: "squareRoot" }, 19],
    ["noise as printed", { sampler: "eulerMaruyamaPrinted", process: "ou", grid: "logarithmic" }, 20],
    ["the naive score, whose sampler gives way", { estimator: "naive", draws: 3, sampler: "heun" }, 20],
    ["the effective SDE", { estimator: "effective", draws: 2, sampler: "eulerMaruyama" }, 20],
    ["noise of a noise time", { estimator: "noiseTime", noiseTime: 0.37, sampler: "ancestral" }, 20],
    ["a smoothed score, tied to t", { estimator: "smoothed", sampler: "dpmpp2m" }, 20],
    ["a smoothed score of fixed width", { estimator: "smoothed", tau: 0.58, sampler: "rk4" }, 20],
    [
      "a piecewise score on a line",
      { set: "four", estimator: "piecewise", process: "ve", sampler: "euler" },
      20,
    ],
    ["a piecewise score off a line, which gives way", { estimator: "piecewise", sampler: "euler" }, 20],
    ["the kernel density", { estimator: "kde" }, 17],
    ["points of one's own", { set: "own", points: [0.25, -1, 1.5, 0.3333, -0.1, 2] }, 20],
  ];

  it.each(views)("as Node code: %s", { tags: ["long"] }, async (_, view, step) => {
    const whole = {
      set: "polygon",
      points: [],
      process: "edm",
      estimator: "exact",
      sampler: "heun",
      grid: "linear",
      tau: "tied",
      steps: 20,
      particles: 500,
      ...view,
    } as const;
    await show(whole, 77, step);
    const here = await shown();
    expect(here.step).toBe(step);
    const program = new TextDecoder().decode(await saved("node"));
    const file = join(folder, "particles.mjs");
    const hashing = `
const { createHash } = await import("node:crypto");
console.log(createHash("sha256").update(new Uint8Array(particles.buffer)).digest("hex"), particles.length);
`;
    await writeFile(file, program.replace("console.log(particles);", "") + hashing);
    const { stdout, stderr } = await execute(process.execPath, [file], { cwd: folder });
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe(`${await sha256(here.data)} ${here.data.length}`);
  });
});
