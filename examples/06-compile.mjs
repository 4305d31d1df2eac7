// Any function of tensors at native speed: one step of training, gradients and tf.train.adam included, becomes one
// graph that ONNX Runtime runs. Here a small network learns to tell two spirals apart; nothing of CLIPPO is in it.
// The same steps in plain tfjs show that the losses are equal, and what is gained.
// Run: npm install onnxruntime-node && node examples/06-compile.mjs [steps]

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers tfjs's gradients
import '@tensorflow/tfjs-backend-wasm';
import { createRandom } from 'clippo-ts';
import { compile } from 'clippo-ts/compile';
import { nodeRuntime } from 'clippo-ts/node';

const steps = Number(process.argv[2] ?? 150);
const runtime = nodeRuntime(); // says what to install where ONNX Runtime is missing
await tf.ready();
const [points, labels] = spirals(256);

const plain = createNetwork();
const tfjs = await train('tfjs wasm', plain.step);
const network = createNetwork();
const step = await compile(network.step, { runtime });
const native = await train('compiled ', step);
console.log(`A compiled step takes 1/${(tfjs / native).toFixed(1)} of the time`);
const [{ nodes, bytes, recordMs, openMs }] = step.reports;
console.log(`One graph of ${nodes} nodes, ${bytes} bytes, made in ${(recordMs + openMs).toFixed()} ms`);

// What was trained are the variables themselves; plain tfjs goes on with them.
const right = tf.tidy(() => tf.mean(tf.equal(tf.greater(network.logits(points), 0), labels)));
console.log(`${(100 * (await right.data())[0]).toFixed()} % of the points are told apart`);
await step.dispose();
for (const { variables, optimizer } of [plain, network]) {
  tf.dispose(variables);
  optimizer.dispose();
}
tf.dispose([points, labels, right]);

/** Runs all steps, prints losses on the way, and gives the milliseconds of the median step. */
async function train(name, step) {
  const times = [];
  for (let i = 1; i <= steps; i++) {
    const start = performance.now();
    const loss = await step(points, labels);
    const [value] = await loss.data();
    times.push(performance.now() - start);
    loss.dispose();
    if (i === 1 || i % 50 === 0) console.log(`${name}  step ${i}: loss ${value.toFixed(4)}`);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** Two numbers → 128 → 128 → one logit, with the same start values every time. */
function createNetwork() {
  const random = createRandom(1);
  const normal = (shape) => Float32Array.from({ length: shape[0] * shape[1] }, random.normal);
  const layer = (...shape) => [
    tf.tidy(() => tf.variable(tf.div(tf.tensor(normal(shape), shape), Math.sqrt(shape[0])))),
    tf.tidy(() => tf.variable(tf.zeros([shape[1]]))),
  ];
  const variables = [layer(2, 128), layer(128, 128), layer(128, 1)];
  const [first, second, last] = variables.map(
    ([w, b]) =>
      (x) =>
        tf.add(tf.matMul(x, w), b),
  );
  const logits = (x) => last(tf.tanh(second(tf.tanh(first(x)))));
  const optimizer = tf.train.adam(0.01);
  const step = (x, y) => optimizer.minimize(() => tf.losses.sigmoidCrossEntropy(y, logits(x)), true);
  return { logits, step, variables, optimizer };
}

/** n points of two spirals with noise, [n, 2], and the spiral of each, [n, 1]. */
function spirals(n) {
  const random = createRandom(2);
  const points = Array.from({ length: n }, (_, i) => {
    const angle = 3 * Math.PI * Math.sqrt(random.next());
    const radius = (i % 2 === 0 ? angle : -angle) / 10;
    return [radius * Math.cos(angle), radius * Math.sin(angle)].map((x) => x + 0.02 * random.normal());
  });
  return [tf.tensor2d(points), tf.tensor2d(points.map((_, i) => [i % 2]))];
}
