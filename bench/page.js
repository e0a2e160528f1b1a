// How the page keeps up, and what its kernels gain, in Chromium: npm run bench:page. Every figure is a ratio to a plain loop on
// the same machine at the same time, and stands beside its milliseconds. See --help.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import ts from "typescript";
import { startServer } from "../build/ts/cli/server.js";
import { stagePage } from "../scripts/stage-page.js";
import { command } from "./command.js";
import { busy, inWords, machine as here } from "./machine.js";
import { median } from "./measure.js";
import { measureGains } from "./page/gains.js";

const help = `npm run bench:page -- [options]

Frames of the stage, the first picture and long tasks of the explorer, and the tables of its page that measures (scores,
Hessians and a whole run beside tuned plain TypeScript), in the Chromium at VKERNEL_CHROMIUM or /usr/bin/chromium.

  --only NAMES    some of frames, first, tasks, gains, set apart by commas
  --seconds N     how long each set of tables is measured; 20 by default
  --visits N      visits of the page and of the plain one, in turns; 9 by default
  --json          print the report as JSON on standard output, the text on standard error
  --out FILE      where the report goes, reports/bench-page.json by default
  --help
`;

/** Longer tasks of the page's own thread are counted, in milliseconds: what browsers call long. */
const LONG = 50;
/** So long a tab or a story is watched, in milliseconds. */
const WATCHED = 1500;

const root = fileURLToPath(new URL("..", import.meta.url));
const { positionals, text, fail, say, count, keep } = command("bench:page", help, {
  visits: { type: "string" },
  seconds: { type: "string" },
  only: { type: "string" },
});
if (positionals.length > 0) fail(`expected no word, got "${positionals[0]}"`);
const visits = count("visits", 9);
const seconds = count("seconds", 20);
const parts = {
  frames,
  first: firstPicture,
  tasks: longTasks,
  gains: () => measureGains(browser, { folder: `${root}dist/site`, seconds, say }),
};
const only = text("only")?.split(",") ?? Object.keys(parts);
for (const name of only) {
  if (!(name in parts)) fail(`--only expected some of ${Object.keys(parts).join(", ")}, got "${name}"`);
}

/** @param {number} value */
const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

