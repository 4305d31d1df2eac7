// The demo's small model file: a quarter of float32, and it still finds what the whole model finds. Needs `npm run build`.

import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { ClippoModel, type NdArrayLike, parseSafetensors, topK, writeSafetensors } from 'clippo-ts';
import { nodeRuntime, readImage } from 'clippo-ts/node';
import { describe, expect, it } from 'vitest';
import { LANGUAGES, loadCandidates, namesIn } from '../../examples/browser/build/candidates.ts';
import { floatArrays } from '../../examples/browser/build/make-data.ts';
import { packArrays, unpackArrays, unpackVectors } from '../../examples/browser/packed-arrays.ts';
import { placeOf } from '../../examples/browser/sprite-layout.ts';

const MODEL = new URL('../../models/emoji.safetensors', import.meta.url);

describe('packed arrays', () => {
  it('come back within half a step of their row, and small or whole ones as they were', () => {
    const data = Float32Array.from({ length: 64 * 100 }, (_, i) => Math.sin(i) * (1 + Math.floor(i / 100)));
    data.fill(0, 300, 400); // a row of nothing
    const arrays = new Map<string, NdArrayLike>([
      ['kernel', { shape: [64, 100], data }],
      ['bias', { shape: [3], data: Float32Array.of(1, -0.5, 0.25) }],
      ['rows', { dtype: 'int32', shape: [1], data: Int32Array.of(7) }],
    ]);
    const packed = packArrays(arrays, { note: 'kept' });
    expect(packed.length).toBeLessThan(data.length * 1.2);
    const restored = unpackArrays(packed);
    expect([...restored.keys()].sort()).toEqual(['bias', 'kernel', 'rows']);
    const kernel = restored.get('kernel')!.data as Float32Array;
    for (let row = 0; row < 64; row++) {
      const own = data.subarray(row * 100, (row + 1) * 100);
      const step = Math.max(...own.map(Math.abs)) / 127;
      own.forEach(
        (value, i) => void expect(Math.abs(kernel[row * 100 + i]! - value)).toBeLessThanOrEqual(step * 0.501),
      );
    }
    expect([...restored.get('bias')!.data]).toEqual([1, -0.5, 0.25]);
    expect([...restored.get('rows')!.data]).toEqual([7]);
  });

  it('vectors are rows', () => {
    const data = Float32Array.from({ length: 40 * 128 }, (_, i) => Math.cos(i));
    const { count, dim, row } = unpackVectors(packArrays(new Map([['vectors', { shape: [40, 128], data }]])));
    expect([count, dim]).toEqual([40, 128]);
    expect(row(3)[5]).toBeCloseTo(data[3 * 128 + 5]!, 2);
  });
});

describe('candidates', () => {
  const candidates = loadCandidates(64);

  it('are about 1,900, each once, with flags, without skin tones', () => {
    expect(candidates.length).toBeGreaterThan(1850);
    expect(new Set(candidates.map(({ code }) => code)).size).toBe(candidates.length);
    expect(
      candidates.filter(({ style }) => style === 'emojione').every(({ name }) => name.startsWith('flag')),
    ).toBe(true);
    expect(candidates.filter(({ name }) => name.includes('skin tone'))).toEqual([]);
  });

  it('have a name in nearly every language, and a place on a sheet', () => {
    for (const language of LANGUAGES) {
      const known = namesIn(language, candidates).filter((name) => name !== undefined);
      expect(known.length, language).toBeGreaterThan(candidates.length * 0.98);
    }
    expect([placeOf(0), placeOf(63), placeOf(64)]).toEqual([
      { sheet: 0, column: 0, row: 0 },
      { sheet: 0, column: 7, row: 7 },
      { sheet: 1, column: 0, row: 0 },
    ]);
  });
});

it('the packed model finds what the whole one finds, for 99 of 100 names', async () => {
  await tf.setBackend('cpu');
  const bytes = readFileSync(MODEL);
  const packed = packArrays(floatArrays(bytes));
  expect(packed.length).toBeLessThan(0.51 * bytes.length); // those are float16
  const some = loadCandidates(64).filter((_, i) => i % 5 === 0);
  const pictures = await Promise.all(some.map(({ svg }) => readImage(new TextEncoder().encode(svg))));
  const names = some.map(({ name }) => name);
  const answers: number[][] = [];
  for (const source of [bytes, writeSafetensors(unpackArrays(packed))]) {
    const model = await ClippoModel.load(source);
    await model.compile(nodeRuntime());
    const [seen, read] = [await model.encodeImages(pictures), await model.encodeText(names)];
    answers.push(names.map((_, i) => topK(read.row(i), seen, 1)[0]!.index));
    model.dispose();
  }
  const [whole, small] = answers as [number[], number[]];
  const same = whole.filter((index, i) => index === small[i]).length / names.length;
  const right = small.filter((index, i) => index === i).length / names.length;
  expect(same).toBeGreaterThanOrEqual(0.99);
  expect(right).toBeGreaterThanOrEqual(0.9); // flags included, some of which look much alike
  expect(parseSafetensors(packed).size).toBeGreaterThan(40);
});
