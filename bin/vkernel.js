#!/usr/bin/env node
// The command line is the package vkernel-cli; this starts it where it is installed.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);

/** Where vkernel-cli begins, if it is there. */
function commandLine() {
  try {
    return require.resolve("vkernel-cli");
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return undefined;
  }
}

const main = commandLine();
if (main === undefined) {
  const { version } = require("../package.json");
  process.stderr.write(
    `vkernel: the command line is a package of its own; this installs it: npm install vkernel-cli@${version}\n`,
  );
  process.exitCode = 1;
} else await import(pathToFileURL(main).href);
