// `npm run figure:explorer`: docs/figures/explorer-*.png, pictures of the built page as Chromium shows it. With a folder
// as argument: every story and tab there, wide and narrow, light and dark, to be looked at; a second one picks by name.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import ts from "typescript";
import { startServer } from "../build/ts/cli/server.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The index of stories: a module without imports, which only the page's bundle holds as JavaScript. */
const index = ts.transpileModule(await readFile(join(root, "site/stories/entries.ts"), "utf8"), {
  compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
}).outputText;
const { stories } = await import(`data:text/javascript,${encodeURIComponent(index)}`);

const wide = { width: 1280, height: 800 };
const narrow = { width: 390, height: 844 };

/** A run, and a story's cards, are waited for until their end, or so many milliseconds. */
const LONGEST = 40_000;

/** What the README shows: a picture's name, and where on the page it is. */
const shown = [
  { name: "explorer-particles", hash: "#v1;t=0.25;n=60;eps=0.1" },
  { name: "explorer-compare", hash: "?story=who-fills-the-gap" },
  { name: "explorer-line", hash: "?story=smoothed-score" },
  { name: "explorer-digits", hash: "#v1;tab=digits", dark: true },
];

const [folder, part = ""] = process.argv.slice(2);
const pictures =
  folder === undefined
    ? shown.map((one) => ({ ...one, size: wide }))
    : [
        ...["map", "particles", "line", "pde", "digits", "compare"].map((tab) => [
          "tab",
          tab,
          `#v1;tab=${tab}`,
        ]),
        ...stories.map(({ name }) => ["story", name, `?story=${name}`]),
      ].flatMap(([kind, name, key]) =>
        [wide, narrow].flatMap((size) =>
          [false, true].map((dark) => ({
            name: `${kind}-${name}-${size.width}-${dark ? "dark" : "light"}`,
            hash: key,
            size,
            dark,
            whole: true,
          })),
        ),
      );

const target = folder ?? join(root, "docs/figures");
await mkdir(target, { recursive: true });
const server = await startServer({ folder: join(root, "dist/site") });
const browser = await chromium.launch({
  executablePath: process.env.VKERNEL_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  for (const { name, hash, size, dark, whole } of pictures.filter((one) => one.name.includes(part))) {
    const page = await browser.newPage({ viewport: size, colorScheme: dark ? "dark" : "light" });
    page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
    await page.goto(server.url + hash);
    await page.evaluate(async (limit) => {
      const explorer = /** @type {any} */ (document.querySelector("vkernel-explorer"));
      await customElements.whenDefined("vkernel-explorer");
      await explorer.ready;
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      await pause(2000);
      const end = performance.now() + limit;
      while (explorer.playing && performance.now() < end) await pause(100);
      await pause(3000);
    }, LONGEST);
    if (whole) {
      // What loads, and is measured, as it comes near is there, and the bar that stays in sight lies where it belongs.
      await page.evaluate(async (limit) => {
        scrollTo(0, document.body.scrollHeight);
        const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const { shadowRoot } = /** @type {any} */ (document.querySelector("vkernel-explorer"));
        await pause(1500);
        const end = performance.now() + limit;
        while (shadowRoot.querySelector('[data-verdict="waiting"], [data-verdict="running"]') !== null) {
          if (performance.now() > end) break;
          await pause(100);
        }
        scrollTo(0, 0);
        shadowRoot.querySelector(".timebar").style.position = "static";
        await pause(500);
      }, LONGEST);
    }
    await page.screenshot({ path: join(target, `${name}.png`), fullPage: whole === true });
    console.log(join(target, `${name}.png`));
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
