// jax-js on its Wasm backend, compiled by its own jit.
import { readTask, serve } from "./serve.js";

const task = await readTask();
// It asks every host for its GPU; Node before 21 has no navigator to ask.
if (!("navigator" in globalThis)) Object.assign(globalThis, { navigator: {} });
// No dependency of the checkout, so that it has no types here.
const name = "@jax-js/jax";
const jax = await import(name);
await jax.init();
jax.defaultDevice("wasm");
const { numpy: np, nn, jit } = jax;
const { dim, size, count, sigma } = task;
const queries = np.array(task.queries).reshape([count, dim]);
const points = np.array(task.points).reshape([size, dim]);

// An array is used up by what takes it; `ref` keeps it for another.
/** @param {any} x @param {any} y */
const mean = (x, y) => {
  const squares = np.sum(np.square(y.ref), 1);
  const logits = np.matmul(x, np.transpose(y.ref)).mul(2).sub(squares);
  return np.matmul(nn.softmax(logits.mul(0.5 / sigma ** 2), -1), y);
};
const compiled = jit(mean);

await serve(task, async () => (await compiled(queries.ref, points.ref)).data());
