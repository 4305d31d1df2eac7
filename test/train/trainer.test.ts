// The plain loop: it learns, tells its progress, ends when asked, and says what went wrong.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { ConfigError } from '../../src/errors.ts';
import { createRenderer } from '../../src/render/index.ts';
import { adafactor, type PairBatch, train, trainStep } from '../../src/train/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { generateImage } from '../support/golden.ts';
import { memoryRunFolder } from '../support/memory-run-folder.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;

async function fourPairs(height = 32): Promise<PairBatch> {
  const renderer = await createRenderer({ size: { width: 32, height } });
  return {
    images: [0, 1, 2, 3].map((k) => generateImage(k, 32)),
    texts: ['ant', 'bee', 'cow', 'dog'].map((word) => renderer.render(word)),
  };
}

function* repeat<T>(value: T): Generator<T> {
  for (;;) yield value;
}

describe.each(['tfjs', 'onnx'] as const)('train by %s', (engine) => {
  expectNoLeaks();

  it('overfits four pairs', async () => {
    const model = await ClippoModel.create(CONFIG, { seed: 1 });
    const optimizer = adafactor({ learningRate: 3e-3, weightDecay: 0 });
    const seen: number[] = [];
    const { history, aborted, ...rest } = await train({
      model,
      engine,
      batches: repeat(await fourPairs()),
      steps: 80,
      optimizer,
      onProgress: ({ stage, done, total, unit }) => {
        expect([stage, total, unit]).toEqual(['train', 80, 'steps']);
        seen.push(done);
      },
    });
    expect([aborted, rest]).toEqual([false, { engine, step: 80 }]);
    expect(seen).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
    expect(history[0]!.loss).toBeGreaterThan(0.8);
    expect(history.at(-1)).toMatchObject({ step: 80, ncorrect: 1 });
    expect(history.at(-1)!.loss).toBeLessThan(0.1);
    optimizer.dispose();
    model.dispose();
  });

  it('has a default optimiser, and reads text of fewer rows than the pictures', async () => {
    const model = await ClippoModel.create(CONFIG, { seed: 1 });
    const { history } = await train({ model, engine, batches: repeat(await fourPairs(16)), steps: 8 });
    expect(history).toHaveLength(8);
    expect(history[0]!.updateNorm).toBe(0); // the schedule starts at 0
    expect(history[3]!.updateNorm).toBeGreaterThan(0);
    expect(history[0]!.temperature).toBeCloseTo(10, 4);
    model.dispose();
  });

  it('gives the same losses for the same seed', async () => {
    const losses = async (): Promise<number[]> => {
      const model = await ClippoModel.create(CONFIG, { seed: 7 });
      const { history } = await train({ model, engine, batches: repeat(await fourPairs()), steps: 5 });
      model.dispose();
      return history.map(({ loss }) => loss);
    };
    expect(await losses()).toEqual(await losses());
  });

  it('ends after the step in hand when aborted, and closes the batches', async () => {
    const model = await ClippoModel.create(CONFIG);
    const controller = new AbortController();
    let closed = false;
    const batch = await fourPairs();
    async function* batches(): AsyncGenerator<PairBatch> {
      try {
        for (;;) yield batch;
      } finally {
        closed = true;
      }
    }
    const { history, aborted } = await train({
      model,
      engine,
      batches: batches(),
      steps: 100,
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 3) controller.abort();
      },
    });
    expect([history.length, aborted, closed]).toEqual([3, true, true]);
    expect(
      (await train({ model, engine, batches: batches(), steps: 5, signal: controller.signal })).history,
    ).toEqual([]);
    model.dispose();
  });

  it('says when the batches run out', async () => {
    const model = await ClippoModel.create(CONFIG);
    const batches = [await fourPairs()];
    await expect(train({ model, engine, batches, steps: 3 })).rejects.toThrow(
      'the batches ended after 1 of 3 steps',
    );
    model.dispose();
  });

  it('stops when the loss is no longer finite', async () => {
    const model = await ClippoModel.create(CONFIG);
    const optimizer = adafactor({ learningRate: 1e30 });
    const run = train({ model, engine, optimizer, batches: repeat(await fourPairs()), steps: 50 });
    await expect(run).rejects.toThrow(/the loss is (NaN|Infinity) at step \d+; the weights are spoilt/);
    optimizer.dispose();
    model.dispose();
  });
});

