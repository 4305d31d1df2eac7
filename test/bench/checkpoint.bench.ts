// Reading and writing a B/16-sized npz in memory, beside copying the same bytes: one JSON line a measurement.
// Run with `npx tsx test/bench/checkpoint.bench.ts`. "numpy layout" is a file whose arrays are not aligned, as numpy
// writes them: reading has to copy each array once.

import {
  npzChunks,
  parseNpz,
  readBigVision,
  toFloat32,
  writeNpz,
  writeSafetensors,
} from '../../src/checkpoint/index.ts';
import { generateUniform } from '../support/golden.ts';

const ROUNDS = 5;

const weights = baseWeights();
const npz = writeNpz(weights);
const misaligned = new Uint8Array(npz.length + 1).subarray(1);
misaligned.set(npz);
const safetensors = writeSafetensors(weights);
const copy = new Uint8Array(npz.length);

await measure('copy the bytes', npz, () => copy.set(npz));
await measure('parseNpz, headers only', npz, () => parseNpz(npz));
await measure('readBigVision + data, checksums verified', npz, () => readAll(npz));
await measure('readBigVision + data, numpy layout', npz, () => readAll(misaligned));
await measure('readBigVision + data, safetensors (views, no checksum)', safetensors, () =>
  readAll(safetensors),
);
await measure('npzChunks', npz, () => {
  for (const _ of npzChunks(weights));
});
await measure('writeNpz', npz, () => writeNpz(weights));
await measure('writeSafetensors', safetensors, () => writeSafetensors(weights));

/** ViT-B/16 with a MAP head: the large arrays exactly, the small ones left out. */
function baseWeights(): Map<string, { shape: number[]; data: Float32Array }> {
  const shapes: Record<string, number[]> = {
    'params/img/embedding/kernel': [16, 16, 3, 768],
    'params/img/pos_embedding': [1, 196, 768],
    'params/img/head/kernel': [768, 768],
  };
  for (const block of [...Array(12).keys()].map((i) => `Transformer/encoderblock_${i}`).concat('MAPHead_0')) {
    for (const part of ['query', 'key', 'value']) {
      shapes[`params/img/${block}/MultiHeadDotProductAttention_0/${part}/kernel`] = [768, 12, 64];
    }
    shapes[`params/img/${block}/MultiHeadDotProductAttention_0/out/kernel`] = [12, 64, 768];
    shapes[`params/img/${block}/MlpBlock_0/Dense_0/kernel`] = [768, 3072];
    shapes[`params/img/${block}/MlpBlock_0/Dense_1/kernel`] = [3072, 768];
  }
  return new Map(
    Object.entries(shapes).map(([path, shape], i) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return [path, { shape, data: Float32Array.from(generateUniform('bench', length, i)) }];
    }),
  );
}

function readAll(bytes: Uint8Array): number {
  let sum = 0;
  for (const array of readBigVision(bytes).values()) sum += toFloat32(array)[0]!;
  return sum;
}

async function measure(what: string, bytes: Uint8Array, work: () => unknown): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    work();
    if (round > 0) times.push(performance.now() - start); // the first round warms up
    await new Promise((resolve) => setImmediate(resolve)); // weak references let go between turns
  }
  const milliseconds = times.sort((a, b) => a - b)[ROUNDS >> 1]!;
  console.log(
    JSON.stringify({
      bench: `checkpoint: ${what}`,
      megabytes: Math.round(bytes.length / 1e6),
      milliseconds: Number(milliseconds.toFixed(2)),
      megabytesPerSecond: Math.round(bytes.length / 1e3 / milliseconds),
    }),
  );
}
