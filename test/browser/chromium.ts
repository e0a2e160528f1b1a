import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { limits } from "../shared/limits.js";

/** Where the browser may be: where VKERNEL_CHROMIUM says, or where systems have it. */
const candidates = process.env.VKERNEL_CHROMIUM
  ? [process.env.VKERNEL_CHROMIUM]
  : ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser that the tests use. */
export const executablePath: string | undefined = candidates.find(existsSync);

/** Whether a missing browser is a failure (in CI) and not a reason to skip. */
export const browserRequired: boolean = process.env.VKERNEL_BROWSER === "required";

/** Why tests in a browser are skipped, if they are. */
export const skipReason: string | undefined =
  executablePath === undefined && !browserRequired
    ? `no Chromium at ${candidates[0]}: install it (apt-get install chromium) or set VKERNEL_CHROMIUM`
    : undefined;

if (skipReason !== undefined) console.warn(`Browser tests are skipped: ${skipReason}`);

/** The title of a suite in the browser: it says why it is skipped. */
export function browserTitle(title: string): string {
  return skipReason === undefined ? title : `${title} (skipped: ${skipReason})`;
}

/** Starts Chromium, quiet on the network, with an empty profile of its own; its pages wait as long as all tests do. */
export async function launch(): Promise<Browser> {
  if (executablePath === undefined) {
    throw new Error(
      `VKERNEL_BROWSER=required, but there is no Chromium: looked for ${candidates.join(", ")}`,
    );
  }
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    timeout: limits.state,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  browser.on("context", (context) => context.setDefaultTimeout(limits.state));
  return browser;
}
