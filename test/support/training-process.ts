// A training run in a process of its own, to be killed: `node --import tsx training-process.ts FOLDER STEPS EVERY`.
// Says `step N` after each step and `done` at the end.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { ClippoModel } from '../../src/clippo-model.ts';
import { nodeRuntime, runFolder } from '../../src/node/index.ts';
import { adafactor, schedule, train } from '../../src/train/index.ts';
import { wordBatches, wordSource } from './record-sources.ts';

const [, , folder, steps, every] = process.argv;
const WORDS = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox', 'gnu', 'hen'];

await tf.setBackend('cpu');
const source = await wordSource(WORDS);
const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 }, { seed: 3 });
const rate = schedule({ decay: 'cosine', total: 200, warmup: 20 });
await train({
  model,
  optimizer: adafactor({ learningRate: 1e-2, schedule: rate }),
  engine: 'onnx',
  runtime: nodeRuntime({ threads: 1 }),
  batches: wordBatches(source, { batchSize: 4, augment: { rotate: 10 } }),
  steps: Number(steps),
  run: runFolder(folder!),
  checkpointEvery: Number(every),
  keep: 3,
  onStep: ({ step }) => console.log(`step ${step}`),
});
console.log('done');
