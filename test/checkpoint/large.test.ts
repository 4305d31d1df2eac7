// A file beyond 512 MiB, as the published checkpoints are: parsing and reading it keeps to the memory it lies in.

import { expect, it } from 'vitest';
import { npzChunks, parseNpz, readBigVision, toFloat32, writeNpz } from '../../src/checkpoint/index.ts';

const MIB = 2 ** 20;

it('reads and writes an array of 520 MiB in place', { timeout: 240_000 }, () => {
  const length = 130 * MIB;
  let weights: Float32Array | undefined = new Float32Array(length);
  for (let i = 0; i < length; i += 1024) weights[i] = i;

  const chunks = [...npzChunks([['params/x', { shape: [130, MIB], data: weights }]])];
  expect(
    chunks.filter((chunk) => chunk.buffer !== weights?.buffer).every((chunk) => chunk.length < 1024),
  ).toBe(true);
  const file = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  expect(file.length).toBeGreaterThan(512 * MIB);
  let at = 0;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  chunks.length = 0;
  weights = undefined;

  const before = process.memoryUsage().arrayBuffers;
  const array = parseNpz(file).get('params/x')!;
  let sum = 0;
  for (let i = 0; i < length; i += 65_536) sum += Number(array.data[i]); // asks for `data` again and again
  expect(sum).toBeGreaterThan(0);
  expect(array.data.buffer).toBe(file.buffer);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB);
});

it('reads 256 MiB of misaligned arrays, as numpy lays them out, a few at a time', () => {
  const array = { shape: [MIB], data: new Float32Array(MIB).fill(1) };
  const aligned = writeNpz(Array.from({ length: 64 }, (_, i) => [`params/${i}`, array] as const));
  const file = new Uint8Array(aligned.length + 1).subarray(1);
  file.set(aligned);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (const weights of readBigVision(file).values()) {
    expect(toFloat32(weights).buffer === file.buffer).toBe(false);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(most).toBeLessThan(128 * MIB);
});
