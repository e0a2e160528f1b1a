import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as vkernel from "vkernel";
import { createEngine, type EngineOptions } from "vkernel";
import type { RunningServer, ServerOptions } from "../../cli/server.js";
import { readGolden } from "../golden/files.js";
import type { ScoreGolden } from "../golden/g1.check.js";
import type { SmoothingGolden } from "../golden/g4.check.js";
import type { ReverseGolden } from "../golden/g5.check.js";
import type { EstimatorGolden } from "../golden/g6.check.js";
import { fewerRuns, type LawGolden } from "../golden/g7.check.js";
import { type Precision, variants, variantTitle } from "../golden/golden.js";
import { bitsHashes } from "../shared/bits.js";
import { fokkerPlanckHashes } from "../shared/fokkerPlanck.js";
import { trainedParameters } from "../shared/network.js";
import { kitOf, type Stop, tour, visit } from "../shared/tour.js";
import { bundlePage, root } from "./bundle.js";
import { browserTitle, launch, skipReason } from "./chromium.js";
import type { PageGlobals } from "./page/main.js";
import { hashSamples, type Run, runs } from "./page/tasks.js";
import { serve, strictPolicy } from "./server.js";

/** A worker that starts, takes jobs and never does them. */
const silentScript =
  'onmessage = ({ data }) => { if (data.type === "start") postMessage({ type: "ready" }); };';

let browser: Browser;
let files: ReadonlyMap<string, string | Uint8Array>;

/** A page on a server of its own. */
async function open(
  options: Partial<ServerOptions>,
): Promise<{ page: Page; server: RunningServer; errors: string[]; missing: string[] }> {
  const missing: string[] = [];
  const onMissing = (path: string): void => void missing.push(path);
  const server = await serve({
    files: new Map([...files, ["/silent.js", silentScript]]),
    onMissing,
    ...options,
  });
  const page = await (await browser.newContext()).newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("requestfailed", (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(server.url) && !url.startsWith("blob:")) errors.push(`a request elsewhere: ${url}`);
  });
  await page.goto(server.url);
  // The load event waits for the page's module.
  if (!(await page.evaluate(() => "vk" in globalThis)))
    throw new Error(`the page failed: ${errors.join("; ")}`);
  return { page, server, errors, missing };
}

async function close({ page, server }: { page: Page; server: RunningServer }): Promise<void> {
  await page.context().close();
  await server.close();
}

