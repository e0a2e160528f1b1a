// npm run site: the built explorer at an address of this machine, as `vkernel serve` serves it.
import { fileURLToPath } from "node:url";
import { startServer } from "../build/ts/cli/server.js";

const folder = fileURLToPath(new URL("../dist/site", import.meta.url));
const port = Number(process.argv[2] ?? 4173);
try {
  const { url } = await startServer({ folder, port });
  console.log(`The explorer is at ${url} (Ctrl-C quits)`);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
