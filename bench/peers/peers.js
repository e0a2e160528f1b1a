import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startChild } from "../child.js";

const run = promisify(execFile);
/** Debian's, which has Debian's numpy and torch; VKERNEL_PYTHON names another. */
const python = process.env.VKERNEL_PYTHON ?? "/usr/bin/python3";

/**
 * What a peer is asked to do: posterior means, covariances, or a run along noise levels.
 *
 * @typedef {"mean" | "covariance" | "heun"} Kind
 *
 * @typedef {{
 *   name: string, kinds: readonly Kind[], install: string,
 *   there: () => Promise<boolean>, command: (task: string) => { program: string, args: string[] },
 * }} Peer
 */

/** All of them compute on one thread, whatever they would choose. */
const ONE_THREAD = {
  OMP_NUM_THREADS: "1",
  OPENBLAS_NUM_THREADS: "1",
  MKL_NUM_THREADS: "1",
  VECLIB_MAXIMUM_THREADS: "1",
};

/** @param {string} file */
const beside = (file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @param {string} name
 * @param {readonly Kind[]} kinds
 * @param {string} packages Debian's
 * @returns {Peer}
 */
const inPython = (name, kinds, packages) => ({
  name,
  kinds,
  install: `apt-get install -y --no-install-recommends ${packages}, or VKERNEL_PYTHON=/path/to/a/python3 that has ${name}`,
  there: () =>
    run(python, ["-c", `import numpy, ${name}`]).then(
      () => true,
      () => false,
    ),
  // What is compiled of the scripts stays out of the checkout.
  command: (task) => ({ program: python, args: ["-B", beside(`${name}_peer.py`), task] }),
});

/**
 * @param {string} name
 * @param {string} module
 * @param {string} script
 * @param {string} install
 * @returns {Peer}
 */
const inNode = (name, module, script, install) => ({
  name,
  kinds: ["mean"],
  install,
  there: async () => {
    try {
      import.meta.resolve(module);
      return true;
    } catch {
      return false;
    }
  },
  command: (task) => ({ program: process.execPath, args: [beside(script), task, module] }),
});

/** Programs that do the same work. @type {readonly Peer[]} */
const peers = [
  inPython("numpy", ["mean", "covariance", "heun"], "python3-numpy libopenblas0-pthread"),
  inPython("torch", ["mean", "heun"], "python3-torch"),
  inNode(
    "onnxruntime",
    "onnxruntime-node",
    "onnxruntime.js",
    "ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save onnxruntime-node",
  ),
  inNode("onnxruntime web", "onnxruntime-web", "onnxruntime.js", "npm install --no-save onnxruntime-web"),
  inNode("tfjs wasm", "@tensorflow/tfjs-backend-wasm", "tfjs.js", "npm install"),
  inNode("jax-js wasm", "@jax-js/jax", "jax.js", "npm install --no-save @jax-js/jax"),
];

/** Those that are installed, and those that are not. */
export async function findPeers() {
  const there = await Promise.all(peers.map((peer) => peer.there()));
  return {
    installed: peers.filter((_, i) => there[i]),
    missing: peers.filter((_, i) => !there[i]),
  };
}

/** What numpy multiplies by; undefined where that is not known. */
export async function blasOf() {
  const found = await run(python, ["-B", beside("blas.py")]).catch(() => undefined);
  return found?.stdout.trim() || undefined;
}

/**
 * Starts a peer on some data; it waits for `run`.
 *
 * @param {Peer} peer
 * @param {string} folder
 * @param {Kind} kind
 * @param {import("../child.js").Input & { sigmas?: ArrayLike<number> }} input
 */
export function startPeer(peer, folder, kind, { points, queries, sigmas = [], ...shape }) {
  return startChild(folder, { points, queries }, (data, out) => ({
    ...peer.command(JSON.stringify({ kind, ...shape, sigmas: Array.from(sigmas), data, out })),
    env: ONE_THREAD,
  }));
}