describe.skipIf(skipReason !== undefined)(browserTitle("Chromium"), () => {
  beforeAll(async () => {
    [browser, files] = await Promise.all([launch(), bundlePage(`${root}/test/browser/page/main.ts`)]);
  });
  afterAll(() => browser?.close());

  describe("a cross-origin isolated page", () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let page: Page;
    beforeAll(async () => {
      opened = await open({ isolated: true });
      page = opened.page;
    });
    afterAll(async () => {
      await close(opened);
      expect(opened.errors).toEqual([]);
    });

    it("shares memory between threads", async () => {
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      const info = await page.evaluate(() => (globalThis as PageGlobals).vk.info({ threads: 2 }));
      expect(info).toMatchObject({ kernels: "simd", threads: 2, sharedMemory: true });
      expect(info.note).toBeUndefined();
    });

    it("notices workers that stop answering: no exit event tells of them", async () => {
      const { code, after, fresh } = await page.evaluate(() =>
        (globalThis as PageGlobals).vk.silentWorker("/silent.js"),
      );
      expect([code, after, fresh]).toEqual(["E_WORKER", "E_WORKER", 100]);
    });

    it("hears of workers that end in the middle of a run", async () => {
      const { code, message, after } = await page.evaluate(() =>
        (globalThis as PageGlobals).vk.endedWorker(),
      );
      expect([code, after]).toEqual(["E_WORKER", "E_WORKER"]);
      expect(message).toMatch(/the browser ended it/);
    });

    it.each([
      { size: 20_000, precision: "f32" },
      { size: 60_000, precision: "f32" },
      { size: 5000, precision: "f64" },
      { size: 5000, precision: "f32", blockSize: 65_536 },
    ] as const)(
      "long work in each query is no death: $size points, $precision",
      { tags: ["long"] },
      async (options) => {
        const sum = await page.evaluate(
          (options) => (globalThis as PageGlobals).vk.heavyBlocks(options),
          options,
        );
        expect(sum).toBeGreaterThan(1);
        expect(Number.isFinite(sum)).toBe(true);
      },
    );

    it("has the relaxed build", async () => {
      const info = await page.evaluate(() => (globalThis as PageGlobals).vk.info({ kernels: "relaxed" }));
      expect(info.kernels).toBe("relaxed");
    });

    describe.each(["f32", "f64"] as const)("the bits of 100,000 samples, %s", (precision: Precision) => {
      it.each(runs)("%s: 1, 2 and 3 threads as in Node", { tags: ["long"] }, async (run: Run) => {
        const expected = await hashSamples({ threads: 1 }, precision, run);
        expect(expected).toMatch(/^[0-9a-f]{64}$/);
        for (const threads of [1, 2, 3]) {
          expect(await hashSamples({ threads }, precision, run), `Node, ${threads} threads`).toBe(expected);
          const got = await page.evaluate(
            ({ threads, precision, run }) =>
              (globalThis as PageGlobals).vk.hashSamples({ threads }, precision, run),
            { threads, precision, run },
          );
          expect(got, `Chromium, ${threads} threads`).toBe(expected);
        }
      });
    });

    it.each([1, 2])("all promised bits, threads: %d", { tags: ["long"] }, async (threads) => {
      const got = await page.evaluate((threads) => (globalThis as PageGlobals).vk.bits({ threads }), threads);
      expect(got).toEqual(bitsHashes);
    });

    const { cases } = readGolden<ScoreGolden>("g1_score_mixture.json");
    it.each(variants)(`g1, scores: ${variantTitle}`, async ({ kernels, precision }) => {
      const result = await page.evaluate(
        ({ kernels, precision, cases }) => (globalThis as PageGlobals).vk.golden(kernels, precision, cases),
        { kernels, precision, cases },
      );
      expect(result).toEqual({ failures: [], kernels, checked: cases.length });
    });

    it.each([1, 2])("solves Fokker-Planck equations to the promised bits, threads: %d", async (threads) => {
      const got = await page.evaluate(
        (threads) => (globalThis as PageGlobals).vk.densities({ threads }),
        threads,
      );
      expect(got).toEqual(fokkerPlanckHashes);
    });

    it.each([1, 2])("trains networks to the bits of Node, %d threads", async (threads) => {
      const engine = await createEngine({ kernels: "simd", threads: 1 });
      const expected = await trainedParameters(engine);
      engine.close();
      const got = await page.evaluate((options) => (globalThis as PageGlobals).vk.trained(options), {
        kernels: "simd" as const,
        threads,
      });
      expect(got).toEqual(expected);
    });

    const smoothing = readGolden<SmoothingGolden>("g4_smoothing.json");
    it.each(["simd", "relaxed", "reference"] as const)("g4, smoothing: %s", async (kernels) => {
      const result = await page.evaluate(
        ({ kernels, golden }) => (globalThis as PageGlobals).vk.smoothing(kernels, golden),
        { kernels, golden: smoothing },
      );
      expect(result).toEqual({ failures: [], kernels });
    });

    const reverse = readGolden<ReverseGolden>("g5_reverse.json");
    it.each(["simd", "relaxed", "reference"] as const)("g5, reverse process: %s", async (kernels) => {
      const result = await page.evaluate(
        ({ kernels, golden }) => (globalThis as PageGlobals).vk.reverse(kernels, golden),
        { kernels, golden: reverse },
      );
      expect(result).toEqual({ failures: [], kernels });
    });

    const estimators = readGolden<EstimatorGolden>("g6_vkernel.json");
    it.each(["simd", "relaxed", "reference"] as const)("g6, estimators: %s", async (kernels) => {
      const result = await page.evaluate(
        ({ kernels, golden }) => (globalThis as PageGlobals).vk.estimators(kernels, golden),
        { kernels, golden: estimators },
      );
      const { naive_step, linear_model, ntk } = estimators;
      const checked = naive_step.length + linear_model.models.length + ntk.learned.results.length;
      expect(result).toEqual({ failures: [], kernels, checked });
    });

    const lawRuns = fewerRuns(
      readGolden<LawGolden>("g7_distribution.json"),
      readGolden<LawGolden>("g7f_fixed_start.json"),
    );
    it.each([
      ["simd", 20_000],
      ["relaxed", 20_000],
      ["reference", 1000],
    ] as const)("g7, laws of samplers: %s", { tags: ["long"] }, async (kernels, count) => {
      const result = await page.evaluate(
        ({ kernels, runs, count }) => (globalThis as PageGlobals).vk.laws(kernels, "f32", runs, count),
        { kernels, runs: lawRuns, count },
      );
      expect(result).toEqual({ failures: [], kernels, checked: lawRuns.length });
    });

    common(() => page, { threads: 2 });
  });

  describe("a page that is not cross-origin isolated", () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let page: Page;
    beforeAll(async () => {
      opened = await open({ isolated: false });
      page = opened.page;
    });
    afterAll(async () => {
      await close(opened);
      expect(opened.errors).toEqual([]);
    });

    it("runs on one thread and says why", async () => {
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      const info = await page.evaluate(() => (globalThis as PageGlobals).vk.info({ threads: 2 }));
      expect(info).toMatchObject({ kernels: "simd", threads: 1, sharedMemory: false });
      expect(info.note).toMatch(/cross-origin isolated/);
    });

    it.each(["f32", "f64"] as const)("gives the same bits, %s", async (precision) => {
      const expected = await hashSamples({ threads: 2 }, precision, "posterior");
      const got = await page.evaluate(
        (precision) => (globalThis as PageGlobals).vk.hashSamples({ threads: 2 }, precision, "posterior"),
        precision,
      );
      expect(got).toBe(expected);
    });

    common(() => page, {});
  });

  describe("a page with a strict content-security policy", () => {
    const worker = "/dist/worker.js";
    const sharedWasm = "/dist/wasm/simd-shared.wasm";
    const localWasm = "/dist/wasm/simd-local.wasm";

    /** Opens the page, does something, and returns the result and what was forbidden meanwhile. */
    async function within<R>(isolated: boolean, work: (page: Page) => Promise<R>) {
      const opened = await open({ isolated, policy: strictPolicy });
      try {
        const result = await work(opened.page);
        const violations = await opened.page.evaluate(() => (globalThis as PageGlobals).vk.violations);
        expect(opened.missing.filter((path) => path !== "/favicon.ico")).toEqual([]);
        return { result, violations };
      } finally {
        await close(opened);
      }
    }

    it.each([
      ["embedded kernels", { threads: 2, worker }],
      ["kernels by URL", { threads: 2, worker, wasm: sharedWasm }],
    ])("allows threads from a worker URL, %s", { tags: ["long"] }, async (_, options) => {
      const { result, violations } = await within(true, (page) =>
        page.evaluate(async (options) => {
          const { vk } = globalThis as PageGlobals;
          return { info: await vk.info(options), hash: await vk.hashSamples(options, "f32", "heun") };
        }, options),
      );
      expect(result.info).toMatchObject({ kernels: "simd", threads: 2, sharedMemory: true });
      expect(result.info.note).toBeUndefined();
      expect(result.hash).toBe(await hashSamples({ threads: 1 }, "f32", "heun"));
      expect(violations).toEqual([]);
    });

    it.each([
      ["embedded kernels", { threads: 1 }],
      ["kernels by URL", { threads: 1, wasm: localWasm }],
    ])("allows one thread, %s", async (_, options) => {
      const { result, violations } = await within(false, (page) =>
        page.evaluate((options) => (globalThis as PageGlobals).vk.info(options), options),
      );
      expect(result).toMatchObject({ kernels: "simd", threads: 1 });
      expect(violations).toEqual([]);
    });

    it("falls back to one thread, and says so, where blob workers are forbidden and no worker URL is given", {
      tags: ["long"],
    }, async () => {
      const { result, violations } = await within(true, (page) =>
        page.evaluate(() => (globalThis as PageGlobals).vk.info({ threads: 2 })),
      );
      expect(result).toMatchObject({ kernels: "simd", threads: 1, sharedMemory: false });
      expect(result.note).toMatch(
        /^one thread: workers could not be started: the page's policy \(worker-src\) has no blob:; give "worker" the URL/,
      );
      expect(violations.every((text) => text.startsWith("worker-src: blob"))).toBe(true);
    });

    it("goes on with one thread where a worker URL leads nowhere, and says which", {
      tags: ["long"],
    }, async () => {
      const opened = await open({ isolated: true, policy: strictPolicy });
      try {
        const options = { threads: 2, worker: "/dist/none.js" };
        const info = await opened.page.evaluate((o) => (globalThis as PageGlobals).vk.info(o), options);
        expect(info).toMatchObject({ kernels: "simd", threads: 1 });
        expect(info.note).toBe("one thread: workers could not be started: /dist/none.js could not be loaded");
      } finally {
        await close(opened);
      }
    });
  });

  describe("a page whose policy forbids compiling Wasm", () => {
    const policy =
      "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; frame-src 'self'";

    it.each([
      ["embedded kernels", {}],
      ["kernels by URL", { wasm: "/dist/wasm/simd-local.wasm" }],
    ])(
      "runs all of the library in plain TypeScript, and says why, %s",
      { tags: ["long"] },
      async (_, options) => {
        const opened = await open({ isolated: true, policy });
        try {
          const info = await opened.page.evaluate((o) => (globalThis as PageGlobals).vk.info(o), options);
          expect(info).toMatchObject({ kernels: "reference", threads: 1 });
          expect(info.note).toMatch(
            /^plain TypeScript.*refuses to compile WebAssembly.*allow 'wasm-unsafe-eval'/,
          );
          if ("wasm" in options) return;
          const found = await opened.page.evaluate(() =>
            (globalThis as PageGlobals).vk.tourNumbers({}, false),
          );
          expect(Object.keys(found)).toEqual(Object.keys(tour));
          for (const [name, numbers] of Object.entries(await tourHere({ kernels: "reference" }))) {
            const { relative = 1e-10 } = tour[name] as Stop;
            const scale = numbers.reduce(
              (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
              1,
            );
            const off = numbers.filter((x, i) => {
              const y = found[name]?.[i] as number;
              return !(Object.is(x, y) || Math.abs(x - y) <= relative * scale);
            });
            expect([name, found[name]?.length, off]).toEqual([name, numbers.length, []]);
          }
        } finally {
          await close(opened);
        }
      },
    );
  });

  it("takes arrays of a frame everywhere, and gives the same bits", { tags: ["long"] }, async () => {
    const opened = await open({ isolated: false });
    try {
      const [own, frame] = await opened.page.evaluate(async () => {
        const { vk } = globalThis as PageGlobals;
        return [await vk.tourNumbers({}, false), await vk.tourNumbers({}, true)] as const;
      });
      expect(Object.keys(own)).toEqual(Object.keys(tour));
      expect(frame).toEqual(own);
    } finally {
      await close(opened);
    }
  });
});

/** The tour in Node. */
async function tourHere(options: EngineOptions): Promise<Record<string, number[]>> {
  const engine = await createEngine(options);
  const found: Record<string, number[]> = {};
  for (const name of Object.keys(tour)) {
    found[name] = (await visit(vkernel, name, engine, kitOf(globalThis))).numbers;
  }
  engine.close();
  return found;
}

/** What holds on every page. */
function common(page: () => Page, options: { threads?: number }): void {
  // A run that left the page's thread to nobody would come to its end.
  it.each([1, 6])(
    "ends when others abort it, at their turn %d of the thread, and goes on working",
    async (turns) => {
      const result = await page().evaluate(
        ({ turns, options }) => (globalThis as PageGlobals).vk.abortRun(turns, options),
        { turns, options },
      );
      expect(result).toEqual({ code: "E_ABORT", reason: "enough", after: 2 });
    },
  );

  it("reports progress to the end", { tags: ["long"] }, async () => {
    const { done, totals } = await page().evaluate(
      (options) => (globalThis as PageGlobals).vk.progressOf(options),
      options,
    );
    expect(done.length).toBeGreaterThan(2);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(new Set(totals).size).toBe(1);
    expect(done.at(-1)).toBe(totals[0]);
  });
}
