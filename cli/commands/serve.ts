import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkInteger } from "../../src/check.js";
import type { CommonChoices, Context } from "../context.js";
import { exitCodes, Failure } from "../errors.js";
import { startServer } from "../server.js";
import { printJson } from "../text.js";

export interface ServeChoices extends CommonChoices {
  port?: number;
  host?: string;
}

const DEFAULT_PORT = 4173;

/** The built page: beside the folder of this command, wherever the package is installed. */
const siteFolder = fileURLToPath(new URL("../site", import.meta.url));

/** `vkernel serve`: the explorer on this machine, until Ctrl-C. */
export async function runServe(choices: ServeChoices, { signal }: Context): Promise<void> {
  const port = checkInteger(choices.port ?? DEFAULT_PORT, "port", 0, 65_535);
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
