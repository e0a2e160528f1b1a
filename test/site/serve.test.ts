// The server behind `npm run site` and `vkernel serve`: right headers, nothing outside its folder, clear errors.
import { spawn } from "node:child_process";
import { type OutgoingHttpHeaders, request } from "node:http";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pagePolicy, type RunningServer, startServer } from "../../cli/server.js";
import { root } from "../browser/bundle.js";
import { siteFolder } from "./site.js";

let server: RunningServer;

/** A path as it stands: fetch would tidy it up. */
function get(
  path: string,
  method = "GET",
  asked: OutgoingHttpHeaders = {},
  from: RunningServer = server,
): Promise<{ status: number; headers: NodeJS.Dict<unknown>; body: string }> {
  const { hostname, port } = new URL(from.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: asked }, (response) => {
      let body = "";
      response.setEncoding("latin1");
      response.on("data", (piece: string) => {
        body += piece;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("the server", () => {
  beforeAll(async () => {
    server = await startServer({ folder: siteFolder });
  });
  afterAll(() => server?.close());

  it("listens on this machine alone, unless told otherwise", () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it.each([
    ["/", "text/html; charset=utf-8"],
    ["/explorer.js", "text/javascript; charset=utf-8"],
    ["/page.css", "text/css; charset=utf-8"],
    ["/wasm/simd-local.wasm", "application/wasm"],
  ])("%s has the headers of an isolated page", async (path, type) => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": type,
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": pagePolicy,
      "x-content-type-options": "nosniff",
    });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });

  it.each([
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["127.0.0.1@evil.example", 421],
    ["203.0.113.7", 421],
    ["127.0.0.1", 200],
    ["localhost", 200],
    ["LOCALHOST:8080", 200],
    ["[::1]:8080", 200],
  ])("a request that names the host %j is answered by %i", async (host, expected) => {
    expect((await get("/", "GET", { host })).status).toBe(expected);
  });

  it("on all addresses it answers to those of this machine, and to no other name", async () => {
    const open = await startServer({ folder: siteFolder, host: "0.0.0.0" });
    try {
      const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      const hosts = [hostname(), ...own.filter(({ family }) => family === "IPv4").map((one) => one.address)];
      const near = { ...open, url: open.url.replace("0.0.0.0", "127.0.0.1") };
      for (const host of hosts) {
        expect([host, (await get("/", "GET", { host }, near)).status]).toEqual([host, 200]);
      }
      expect((await get("/", "GET", { host: "evil.example" }, near)).status).toBe(421);
    } finally {
      await open.close();
    }
  });

  it("lets pages of the origins that it was told of use its files, and no others", async () => {
    const friend = "http://localhost:8080";
    const open = await startServer({ folder: siteFolder, origins: [friend] });
    try {
      const asked = async (origin: string): Promise<unknown> =>
        (await get("/explorer.js", "GET", { origin }, open)).headers["access-control-allow-origin"];
      expect(await asked(friend)).toBe(friend);
      expect(await asked("http://localhost:8081")).toBeUndefined();
      expect(await asked("null")).toBeUndefined();
      expect((await get("/", "GET", {}, open)).headers).toMatchObject({
        "cross-origin-resource-policy": "cross-origin",
        vary: "Origin",
      });
    } finally {
      await open.close();
    }
  });

  it("keeps nothing of the paths that are not there", async () => {
    const told: string[] = [];
    const open = await startServer({ folder: siteFolder, onMissing: (path) => void told.push(path) });
    try {
      const long = `/${"x".repeat(15_000)}`;
      for (let i = 0; i < 3; i++) expect((await get(`${long}${i}`, "GET", {}, open)).status).toBe(404);
      expect(told).toHaveLength(3);
      expect(Object.keys(open).sort()).toEqual(["close", "url"]);
    } finally {
      await open.close();
    }
  });

  it.each([
    "/../package.json",
    "/%2e%2e/package.json",
    "/..%2f..%2fpackage.json",
    "/%2e%2e%2f%2e%2e%2fetc/passwd",
    "//etc/passwd",
    "/index.html%00.js",
    "/%",
    "/nothing",
    "/chunks",
  ])("%s is not found", async (path) => {
    const { status, body } = await get(path);
    expect([status, body]).toEqual([404, "Not found\n"]);
  });

  it("answers nothing but GET and HEAD", async () => {
    expect((await get("/", "POST")).status).toBe(405);
    const head = await get("/", "HEAD");
    expect([head.status, head.body]).toEqual([200, ""]);
  });

  it("says so where the port is taken", async () => {
    const port = Number(new URL(server.url).port);
    await expect(startServer({ folder: siteFolder, port })).rejects.toMatchObject({
      code: "E_IO",
      argument: "--port",
      message: expect.stringMatching(/another program listens there/),
    });
  });

  it("says so where the address is not of this machine", async () => {
    await expect(startServer({ folder: siteFolder, host: "203.0.113.7" })).rejects.toMatchObject({
      argument: "--host",
    });
  });
});

/** Runs `vkernel serve` until it says where it is; then `after`, then Ctrl-C. */
async function serveCommand(
  words: string[],
  after: (line: string) => Promise<void>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(root, "cli/dist/main.js"), "serve", ...words]);
  let [stdout, stderr] = ["", ""];
  child.stderr.on("data", (piece) => {
    stderr += piece;
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const line = await new Promise<string | undefined>((resolve) => {
    child.stdout.on("data", (piece) => {
      stdout += piece;
      if (stdout.includes("\n")) resolve(stdout);
    });
    child.on("close", () => resolve(undefined));
  });
  if (line !== undefined) {
    await after(line);
    child.kill("SIGINT");
  }
  return { code: await ended, stdout, stderr };
}

describe("vkernel serve", () => {
  it("prints one line, serves the page, and ends at Ctrl-C", async () => {
    const { code, stdout, stderr } = await serveCommand(["--port", "0"], async (line) => {
      const [url] = /http:\S+/.exec(line) ?? [];
      expect(await (await fetch(url as string)).text()).toContain("<vkernel-explorer");
    });
    expect([code, stderr, stdout.trim().split("\n").length]).toEqual([0, "", 1]);
  });

  it("--json prints one object", async () => {
    const { stdout } = await serveCommand(["--port", "0", "--json"], async (line) => {
      expect(JSON.parse(line)).toEqual({ command: "serve", url: expect.stringMatching(/^http:/) });
    });
    expect(stdout.trim().split("\n")).toHaveLength(1);
  });

  it("--origin lets a page of another origin use the files; what is no origin is an error", async () => {
    const friend = "http://localhost:8080";
    await serveCommand(["--port", "0", "--origin", friend, "https://a.example"], async (line) => {
      const [url] = /http:\S+/.exec(line) ?? [];
      const { headers } = await fetch(`${url}explorer.js`, { headers: { Origin: friend } });
      expect(headers.get("access-control-allow-origin")).toBe(friend);
    });
    const { code, stderr } = await serveCommand(["--origin", "localhost/page"], async () => {});
    expect(code).toBe(2);
    expect(stderr).toMatch(/--origin expected an origin such as http:\/\/localhost:8080/);
  });

  it.each([
    ["70000", /--port expected .*65,?535/],
    ["x", /--port/],
  ])("--port %s is an error of usage", async (port, expected) => {
    const { code, stderr } = await serveCommand(["--port", port], async () => {});
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
  });

  it("a port that is taken is an error that says so", { tags: ["long"] }, async () => {
    const other = await startServer({ folder: siteFolder });
    const { port } = new URL(other.url);
    const { code, stderr } = await serveCommand(["--port", port], async () => {});
    await other.close();
    expect([code, stderr.trim()]).toEqual([
      5,
      `vkernel: --port ${port}: another program listens there; take another one, or 0 for any that is free`,
    ]);
  });
});
