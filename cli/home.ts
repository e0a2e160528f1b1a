import { createRequire } from "node:module";
import { dirname } from "node:path";

/**
 * The folder of this package, by its own name: the same from its bundle, from what is compiled and from its sources. The font of
 * pictures, the explorer's page and the script of the thread that reads lie in it.
 */
export const home: string = dirname(createRequire(import.meta.url).resolve("vkernel-cli/package.json"));
