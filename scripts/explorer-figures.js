// `npm run figure:explorer`: docs/figures/explorer-*.png, pictures of the built page as Chromium shows it. With a folder
// as argument: every story and tab there, wide and narrow, light and dark, to be looked at.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { startServer } from "../build/ts/cli/server.js";
import { stories } from "../build/ts/site/stories/entries.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const wide = { width: 1280, height: 800 };
const narrow = { width: 390, height: 844 };

/** What the README shows: a picture's name, the page's fragment, and how long its run takes to be worth looking at. */
const shown = [
  { name: "explorer-particles", hash: "#v1;t=0.25;n=60;eps=0.1", wait: 5000 },
  { name: "explorer-compare", hash: "?story=who-fills-the-gap", wait: 9000 },
  { name: "explorer-line", hash: "?story=smoothed-score", wait: 7000 },
  { name: "explorer-digits", hash: "#v1;tab=digits", wait: 15000, dark: true },
];

const folder = process.argv[2];
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
            wait: 8000,
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
  for (const { name, hash, wait, size, dark, whole } of pictures) {
    const page = await browser.newPage({ viewport: size, colorScheme: dark ? "dark" : "light" });
    page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
    await page.goto(server.url + hash);
    await page.waitForTimeout(wait);
    await page.screenshot({ path: join(target, `${name}.png`), fullPage: whole === true });
    console.log(join(target, `${name}.png`));
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
