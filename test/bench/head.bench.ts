// A head on features that were kept: how long it takes to learn 10 classes from 10,000 vectors of 768 numbers, by either
// engine, and beside the closed form of ridge regression. `npm run bench -- head` prints one JSON object a line.
//
//   COUNT=10000 FEATURES=768 CLASSES=10   sizes, to try it out with less
//   ROUNDS=3                              turns; the median counts

import '@tensorflow/tfjs-backend-wasm';
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import { ridgeFewShot } from '../../src/eval/ridge-few-shot.ts';
import { createRandom } from '../../src/random.ts';
import type { TargetKind } from '../../src/tasks/index.ts';
import { headTrainer } from '../../src/train/index.ts';
import { print } from './compile/rows.ts';
import { takeTurns } from './compile/turns.ts';

const count = Number(process.env.COUNT ?? 10_000);
const dim = Number(process.env.FEATURES ?? 768);
const classes = Number(process.env.CLASSES ?? 10);
const rounds = Number(process.env.ROUNDS ?? 3);

await tf.setBackend('wasm');
const random = createRandom(1, 'head bench');
const normals = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
const centres = normals(classes * dim);
const [train, test] = [examples(count), examples(Math.ceil(count / 5))];
const targets: TargetKind = {
  kind: 'classes',
  labels: Array.from({ length: classes }, (_, k) => `class ${k}`),
};
const accuracies = new Map<string, number>();

const { timings, busy } = await takeTurns(
  'head',
  {
    onnx: { run: () => learn('onnx') },
    tfjs: { run: () => learn('tfjs') },
    ridge: { run: ridge },
  },
  rounds,
);
for (const [name, timing] of Object.entries(timings)) {
  const seconds = timing.median / 1000;
  const figures = {
    ...{
      row: `head, ${count} x ${dim}, ${classes} classes`,
      by: name,
      seconds,
      accuracy: accuracies.get(name),
    },
    ...{
      ratio_to_ridge: timing.median / timings.ridge.median,
      cores: availableParallelism(),
      others_busy: busy,
    },
  };
  if (name === 'ridge') print(figures);
  else print(figures, { of: seconds, atMost: 5 });
}
process.exit(0);

async function learn(engine: 'onnx' | 'tfjs'): Promise<void> {
  const fitHead = headTrainer({ engine });
  const head = await fitHead(train.features, train.labels, { targets });
  const scores = await head.predict(test.features);
  const predicted = Array.from({ length: scores.count }, (_, i) => {
    return scores.row(i).indexOf(Math.max(...scores.row(i)));
  });
  accuracies.set(engine, shareOf(predicted));
}

function ridge(): void {
  const indices = Int32Array.from(train.labels, (_, i) => i);
  accuracies.set(
    'ridge',
    shareOf([...ridgeFewShot(train.features, train.labels, test.features, { indices, classes }).predictions]),
  );
}

function shareOf(predicted: readonly number[]): number {
  return predicted.filter((label, i) => label === test.labels[i]).length / predicted.length;
}

/** Around a centre for each class, so close that some are confused; features of very different sizes, as networks give. */
function examples(length: number): { features: Embeddings; labels: Int32Array } {
  const labels = Int32Array.from({ length }, () => random.integer(classes));
  const data = normals(length * dim);
  for (let i = 0; i < data.length; i++) {
    const k = i % dim;
    const centre = centres[labels[Math.floor(i / dim)]! * dim + k]!;
    data[i] = 10 ** ((k % 5) - 2) * (data[i]! + 0.1 * centre);
  }
  return { features: createEmbeddings(data, dim), labels };
}
