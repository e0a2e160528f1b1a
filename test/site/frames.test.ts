// How fast the stage plays, in a real Chromium: real figures are printed; what is asserted holds on a busy machine too.
import { availableParallelism } from "node:os";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../cli/server.js";
import { browserTitle, launch, skipReason } from "../browser/chromium.js";
import { serve } from "../browser/server.js";
import { busyShare, IDLE } from "./idle.js";
import { stagePage } from "./bundle.js";
import type { StageGlobals } from "./page/main.js";

/** A screen's frame at 60 Hz, and what timers of the screen are off by. */
const FRAME = 1000 / 60 + 0.5;
/** The plain loop in the page takes at least so many times as long; on an idle machine of two cores 5.8 to 6.4. */
const LEAST_RATIO = 2;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;

let browser: Browser;
let server: RunningServer;

describe.skipIf(skipReason !== undefined)(browserTitle("frames of the stage"), () => {
  beforeAll(async () => {
    const [started, files] = await Promise.all([launch(), stagePage()]);
    browser = started;
    server = await serve({ files, isolated: true });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const ring = Array.from({ length: 50 }, (_, k) => {
    const radius = 0.4 + (1.2 * ((k * 29) % 50)) / 50;
    return [radius * Math.cos((k * Math.PI) / 25), radius * Math.sin((k * Math.PI) / 25)];
  }).flat();

  it.each([
    ["500,000 particles on the polygon", { particles: 500_000 }],
    ["100,000 particles on fifty points", { particles: 100_000, set: "own", points: ring }],
  ] as const)("%s", { retry: 2 }, async (title, view) => {
    const before = await busyShare();
    const context = await browser.newContext({ viewport: { width: 672, height: 760 } });
    const page = await context.newPage();
    // 120 steps at speed 2: a step each 16.5 ms, about one a frame; one evaluation of the score a step.
    const start = {
      autoplay: false,
      state: { speed: 2, view: { ...view, sampler: "euler", steps: 120, quantity: "fraction" } },
    };
    await page.goto(`${server.url}?${encodeURIComponent(JSON.stringify(start))}`);
    const got = await page.evaluate(async () => {
      const { stage, store, events, client, PlainLoop, densityTable } = await (globalThis as StageGlobals).vk;
      await stage.seek(0);
      // As it plays. Memory and code are warm after a first run; the second is timed.
      let drawn: { at: number; milliseconds: number; particles: number }[] = [];
      for (let run = 0; run < 2; run++) {
        const from = events.length;
        stage.play();
        while (stage.playing) await new Promise((resolve) => requestAnimationFrame(resolve));
        drawn = events
          .slice(from)
          .flatMap(([type, detail]) => (type === "frame" ? [detail as (typeof drawn)[0]] : []));
      }
      const frames = drawn.slice(1).map(({ at }, i) => at - (drawn[i] as (typeof drawn)[0]).at);
      const computed = drawn.map(({ milliseconds }) => milliseconds);
      const least = Math.min(...drawn.map(({ particles }) => particles));

      // The same work, particles alone, in turns with the plain loop: both see the same machine.
      store.set({ view: { quantity: "none" } });
      await stage.seek(60);
      const canvas = document.querySelectorAll("canvas")[1] as HTMLCanvasElement;
      const { particles } = store.get().view;
      const loop = new PlainLoop(stage.points(0), particles, canvas.width);
      const kernels: number[] = [];
      const plain: number[] = [];
      const buffers: ArrayBuffer[] = [];
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      for (let i = 0; i < 60; i++) {
        let began = performance.now();
        if (i % 10 === 0) {
          loop.frame(0.3, 0.29, densityTable);
          plain.push(performance.now() - began);
          began = performance.now();
        }
        const [frame] = await client.call<"frame">({ kind: "frame", advance: 1, buffers: buffers.splice(0) });
        const density = frame?.density;
        if (typeof density !== "object" || frame?.summary.particles !== particles)
          throw new Error("no frame");
        context.putImageData(new ImageData(density.pixels, density.width, density.height), 0, 0);
        kernels.push(performance.now() - began);
        buffers.push(density.pixels.buffer);
      }
      return { frames, computed, least, kernels, plain, side: canvas.width, engine: client.engine };
    });
    await context.close();
    expect(got.engine.threads).toBe(Math.min(4, availableParallelism()));
    const [frame, computed] = [median(got.frames), median(got.computed)];
    const [plain, kernels] = [median(got.plain), median(got.kernels)];
    const ratio = plain / kernels;
    console.log(
      `${title}, ${got.side} x ${got.side} pixels, ${got.engine.threads} threads, ${(100 * before).toFixed(0)}% busy before: ` +
        `median frame ${frame.toFixed(1)} ms on the screen, ${computed.toFixed(1)} ms computed ` +
        `(at least ${got.least} particles, ${got.frames.length} frames); ` +
        `particles alone ${kernels.toFixed(1)} ms, by a plain loop ${plain.toFixed(1)} ms: ${ratio.toFixed(1)} times as long`,
    );
    expect(ratio).toBeGreaterThan(LEAST_RATIO);
    // Milliseconds say something of the stage where nobody else worked before it began.
    if (before < IDLE) {
      expect(got.least).toBe(view.particles);
      expect(frame).toBeLessThan(FRAME);
    }
  });
});
