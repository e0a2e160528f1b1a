// Browsers beside Chromium, as Debian has them: Firefox over WebDriver BiDi, WebKit's MiniBrowser over plain WebDriver
// requests on a screen in memory.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { limits } from "../shared/limits.js";
import { browserRequired } from "./chromium.js";

export interface Tab {
  goto(url: string): Promise<void>;
  /** Calls a function on the page with plain data, and waits for what it promises. */
  evaluate<A extends readonly unknown[], R>(work: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  close(): Promise<void>;
}

export interface OtherBrowser {
  readonly name: string;
  /** Why its tests are skipped, if they are. */
  readonly skipReason: string | undefined;
  open(): Promise<Tab>;
}

/**
 * As root in a container neither can make sandboxes of its own; the pages are ours. WebKitGTK has shared memory on isolated
 * pages where JavaScriptCore is told so.
 */
const unboxed = {
  MOZ_DISABLE_CONTENT_SANDBOX: "1",
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  WEBKIT_DISABLE_COMPOSITING_MODE: "1",
  JSC_useSharedArrayBuffer: "1",
  LIBGL_ALWAYS_SOFTWARE: "1",
  NO_AT_BRIDGE: "1",
};

const reasonOf = (name: string, packages: string, programs: readonly string[]): string | undefined => {
  const missing = programs.find((program) => !existsSync(program));
  if (missing === undefined || browserRequired) return undefined;
  const reason = `no ${missing}: apt-get install ${packages}`;
  console.warn(`Tests in ${name} are skipped: ${reason}`);
  return reason;
};

const firefoxProgram = process.env.VKERNEL_FIREFOX ?? "/usr/bin/firefox-esr";
const firefox: OtherBrowser = {
  name: "Firefox",
  skipReason: reasonOf("Firefox", "firefox-esr", [firefoxProgram]),
  async open() {
    const home = await mkdtemp(join(tmpdir(), "vkernel-firefox-"));
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: firefoxProgram,
      headless: true,
      timeout: limits.state,
      protocolTimeout: limits.test,
      env: { ...process.env, ...unboxed, HOME: home },
    });
    const page = await browser.newPage();
    page.setDefaultTimeout(limits.test);
    return {
      goto: async (url) => void (await page.goto(url)),
      evaluate: (work, ...args) => page.evaluate(work as never, ...args) as never,
      async close() {
        await browser.close();
        await rm(home, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  },
};

const driverProgram = process.env.VKERNEL_WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";
const screenProgram = "/usr/bin/Xvfb";
const webkit: OtherBrowser = {
  name: "WebKit",
  skipReason: reasonOf("WebKit", "webkit2gtk-driver xvfb", [driverProgram, screenProgram]),
  async open() {
    const home = await mkdtemp(join(tmpdir(), "vkernel-webkit-"));
    // The server chooses a free display and writes its number to the descriptor.
    const screen = spawn(
      screenProgram,
      ["-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
      {
        stdio: ["ignore", "ignore", "ignore", "pipe"],
      },
    );
    let driver: ChildProcess | undefined;
    const end = async () => {
      for (const child of [driver, screen]) if (child !== undefined) await ended(child);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    };
    try {
      const display = await firstLine(screen);
      const port = await freePort();
      const env = { ...process.env, ...unboxed, HOME: home, DISPLAY: `:${display}` };
      driver = spawn(driverProgram, [`--port=${port}`], { env, stdio: "ignore" });
      const ask = client(port);
      await answering(driver, () => ask("GET", "/status"));
      const capabilities = { alwaysMatch: { timeouts: { script: limits.test, pageLoad: limits.test } } };
      const { sessionId } = (await ask("POST", "/session", { capabilities })) as { sessionId: string };
      const at = `/session/${sessionId}`;
      return {
        // Between pages that are isolated and pages that are not, the driver may answer while the old one is there.
        async goto(url) {
          await ask("POST", `${at}/url`, { url });
          const script = "return document.readyState === 'complete' && location.href";
          while ((await ask("POST", `${at}/execute/sync`, { script, args: [] })) !== new URL(url).href) {
            await new Promise(setImmediate);
          }
        },
        async evaluate(work, ...args) {
          const script = `const done = arguments[arguments.length - 1];
(async () => (${work})(...Array.from(arguments).slice(0, -1)))().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
          const said = await ask("POST", `${at}/execute/async`, { script, args });
          const { value, error } = said as { value: never; error?: string };
          if (error !== undefined) throw new Error(error);
          return value;
        },
        async close() {
          await ask("DELETE", at);
          await end();
        },
      };
    } catch (error) {
      await end();
      throw error;
    }
  },
};

export const others: readonly OtherBrowser[] = [firefox, webkit];

/** Requests of W3C WebDriver: `value` of what comes back, or the driver's error. They last as long as a script does. */
function client(port: number) {
  return (method: string, path: string, body?: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const asked = request({ port, host: "127.0.0.1", method, path }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          const { value } = JSON.parse(text) as { value: { error?: string; message?: string } };
          if (response.statusCode === 200) resolve(value);
          else reject(new Error(`${method} ${path}: ${value?.error}: ${value?.message}`));
        });
      });
      asked.on("error", reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)));
    child.stdio[3]?.once("data", (chunk) => resolve(String(chunk).trim()));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the driver answers, or is gone. */
async function answering(driver: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  while (
    !(await ask().then(
      () => true,
      () => false,
    ))
  ) {
    if (driver.exitCode !== null) throw new Error(`${driver.spawnfile} ended with ${driver.exitCode}`);
    await new Promise(setImmediate);
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill();
  });
}
