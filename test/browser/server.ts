import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";

/** The content-security policy of `reliability.md`: nothing from elsewhere, no inline script, no eval, no blob. */
export const strictPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

export interface ServerOptions {
  /** COOP and COEP headers, which make a page cross-origin isolated: it may share memory with workers. */
  isolated?: boolean;
  /** A content-security policy. */
  policy?: string;
  /** Files made on the fly, by path: "/page.js". */
  files?: ReadonlyMap<string, string | Uint8Array>;
  /** Folders on disk, by the prefix of the path: "/dist/". */
  folders?: Readonly<Record<string, string>>;
}

export interface Server {
  /** Without a slash at the end. */
  readonly url: string;
  /** The paths that were asked for and not found. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

const types: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** Serves files to a browser on this machine. */
export async function serve(options: ServerOptions): Promise<Server> {
  const { isolated = false, policy, files = new Map(), folders = {} } = options;
  const missing: string[] = [];
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    const content = await find(path);
    response.setHeader("Cache-Control", "no-store");
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    if (policy !== undefined) response.setHeader("Content-Security-Policy", policy);
    if (content === undefined) {
      missing.push(path);
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", types[extname(path) || ".html"] ?? "application/octet-stream");
    response.end(content);
  });
  async function find(path: string): Promise<string | Uint8Array | undefined> {
    const made = files.get(path);
    if (made !== undefined) return made;
    for (const [prefix, folder] of Object.entries(folders)) {
      const file = join(folder, path.slice(prefix.length));
      if (path.startsWith(prefix) && file.startsWith(folder + sep)) {
        return readFile(file).catch(() => undefined);
      }
    }
    return undefined;
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    missing,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
