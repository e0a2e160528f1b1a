import { startServer } from "../../build/ts/cli/server.js";
import { columns } from "../tables.js";

/** What is measured: points and dimensions. */
const sizes = [
  [1024, 2],
  [4096, 64],
];

/**
 * What the kernels gain over tuned plain TypeScript: the tables of the explorer's page that measures, as a reader sees them.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {{ folder: string, seconds: number, say: (line: string) => void }} options
 */
export async function measureGains(browser, { folder, seconds, say }) {
  say("\n## What the kernels gain in Chromium: the tables of bench.html, one page, nothing else open");
  const server = await startServer({ folder });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const found = [];
  try {
    await page.goto(`${server.url}bench.html`);
    for (const [points, dim] of sizes) {
      for (const [name, value] of Object.entries({ Points: points, Dimensions: dim, Seconds: seconds }))
        await page.getByRole("spinbutton", { name }).fill(String(value));
      await page.getByRole("button", { name: "Measure" }).click();
      const status = page.getByRole("status");
      await status.filter({ hasText: /^(Done|It ended)/ }).waitFor({ timeout: 0 });
      const ended = await status.textContent();
      if (ended !== "Done.") throw new Error(`the page that measures: ${ended}`);
      const tables = await page.evaluate(() =>
        [...document.querySelectorAll("#measure section")].map((section) => ({
          name: section.querySelector("h2")?.textContent ?? "",
          rows: [...section.querySelectorAll("tr")].map((row) =>
            [...row.children].map((cell) => cell.textContent ?? ""),
          ),
          told: section.querySelector("p")?.textContent ?? "",
        })),
      );
      for (const { name, rows, told } of tables) {
        say(`\n${name}`);
        for (const line of columns(rows)) say(line);
        say(`  ${told}`);
      }
      found.push(...tables);
    }
  } finally {
    await page.close();
    await server.close();
  }
  return found;
}
