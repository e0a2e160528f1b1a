import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { extname, resolve, sep } from "node:path";
import { exitCodes, Failure } from "./errors.js";

/** Nothing from elsewhere, no inline script or style, no eval but that of Wasm; what the explorer runs under. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob: data:",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export interface ServerOptions {
  /** What is served: this folder's files, and nothing beside it. */
  readonly folder: string;
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** COOP and COEP, which let pages share memory with workers. Default true. */
  readonly isolated?: boolean;
  /** The content-security policy; by default `pagePolicy`, undefined for none. */
  readonly policy?: string | undefined;
  /** Served in the place of files, by path: "/wasm/simd-local.wasm". */
  readonly files?: ReadonlyMap<string, string | Uint8Array>;
  /** The path under which it all lies, with slashes at both ends. Default "/". */
  readonly base?: string;
  /** Other origins whose pages may use the files ("http://localhost:8080", or "*" for all); none by default. */
  readonly origins?: readonly string[];
  /** Is told each path that is asked for and not there. */
  readonly onMissing?: (path: string) => void;
}

export interface RunningServer {
  /** With a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/**
 * Serves a folder over HTTP with the headers that the explorer wants: isolation, policy, types. It answers to its own names
 * alone, so that no page elsewhere reaches it by a name that was made to point here, and keeps nothing of what it is asked.
 *
 * @throws {Failure} E_IO: the port is taken or not allowed, the host is not of this machine
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 0, files = new Map(), base = "/", onMissing } = options;
  const folder = resolve(options.folder);
  const server = createServer(async (request, response) => {
    setHeaders(response, request.headers.origin, options);
    if (!namesOf(server, host).has(hostOf(request.headers.host))) {
      response
        .writeHead(421, { "Content-Type": "text/plain; charset=utf-8" })
        .end("This server has another name\n");
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
      return;
    }
    const path = pathOf(request.url);
    const content = path === undefined ? undefined : await find(path, { folder, files, base });
    if (path === undefined || content === undefined) {
      onMissing?.(path ?? String(request.url));
      response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("Not found\n");
      return;
    }
    response.setHeader("Content-Type", types[extname(path) || ".html"] ?? "application/octet-stream");
    response.setHeader("Content-Length", Buffer.byteLength(content));
    response.end(request.method === "HEAD" ? undefined : content);
  });
  await new Promise<void>((done, fail) => {
    server.once("error", (error: NodeJS.ErrnoException) => fail(whyNot(error, host, port)));
    server.listen(port, host, done);
  });
  const address = server.address() as AddressInfo;
  const name = bracketed(address.address);
  return {
    url: `http://${name}:${address.port}${base}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** What lies at a path: content that was given, or a file of the folder. */
async function find(
  path: string,
  { folder, files, base }: Required<Pick<ServerOptions, "folder" | "files" | "base">>,
): Promise<string | Uint8Array | undefined> {
  if (!path.startsWith(base)) return undefined;
  const inside = `/${path.slice(base.length)}`;
  const name = inside.endsWith("/") ? `${inside}index.html` : inside;
  const made = files.get(name);
  if (made !== undefined) return made;
  const file = resolve(folder, `.${name}`);
  if (!file.startsWith(folder + sep) || name.includes("\0")) return undefined;
  return readFile(file).catch(() => undefined);
}

/** By which names a server is reached: read anew, since addresses come and go. */
function namesOf(server: Server, host: string): ReadonlySet<string> {
  const { address } = server.address() as AddressInfo;
  const all = new Set([
    "localhost",
    "127.0.0.1",
    "[::1]",
    host.toLowerCase(),
    bracketed(host),
    bracketed(address),
  ]);
  if (address !== "0.0.0.0" && address !== "::") return all;
  all.add(hostname().toLowerCase());
  for (const list of Object.values(networkInterfaces())) {
    for (const one of list ?? []) all.add(bracketed(one.address));
  }
  return all;
}

/** The headers that every answer has: who may use it, and what it may do. */
function setHeaders(response: ServerResponse, origin: string | undefined, options: ServerOptions): void {
  const { origins = [], isolated = true } = options;
  const policy = "policy" in options ? options.policy : pagePolicy;
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Referrer-Policy", "no-referrer");
  response.setHeader("Vary", "Origin");
  if (origins.includes("*")) response.setHeader("Access-Control-Allow-Origin", "*");
  else if (origin !== undefined && origins.includes(origin)) {
    response.setHeader("Access-Control-Allow-Origin", origin);
  }
  const sharing = origins.length > 0 ? "cross-origin" : "same-origin";
  response.setHeader("Cross-Origin-Resource-Policy", sharing);
  if (isolated) {
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  }
  if (policy !== undefined) response.setHeader("Content-Security-Policy", policy);
}

/** An address as a URL has it. */
const bracketed = (address: string): string => (isIPv6(address) ? `[${address}]` : address);

/** The host that a request names, without its port. */
const hostOf = (host: string | undefined): string => (host ?? "").replace(/:\d*$/, "").toLowerCase();

/** The path of a request, decoded; undefined where it is none. */
function pathOf(url: string | undefined): string | undefined {
  try {
    return decodeURIComponent(new URL(url ?? "/", "http://localhost").pathname);
  } catch {
    return undefined;
  }
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): Failure {
  const [argument, why] =
    error.code === "EADDRINUSE"
      ? [
          "--port",
          `--port ${port}: another program listens there; take another one, or 0 for any that is free`,
        ]
      : error.code === "EACCES"
        ? ["--port", `--port ${port}: permission denied; ports from 1024 on need none`]
        : ["--host", `--host ${host}: ${error.code ?? error.message}: no address of this machine`];
  return new Failure("E_IO", exitCodes.files, argument, why, error);
}
