// tfjs on its Wasm backend, in Node: the backend has one thread there.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { readTask, serve } from "./serve.js";

const task = await readTask();
await tf.setBackend("wasm");
await tf.ready();
const { dim, size, count, sigma } = task;
const points = tf.tensor2d(task.points, [size, dim]);
const queries = tf.tensor2d(task.queries, [count, dim]);
const squares = tf.sum(tf.square(points), 1);

await serve(task, async () => {
  const mean = tf.tidy(() => {
    const products = tf.mul(tf.matMul(queries, points, false, true), 2);
    return tf.matMul(tf.softmax(tf.mul(tf.sub(products, squares), 0.5 / sigma ** 2)), points);
  });
  const values = await mean.data();
  mean.dispose();
  return Float32Array.from(values);
});
