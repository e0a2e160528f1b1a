import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkInteger } from "vkernel/internal";
import type { CommonChoices, Context } from "../context.js";
import { exitCodes, Failure, usage } from "../errors.js";
import { home } from "../home.js";
import type { Chosen } from "../option.js";
import { serveOptions } from "../options.js";
import { startServer } from "../server.js";
import { printJson } from "../text.js";

export type ServeChoices = CommonChoices & Chosen<typeof serveOptions>;

/** The built page, wherever the package is installed. */
const siteFolder = join(home, "dist/site");

/** `vkernel serve`: the explorer on this machine, until Ctrl-C. */
export async function runServe(choices: ServeChoices, { signal }: Context): Promise<void> {
  const port = checkInteger(choices.port ?? serveOptions.port.default, "port", 0, 65_535);
  if (!existsSync(join(siteFolder, "index.html"))) {
    throw new Failure(
      "E_IO",
      exitCodes.files,
      undefined,
      `${siteFolder}: the explorer is not there; in a checkout, npm run build:site makes it`,
    );
  }
  const server = await startServer({
    folder: siteFolder,
    port,
    origins: (choices.origin ?? []).map(checkOrigin),
    ...(choices.host === undefined ? {} : { host: choices.host }),
  });
  if (choices.json) printJson({ command: "serve", url: server.url });
  else process.stdout.write(`The explorer is at ${server.url} (Ctrl-C quits)\n`);
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
  await server.close();
}

/** An origin as browsers send it, or "*". */
function checkOrigin(text: string): string {
  const origin = text === "*" ? text : originOf(text);
  if (origin !== text) {
    throw usage("--origin", 'an origin such as http://localhost:8080, or "*" for any', text);
  }
  return text;
}

function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