describe('train', () => {
  expectNoLeaks();

  it.each([0, -1, 1.5, Number.NaN])('refuses %d steps', async (steps) => {
    const model = await ClippoModel.create(CONFIG);
    await expect(train({ model, batches: [], steps })).rejects.toThrow(
      `steps: expected a positive integer, got ${steps}`,
    );
    model.dispose();
  });

  it('says what is wrong with its options', async () => {
    const model = await ClippoModel.create(CONFIG);
    const [optimizer, adam, batch] = [adafactor(), tf.train.adam(), await fourPairs()];
    const bad: [message: string, run: (options: never) => Promise<unknown>, options: object][] = [
      ['trainStep: unknown option batches. Known: model, optimizer, batch.', trainStep, { batches: [] }],
      [
        'trainStep: batch: expected { images, texts }, two lists of Rasters, got undefined.',
        trainStep,
        { model, optimizer },
      ],
      [
        'trainStep: batch: expected { images, texts }, two lists of Rasters, got an array.',
        trainStep,
        { model, optimizer, batch: [batch.images, batch.texts] },
      ],
      ['trainStep: model: expected a ClippoModel, got undefined.', trainStep, { optimizer, batch }],
      [
        'trainStep: optimizer: expected one with apply, update and isFrozen, got undefined. Make one with adafactor().',
        trainStep,
        { model, batch },
      ],
      ['train: unknown option epochs. Known: ', train, { model, batches: [batch], epochs: 1 }],
      [
        'train: model: expected a ClippoModel, got an object.',
        train,
        { model: {}, batches: [batch], steps: 1 },
      ],
      [
        'train: optimizer: expected one with apply, update and isFrozen, got AdamOptimizer. Make one with adafactor().',
        train,
        { model, batches: [batch], steps: 1, optimizer: adam },
      ],
      [
        'train: batches: expected an iterable of { images, texts }, one a step, got an object.',
        train,
        { model, batches: batch, steps: 1 },
      ],
      [
        'train: batches gave 5, expected an iterable of { images, texts }.',
        train,
        { model, batches: () => 5, steps: 1 },
      ],
      [
        'train: chunk: expected a positive integer, got 0.',
        train,
        { model, batches: [], steps: 1, chunk: 0 },
      ],
      ['train: keep: expected a positive integer, got 0.', train, { model, batches: [], steps: 1, keep: 0 }],
      [
        'train: keepEvery: expected an integer of at least 0, got -1.',
        train,
        { model, batches: [], steps: 1, keepEvery: -1 },
      ],
      [
        'train: run: expected a folder, got an object. Make one with runFolder(path) of clippo-ts/node.',
        train,
        { model, batches: [], steps: 1, run: {} },
      ],
      [
        'train: a run needs an optimiser with getWeights and setWeights',
        train,
        {
          model,
          batches: [],
          steps: 1,
          optimizer: { apply() {}, update() {}, isFrozen() {} },
          run: memoryRunFolder(),
        },
      ],
    ];
    for (const [message, run, options] of bad) {
      // Wrong on purpose, as a caller without types may write it.
      const error = await run(options as never).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as ConfigError).message).toContain(message);
    }
    for (const owner of [model, optimizer, adam]) owner.dispose();
  });

  it('refuses batches that do not pair up or do not fit', async () => {
    const model = await ClippoModel.create(CONFIG);
    const optimizer = adafactor();
    const { images, texts } = await fourPairs();
    const step = (batch: PairBatch): Promise<unknown> => trainStep({ model, optimizer, batch });
    await expect(step({ images, texts: texts.slice(1) })).rejects.toThrow('got 4 images and 3 texts');
    await expect(step({ images: [], texts: [] })).rejects.toThrow('at least one, got 0 images and 0 texts');
    const large = [0, 1, 2, 3].map((k) => generateImage(k, 48));
    await expect(step({ images: large, texts })).rejects.toThrow(
      'expected [B, H, 32, 3] with H a multiple of 16',
    );
    optimizer.dispose();
    model.dispose();
  });
});
