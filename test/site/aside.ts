// A page beside the explorer, opened in Chromium.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { type ServerOptions, startServer } from "../../cli/server.js";
import { root } from "../browser/bundle.js";
import { siteFolder } from "./site.js";

export interface AsideOptions {
  readonly server?: Partial<ServerOptions>;
  readonly width?: number;
  readonly dark?: boolean;
}

/** Does something on a page, which must end without an error and ask nothing of others. */
export async function onAside<R>(
  browser: Browser,
  name: string,
  { server: more, width = 1280, dark }: AsideOptions,
  work: (page: Page) => Promise<R>,
): Promise<R> {
  const missing: string[] = [];
  const files = new Map([["/axe.js", readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8")]]);
  const server = await startServer({
    folder: siteFolder,
    files,
    onMissing: (path) => void missing.push(path),
    ...more,
  });
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url)) errors.push(`a request elsewhere: ${request.url()}`);
  });
  try {
    await page.goto(`${server.url}${name}`);
    const result = await work(page);
    expect([errors, missing]).toEqual([[], []]);
    return result;
  } finally {
    await context.close();
    await server.close();
  }
}

export const statusOf = (page: Page) => page.getByRole("status").textContent();

/** Targets that are smaller than 24 px, and how much wider the page is than the screen. */
export const crampedOn = (page: Page, width: number) =>
  page.evaluate(
    (most) => [
      [...document.querySelectorAll("button, input, select")]
        .map((one) => one.getBoundingClientRect())
        .filter(({ width, height }) => width < 24 || height < 24),
      Math.max(0, document.documentElement.scrollWidth - most),
    ],
    width,
  );
