// The built explorer, served as users get it, and a browser on it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type ServerOptions, startServer } from "../../cli/server.js";
import { expect } from "vitest";
import { importsOf, siteSizes } from "../../scripts/site-sizes.js";
import type { VkernelExplorer } from "../../site/element.js";
import { dist } from "../browser/bundle.js";

/** What `npm run build:site` makes. */
export const siteFolder = join(dist, "site");

export interface OpenOptions {
  /** After the address: "#v1;n=30", "?controls=min". */
  readonly address?: string;
  readonly server?: Partial<ServerOptions>;
  readonly context?: BrowserContextOptions;
  /** Runs on the page before its own scripts. */
  readonly init?: () => void;
}

export interface OpenSite {
  readonly page: Page;
  readonly url: string;
  /** What went wrong on the page, and what it asked of others than its server. */
  readonly errors: string[];
  /** Paths that were not there. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

/** For `init`: the reader wants to save data, so nothing is fetched ahead of time. */
export function savesData(): void {
  Object.defineProperty(navigator, "connection", { value: { saveData: true } });
}

/** Opens a page of the site and waits until it runs. */
export async function openSite(browser: Browser, options: OpenOptions = {}): Promise<OpenSite> {
  const missing: string[] = [];
  const onMissing = (path: string): void => void missing.push(path);
  const server = await startServer({ folder: siteFolder, onMissing, ...options.server });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options.context });
  if (options.init) await context.addInitScript(options.init);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(server.url) && !/^(blob|data):/.test(url)) errors.push(`a request elsewhere: ${url}`);
  });
  await page.goto(`${server.url}${options.address ?? ""}`);
  await ready(page);
  return {
    page,
    url: server.url,
    errors,
    missing,
    async close() {
      await context.close();
      await server.close();
    },
  };
}

/** Waits for the first explorer of a page, or of one of its frames. */
export async function ready(page: Pick<Page, "waitForFunction">): Promise<void> {
  await page.waitForFunction(async () => {
    await customElements.whenDefined("vkernel-explorer");
    const element = document.querySelector("vkernel-explorer") as VkernelExplorer | null;
    await element?.ready;
    return element !== null;
  });
}

/** Lets frames of the screen pass: what observers see of the page has been told by then. */
export const framesOf = (page: Page, count = 3): Promise<void> =>
  page.evaluate(async (count) => {
    for (let frame = 0; frame < count; frame++) await new Promise(requestAnimationFrame);
  }, count);

/** Waits until chunks have come, each with all that it imports, to the page or to a worker of it. */
export async function fetched(page: Page, ...chunks: readonly string[]): Promise<void> {
  const sizes = await siteSizes();
  const names = (): string[] => performance.getEntriesByType("resource").map(({ name }) => name);
  for (const chunk of chunks) {
    const wanted = new Set(
      sizes.map(({ name }) => name).filter((name) => name.startsWith(`chunks/${chunk}-`)),
    );
    expect([chunk, wanted.size]).toEqual([chunk, 1]);
    for (const name of wanted)
      for (const other of importsOf(readFileSync(join(siteFolder, name), "utf8")))
        wanted.add(join(dirname(name), other));
    // What a visit begins with is there.
    for (const { name, first } of sizes) if (first) wanted.delete(name);
    const missing = async (): Promise<string[]> => {
      const workers = page.workers().map((worker) => worker.evaluate(names));
      const found = await Promise.all([page.evaluate(names), ...workers]);
      const left = found.map((all) => [...wanted].filter((file) => !all.some((name) => name.endsWith(file))));
      return left.reduce((a, b) => (b.length < a.length ? b : a));
    };
    await expect.poll(missing, { message: chunk }).toEqual([]);
  }
}

/** SHA-256 of bytes, on a page or in Node. */
export async function sha256(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
