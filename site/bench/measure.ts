import { engineOf } from "../../src/engine.js";
import { messageOf } from "../load.js";
import { MAX_MATRIX_DIM } from "../../src/score/evaluate/request.js";
import { casesOf, type Named } from "./cases.js";
import type { Message, Request } from "./protocol.js";
import { measure } from "./rounds.js";

/** The worker's script: measures once, tells what it finds, and is ended by the page. */
const scope = globalThis as unknown as {
  postMessage(message: Message): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};
const tell = (message: Message): void => scope.postMessage(message);

async function enginesOf({ isolated, local, shared, threads }: Request): Promise<Named[]> {
  const one = await engineOf({ wasm: local, threads: 1 }, undefined);
  const engines = [{ name: "kernels, one thread", engine: one }];
  if (!isolated) {
    tell({ kind: "note", note: "one thread alone: threads need a cross-origin isolated page" });
    return engines;
  }
  const many = await engineOf({ wasm: shared, worker: threads }, undefined);
  if (many.info.threads > 1) engines.push({ name: `kernels, ${many.info.threads} threads`, engine: many });
  else many.close();
  return engines;
}

async function measureAll(request: Request): Promise<void> {
  const engines = await enginesOf(request);
  try {
    const cases = casesOf(request, engines);
    if (request.dim > MAX_MATRIX_DIM)
      tell({ kind: "note", note: `no Hessian: matrices are for at most ${MAX_MATRIX_DIM} dimensions` });
    const end = performance.now() + 1000 * request.seconds;
    for (const [index, { name, make }] of cases.entries()) {
      tell({ kind: "next", name, index, total: cases.length });
      const share = (end - performance.now()) / (cases.length - index);
      tell({ kind: "table", table: await measure(make(), share) });
    }
    tell({ kind: "done" });
  } finally {
    for (const { engine } of engines) engine.close();
  }
}

scope.onmessage = ({ data }) => {
  measureAll(data).catch((error: unknown) => tell({ kind: "error", message: messageOf(error) }));
};
