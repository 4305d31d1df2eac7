// Few-shot classification on pictures that are drawn words.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClippoModel } from '../../src/clippo-model.ts';
import type { LabelledSource } from '../../src/data/index.ts';
import { fewShot } from '../../src/eval/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { createTinyModel, labelled, memoryParts } from './drawn-words.ts';

describe('fewShot', () => {
  let model: ClippoModel;
  beforeAll(async () => {
    model = await createTinyModel();
  });
  afterAll(() => model.dispose());
  expectNoLeaks();
  const CLASSES = ['ant', 'wolf'];
  const train = labelled(
    CLASSES,
    ['ant', 'wolf', 'ant', 'wolf', 'ant', 'wolf'].map((word, i) => [word, i % 2] as const),
  );
  const test = labelled(CLASSES, [
    ['wolf', 1],
    ['ant', 0],
    ['wolf', 0],
    ['ant', 0],
  ]);

  it('learns from a few, and reports every number of shots over all seeds', async () => {
    const { values, intervals, details, settings } = await fewShot({ model, train, test, shots: [1, 2] });
    expect(values).toEqual({ '1-shot': 0.75, '2-shot': 0.75 }); // one label is wrong
    expect(intervals['1-shot']!.high).toBe(1);
    expect(JSON.parse(JSON.stringify(details)).perSeed).toHaveLength(6);
    expect(settings).toMatchObject({ shots: [1, 2], seeds: [0, 1, 2], l2: 1024 });
  });

  it('reads only what is chosen', async () => {
    const read: string[] = [];
    const watched: LabelledSource = {
      ...train,
      async *references() {
        for await (const reference of train.references()) {
          if ('kind' in reference) continue;
          yield {
            ...reference,
            load: async () => {
              read.push(reference.key);
              return reference.load();
            },
          };
        }
      },
    };
    await fewShot({ model, train: watched, test, shots: [1], seeds: [0], parts: memoryParts(), examples: 0 });
    expect(read).toHaveLength(2);
  });

  it('refuses what cannot be meant', async () => {
    await expect(fewShot({ model, train, test, shots: [4] })).rejects.toThrow(/ant|class 0/);
    await expect(fewShot({ model, train, test, shots: [0] })).rejects.toThrow(
      'shots: expected a list of integers',
    );
    await expect(fewShot({ model, train, test: labelled(['ant', 'dog'], []) })).rejects.toThrow(
      'are not the same',
    );
    await expect(fewShot({ model, train, test, seeds: [] })).rejects.toThrow('seeds: expected a list');
  });
});