const browser = await chromium.launch({
  executablePath: process.env.VKERNEL_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
/** @type {Record<string, unknown>} */
const report = { date: new Date().toISOString(), machine: here(), browser: browser.version(), visits };
try {
  const machine = here();
  say(`${inWords(machine)}; Chromium ${browser.version()}`);
  const note = busy(machine);
  if (note !== undefined) say(`Note: ${note}.`);
  for (const [name, measure] of Object.entries(parts))
    if (only.includes(name)) report[name] = await measure();
} finally {
  await browser.close();
}
await keep(report, "bench-page.json");

/** The stage as it plays, and its work beside a plain loop, in turns. */
async function frames() {
  say(
    "\n## Frames of the stage: 120 steps of Euler, one per frame, colours by how near the nearest point is",
  );
  const server = await startServer({ folder: root, files: await stagePage("bench/page/main.ts") });
  const ring = Array.from({ length: 50 }, (_, k) => {
    const radius = 0.4 + (1.2 * ((k * 29) % 50)) / 50;
    return [radius * Math.cos((k * Math.PI) / 25), radius * Math.sin((k * Math.PI) / 25)];
  }).flat();
  const found = [];
  try {
    for (const [title, view] of /** @type {const} */ ([
      ["500,000 particles, polygon", { particles: 500_000 }],
      ["100,000 particles, 50 points", { particles: 100_000, set: "own", points: ring }],
    ])) {
      const page = await browser.newPage({ viewport: { width: 672, height: 760 } });
      // At speed 2 a step is 16.5 ms, about one per frame of the screen, and one evaluation of the score.
      const start = {
        autoplay: false,
        state: { speed: 2, view: { ...view, sampler: "euler", steps: 120, quantity: "fraction" } },
      };
      await page.goto(`${server.url}?${encodeURIComponent(JSON.stringify(start))}`);
      const got = await page.evaluate(async () => {
        const { stage, store, events, client, plain } = await /** @type {any} */ (globalThis).bench;
        await stage.seek(0);
        /** @type {{ at: number, milliseconds: number, particles: number }[]} */
        let drawn = [];
        // The first run warms memory and code.
        for (let run = 0; run < 2; run++) {
          const from = events.length;
          stage.play();
          while (stage.playing) await new Promise(requestAnimationFrame);
          drawn = events
            .slice(from)
            .flatMap((/** @type {[string, any]} */ [type, detail]) => (type === "frame" ? [detail] : []));
        }
        const between = drawn.slice(1).map(({ at }, i) => at - drawn[i].at);
        const computed = drawn.map(({ milliseconds }) => milliseconds);
        const least = Math.min(...drawn.map(({ particles }) => particles));

        store.set({ view: { quantity: "none" } });
        await stage.seek(60);
        const canvas = /** @type {HTMLCanvasElement} */ (document.querySelectorAll("canvas")[1]);
        const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
        const { particles } = store.get().view;
        const loop = plain(particles, canvas.width);
        const [kernels, loops] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
        const buffers = /** @type {ArrayBuffer[]} */ ([]);
        for (let i = 0; i < 60; i++) {
          let began = performance.now();
          if (i % 5 === 0) {
            loop();
            loops.push(performance.now() - began);
            began = performance.now();
          }
          /** @type {any[]} */
          const [frame] = await client.call({ kind: "frame", advance: 1, buffers: buffers.splice(0) });
          const { pixels, width, height } = frame.density;
          context.putImageData(new ImageData(pixels, width, height), 0, 0);
          kernels.push(performance.now() - began);
          buffers.push(pixels.buffer);
        }
        return {
          between,
          computed,
          least,
          kernels,
          loops,
          side: canvas.width,
          threads: client.engine.threads,
        };
      });
      await page.close();
      const [shown, computed] = [median(got.between), median(got.computed)];
      const [kernels, plain] = [median(got.kernels), median(got.loops)];
      const item = {
        ...{ title, side: got.side, threads: got.threads, leastParticles: got.least },
        ...{ frame: shown, perSecond: 1000 / shown, computed, kernels, plain },
        ...{ timesPlain: plain / kernels, framesTimesPlain: plain / shown },
      };
      found.push(item);
      say(`
${title}; ${got.side} x ${got.side} pixels, ${got.threads} threads
  as it plays       ${item.perSecond.toFixed(1)} frames per second (${ms(shown)} each, ${ms(computed)} of it computed), ${item.framesTimesPlain.toFixed(1)} times those of the plain loop; at least ${got.least} particles
  particles alone   ${ms(kernels)} per frame; plain loop ${ms(plain)}: ${item.timesPlain.toFixed(1)} times as fast`);
    }
  } finally {
    await server.close();
  }
  return found;
}

/** Visits of the explorer and of a page with a plain loop, in turns. */
async function firstPicture() {
  say("\n## The first computed picture, from when the address is asked for");
  const plain = await stagePage("bench/page/first.ts");
  const servers = [
    await startServer({ folder: `${root}dist/site` }),
    await startServer({ folder: root, files: plain }),
  ];
  /** @type {number[][]} */
  const times = [[], []];
  try {
    // The browser's own first pages are no measure of ours.
    for (let visit = -1; visit < visits; visit++) {
      for (const [i, { url }] of servers.entries()) {
        const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
        await page.addInitScript(() => {
          document.addEventListener("vkernel-frame", () => {
            /** @type {any} */ (globalThis).first ??= performance.now();
          });
        });
        await page.goto(url);
        await page.waitForFunction(() => "first" in globalThis, undefined, { timeout: 0 });
        if (visit >= 0) times[i].push(await page.evaluate(() => /** @type {any} */ (globalThis).first));
        await page.close();
      }
    }
  } finally {
    for (const server of servers) await server.close();
  }
  const [explorer, loop] = times.map(median);
  const ratio = median(times[0].map((time, i) => time / times[1][i]));
  const range = `${ms(Math.min(...times[0]))} to ${ms(Math.max(...times[0]))}`;
  say(
    `  the explorer ${ms(explorer)} (${range} in ${visits} visits); a page with one frame of the plain loop ${ms(loop)}: ` +
      `${ratio.toFixed(1)} times as long`,
  );
  return { explorer: times[0], plain: times[1], ratio };
}

/** Tasks of the page's own thread that browsers call long, by tab and story, beside a plain loop of 20,000 particles. */
async function longTasks() {
  say(
    `\n## Tasks of the page's own thread over ${LONG} ms, ${WATCHED} ms after each tab and story is opened`,
  );
  const index = ts.transpileModule(await readFile(`${root}site/stories/entries.ts`, "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  }).outputText;
  /** @type {{ stories: { name: string }[] }} */
  const { stories } = await import(`data:text/javascript,${encodeURIComponent(index)}`);
  const server = await startServer({ folder: `${root}dist/site` });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  try {
    await page.addInitScript((long) => {
      const pace = { phase: "start", tasks: /** @type {[string, number][]} */ ([]) };
      /** @type {any} */ (globalThis).pace = pace;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries())
          if (duration > long) pace.tasks.push([pace.phase, duration]);
      }).observe({ type: "longtask", buffered: true });
    }, LONG);
    await page.goto(server.url);
    await page.waitForFunction(
      () => /** @type {any} */ (document.querySelector("vkernel-explorer"))?.ready?.then(() => true),
      undefined,
      { timeout: 0 },
    );
    /** @param {string} name */
    const phase = (name) =>
      page.evaluate((name) => {
        /** @type {any} */ (globalThis).pace.phase = name;
      }, name);
    await page.waitForTimeout(WATCHED);
    for (const tab of ["1-D", "PDE", "Digits", "Compare", "Map", "Particles"]) {
      await phase(tab);
      await page.getByRole("tab", { name: tab, exact: true }).click();
      await page.waitForTimeout(WATCHED);
    }
    for (const { name } of stories) {
      await phase(name);
      await page.evaluate(
        (story) => /** @type {any} */ (document.querySelector("vkernel-explorer")).openStory(story),
        name,
      );
      await page.waitForTimeout(WATCHED);
    }
    // One that does block is seen: the watch works, and the machine has its measure.
    await phase("plain loop");
    const plain = await page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve));
      const began = performance.now();
      let [sum, rounds] = [0, 0];
      while (performance.now() < began + 200) {
        for (let i = 0; i < 120_000; i++) sum += Math.exp(-((i % 512) / 64));
        rounds++;
      }
      const each = (performance.now() - began) / rounds;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return sum > 0 ? each : Number.NaN;
    });
    /** @type {[string, number][]} */
    const tasks = await page.evaluate(() => /** @type {any} */ (globalThis).pace.tasks);
    const seen = tasks.filter(([where]) => where === "plain loop");
    if (seen.length === 0) throw new Error("a task of 200 ms was not seen: the watch does not work");
    const ours = tasks.filter(([where]) => where !== "plain loop").sort(([, a], [, b]) => b - a);
    const phases = 7 + stories.length;
    say(
      `  120,000 exponentials in a plain loop (20,000 particles of six points): ${ms(plain)}\n  ` +
        (ours.length === 0
          ? `no long task in ${phases} openings`
          : `${ours.length} in ${phases} openings: ${ours
              .map(([where, time]) => `${where} ${ms(time)} (${(time / plain).toFixed(0)} loops)`)
              .join(", ")}`),
    );
    return { plain, openings: phases, tasks: ours };
  } finally {
    await page.close();
    await server.close();
  }
}
