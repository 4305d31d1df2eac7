// What the hand-written primitives of ops/ and train/loss gain on tfjs wasm over the same in plain tfjs with its
// own gradients. `npm run bench -- ops` prints one JSON object a line; `ratio` is plain / ours.

import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { ClippoModel } from '../../src/clippo-model.ts';
import { toTensor } from '../../src/model/index.ts';
import { attention, gelu, layerNorm, linear } from '../../src/ops/index.ts';
import { createRandom } from '../../src/random.ts';
import { createRenderer } from '../../src/render/index.ts';
import { adafactor, contrastiveLoss, trainStep } from '../../src/train/index.ts';

await tf.setBackend('wasm');

const random = createRandom(1);
function noise<R extends tf.Rank>(shape: tf.ShapeMap[R]): tf.Tensor<R> {
  const size = (shape as number[]).reduce((a, b) => a * b, 1);
  return tf.tensor<R>(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
  );
}

type Run = () => tf.Tensor | tf.Tensor[];

function milliseconds(run: Run): number {
  const start = performance.now();
  tf.tidy(() => {
    for (const tensor of [run()].flat()) tensor.dataSync();
  });
  return performance.now() - start;
}

/** Medians of interleaved runs, so that both see the same machine. */
function compare(name: string, ours: Run, plain: Run, runs = 7): void {
  const times: [number[], number[]] = [[], []];
  for (let i = -2; i < runs; i++) {
    const pair = [milliseconds(ours), milliseconds(plain)] as const;
    if (i >= 0) pair.forEach((time, k) => void times[k]!.push(time));
  }
  const [a, b] = times.map((list) => list.sort((x, y) => x - y)[runs >> 1]!) as [number, number];
  console.log(
    JSON.stringify({ name, ours_ms: +a.toFixed(2), plain_ms: +b.toFixed(2), ratio: +(b / a).toFixed(2) }),
  );
}

/** The tokens of eight 224 px pictures in a ViT-Ti/16. */
const [B, N, D, M, A] = [8, 196, 192, 768, 3];
const tokens = noise<tf.Rank.R3>([B, N, D]);
const hidden = noise<tf.Rank.R3>([B, N, M]);
const kernel = noise<tf.Rank.R2>([D, M]);
const [scale, shift, bias] = [noise<tf.Rank.R1>([D]), noise<tf.Rank.R1>([D]), noise<tf.Rank.R1>([M])];
const heads = [0, 1, 2].map(() => noise<tf.Rank.R4>([B, A, N, D / A])) as [
  tf.Tensor4D,
  tf.Tensor4D,
  tf.Tensor4D,
];

const rows = tf.reshape(hidden, [B * N, M]);
compare(
  'matmul, second operand transposed',
  () => tf.matMul(rows, tf.transpose(kernel)),
  () => tf.matMul(rows, kernel, false, true),
);
compare(
  'linear, forward and gradient',
  () => tf.grads((x, k, b) => linear(x!, k as tf.Tensor2D, b as tf.Tensor1D))([tokens, kernel, bias], hidden),
  () =>
    tf.grads((x, k, b) =>
      tf.reshape(tf.add(tf.matMul(tf.reshape(x!, [B * N, D]), k as tf.Tensor2D), b!), [B, N, M]),
    )([tokens, kernel, bias], hidden),
);
compare(
  'layerNorm, forward and gradient',
  () => tf.grads((x, s, b) => layerNorm(x!, s!, b!))([tokens, scale, shift], tokens),
  () =>
    tf.grads((x, s, b) => {
      const mean = tf.mean(x!, -1, true);
      const variance = tf.maximum(tf.sub(tf.mean(tf.square(x!), -1, true), tf.square(mean)), 0);
      return tf.add(tf.mul(tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, 1e-6))), s!), b!);
    })([tokens, scale, shift], tokens),
);
compare(
  'gelu, forward and gradient',
  () => tf.grad((x) => gelu(x))(hidden, hidden),
  () =>
    tf.grad((x) => {
      const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
    })(hidden, hidden),
);
compare(
  'attention, forward and gradient',
  () =>
    tf.grads((q, k, v) => attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D))(heads, heads[0]),
  () =>
    tf.grads((q, k, v) => {
      const scores = tf.matMul(tf.div(q!, Math.sqrt(D / A)), k!, false, true);
      return tf.matMul(tf.softmax(scores), v!);
    })(heads, heads[0]),
);
const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.norm(x, 2, 1, true));
const [zImage, zText] = tf.tidy(() => [unit(noise([256, D])), unit(noise([256, D]))]);
const t = tf.tensor1d([Math.log(10)]);
compare(
  'contrastive loss at 256 pairs, forward and gradient',
  () => tf.grads((a, b, t) => contrastiveLoss(a as tf.Tensor2D, b as tf.Tensor2D, t!))([zImage!, zText!, t]),
  () =>
    tf.grads((a, b, t) => {
      const scores = tf.mul(tf.matMul(a!, b!, false, true), tf.exp(t!));
      const eye = tf.eye(256);
      const diagonal = (x: tf.Tensor): tf.Tensor => tf.sum(tf.mul(tf.logSoftmax(x), eye), 1);
      const both = tf.add(diagonal(scores), diagonal(tf.transpose(scores)));
      return tf.mul(tf.mean(both), -0.5) as tf.Scalar;
    })([zImage!, zText!, t]),
);

// A whole step of ViT-Ti/16 at 224 px, 2 pairs.
const model = await ClippoModel.create({ variant: 'Ti/16', embeddingDim: 192 });
const renderer = await createRenderer();
const rasters = ['a photo of a dog', 'two red cars'].map((text) => renderer.render(text));
const optimizer = adafactor();
const forward: number[] = [];
const step: number[] = [];
for (let i = 0; i < 4; i++) {
  forward.push(milliseconds(() => model.network.apply(toTensor(rasters)) as tf.Tensor));
  const start = performance.now();
  await trainStep({ model, optimizer, batch: { images: rasters, texts: rasters } });
  step.push(performance.now() - start);
}
const best = (times: number[]): number => +Math.min(...times.slice(1)).toFixed(0);
console.log(
  JSON.stringify({
    name: 'Ti/16 at 224 px on wasm',
    forward_ms_per_image: best(forward) / 2,
    step_ms_per_image: best(step) / 4,
  }),
);
process.exit(0);
