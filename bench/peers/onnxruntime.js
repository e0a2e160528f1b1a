// onnxruntime on one thread: native (onnxruntime-node) or its Wasm (onnxruntime-web), by the task's package.
import { posteriorMeanModel } from "./onnx.js";
import { readTask, serve } from "./serve.js";

const task = await readTask();
// Neither is a dependency of the checkout, so that neither has types here.
const ort = await import(process.argv[3]).then((module) => module.default ?? module);
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(posteriorMeanModel(), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const { dim, size, count, sigma, points, queries } = task;
const turned = new Float32Array(points.length);
const squares = new Float32Array(size);
for (let m = 0; m < size; m++) {
  for (let d = 0; d < dim; d++) {
    const value = points[m * dim + d];
    turned[d * size + m] = value;
    squares[m] += value * value;
  }
}
/** @param {Float32Array} data @param {number[]} shape */
const tensor = (data, shape) => new ort.Tensor("float32", data, shape);
const inputs = {
  x: tensor(queries, [count, dim]),
  y: tensor(points, [size, dim]),
  yt: tensor(turned, [dim, size]),
  squares: tensor(squares, [size]),
  two: tensor(Float32Array.of(2), []),
  k: tensor(Float32Array.of(0.5 / sigma ** 2), []),
};

await serve(task, async () => (await session.run(inputs)).mean.data);
