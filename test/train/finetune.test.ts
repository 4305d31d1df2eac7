// Fine-tuning by both engines: it learns what there is to learn, alike on either, ends when nothing gets better, weighs
// classes, keeps the best, and leaves no tensor behind.

import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import {
  type Classifier,
  type ClassifierOptions,
  createClassifier,
  type Example,
  type FinetuneOptions,
  finetune,
} from '../../src/train/index.ts';
import { expectNoLeaks, maxAbsDifference } from '../support/backends.ts';
import { COLOURS, type Colour, colourExamples, colourPicture } from '../support/labelled-pictures.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;

async function withClassifier<T>(
  options: ClassifierOptions,
  run: (classifier: Classifier, model: ClippoModel) => Promise<T>,
): Promise<T> {
  const model = await ClippoModel.create(CONFIG, { seed: 1 });
  const classifier = createClassifier(model, options);
  try {
    return await run(classifier, model);
  } finally {
    classifier.dispose();
    model.dispose();
  }
}

function valuesOf(model: { parameters(): Map<string, tf.Variable> }): Map<string, Float32Array> {
  return new Map([...model.parameters()].map(([path, p]) => [path, p.dataSync().slice() as Float32Array]));
}

const WORDS: Example[] = ['ant', 'bee', 'cow', 'dog'].map((input) => ({ input, target: 'green' }));

describe.each(['tfjs', 'onnx'] as const)('finetune by %s', (engine) => {
  expectNoLeaks();

  it('overfits eight pictures and words, network and head', async () => {
    await withClassifier({ labels: COLOURS, head: [16] }, async (classifier, model) => {
      const before = valuesOf(model);
      const train = [...colourExamples(4), ...WORDS];
      const seen: number[] = [];
      const { best, engine: used } = await finetune({
        ...{ classifier, train, engine, steps: 30, batchSize: 8, learningRate: 5e-3 },
        onProgress: ({ stage, done, total, unit }) => {
          expect([stage, total, unit]).toEqual(['finetune', 30, 'steps']);
          seen.push(done);
        },
      });
      expect([used, best.ended, best.step, best.history.length]).toEqual([engine, 'steps', 30, 30]);
      expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
      expect(best.losses[0]![1]).toBeCloseTo(Math.log(4), 5); // a zero output layer knows nothing
      expect(best.losses.at(-1)![1]).toBeLessThan(0.1);
      expect((await classifier.evaluate(train)).values.accuracy).toBe(1);
      const after = valuesOf(model);
      const changed = [...after].filter(([path, values]) => maxAbsDifference(values, before.get(path)!) > 0);
      expect(changed.length).toBeGreaterThan(20);
      // What the scores do not depend on stays.
      for (const path of ['t', 'img/head/kernel', 'img/head/bias']) {
        expect(maxAbsDifference(after.get(path)!, before.get(path)!), path).toBe(0);
      }
    });
  });

  it('learns a head on the embedding, the network as it was', async () => {
    await withClassifier({ labels: COLOURS, on: 'embedding' }, async (classifier, model) => {
      const before = valuesOf(model);
      const train = colourExamples(24);
      const { evaluation } = await classifier.fit(train, { engine, dev: colourExamples(12, 100) });
      expect(evaluation!.values.accuracy).toBe(1);
      expect(evaluation!.confusion!.map((row) => [...row])).toEqual(
        COLOURS.map((_, k) => COLOURS.map((__, j) => (j === k ? 3 : 0))),
      );
      for (const [path, values] of valuesOf(model)) {
        expect(maxAbsDifference(values, before.get(path)!), path).toBe(0);
      }
    });
  });

  it('learns several labels at once', async () => {
    await withClassifier({ labels: ['reddish', 'greenish'], multiLabel: true }, async (classifier) => {
      const targets = { red: ['reddish'], green: ['greenish'], blue: [], yellow: ['reddish', 'greenish'] };
      const label = ({ input, target }: Example): Example => ({
        input,
        target: targets[target as Colour],
      });
      const { evaluation } = await classifier.fit(colourExamples(24).map(label), {
        ...{ engine, dev: colourExamples(8, 50).map(label) },
      });
      expect(evaluation!.values).toMatchObject({ f1: 1, exact: 1 });
      const [best, other] = (await classifier.predict([colourPicture('red', 70)]))[0]!;
      expect([best!.label, best!.score > 0.5, other!.score < 0.5]).toEqual(['reddish', true, true]);
    });
  });

  it('learns numbers, beginning at their mean', async () => {
    const range = [0, 5] as const;
    await withClassifier({ targets: { kind: 'regression', range } }, async (classifier) => {
      const number = ({ input, target }: Example): Example => ({
        input,
        target: 1.25 * COLOURS.indexOf(target as Colour),
      });
      const { best, evaluation } = await classifier.fit(colourExamples(24).map(number), {
        ...{ engine, dev: colourExamples(8, 50).map(number) },
      });
      expect(best.losses[0]![1]).toBeCloseTo(1.953125, 4); // the variance
      expect(evaluation!.values.rmse).toBeLessThan(0.5);
      const answers = await classifier.predict([colourExamples(4, 70)[3]!.input as never]);
      expect(answers[0]![0]!.label).toBe('value');
      expect(Math.abs(answers[0]![0]!.score - 3.75)).toBeLessThan(0.6);
    });
  });

  it('ends when the dev set gets no better, with the best weights', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      // The more is learned from wrong answers, the worse it gets.
      const dev = colourExamples(8, 60).map(({ input }, i) => ({ input, target: COLOURS[(i + 1) % 4]! }));
      const looks: [number, number][] = [];
      const { best, trials, evaluation } = await classifier.fit(colourExamples(16), {
        ...{ engine, dev, metric: 'loss', patience: 3, evaluateEvery: 2, steps: 100 },
        onEvaluation: ({ step, metric, values }) => {
          expect(metric).toBe(-values.loss!);
          looks.push([step, values.loss!]);
        },
      });
      expect(best).toMatchObject({ ended: 'early', step: best.best!.step + 6 });
      expect(looks.map(([step]) => step)).toEqual(looks.map((_, i) => 2 * (i + 1)));
      const least = Math.min(...looks.map(([, loss]) => loss));
      expect(best.best!.values.loss).toBe(least);
      expect(evaluation!.values.loss).toBeCloseTo(least, 5);
      expect((await classifier.evaluate(dev)).values.loss).toBeCloseTo(least, 4);
      expect(trials).toEqual([best]);
    });
  });

  it('tries every learning rate with every seed and keeps the best', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const dev = colourExamples(8, 60);
      const result = await classifier.fit(colourExamples(16), {
        ...{ engine, dev, metric: 'loss', steps: 10, learningRate: [1e-5, 1e-2], seed: [0, 1] },
      });
      expect(result.trials.map(({ learningRate, seed }) => [learningRate, seed])).toEqual([
        ...[
          [1e-5, 0],
          [1e-5, 1],
        ], //
        ...[
          [1e-2, 0],
          [1e-2, 1],
        ],
      ]);
      const losses = result.trials.map(({ best }) => best!.values.loss!);
      expect(result.best).toBe(result.trials[losses.indexOf(Math.min(...losses))]);
      expect(result.best.learningRate).toBe(1e-2);
      expect((await classifier.evaluate(dev)).values.loss).toBeCloseTo(Math.min(...losses), 4);
    });
  });

  it('goes on past a rate at which the loss is no longer finite', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const warnings: string[] = [];
      const result = await finetune({
        ...{
          classifier,
          engine,
          train: colourExamples(8),
          dev: colourExamples(8, 60),
          batchSize: 4,
          steps: 8,
        },
        ...{ learningRate: [1e30, 1e-3], onWarning: (message: string) => warnings.push(message) },
        schedule: { decay: 'stair', steps: [], multipliers: [] },
      });
      expect(result.trials[0]).toMatchObject({ ended: 'failed', best: undefined });
      expect(warnings).toEqual([
        expect.stringMatching(
          /^finetune: the loss is (NaN|Infinity) at step \d, with a learning rate of 1e\+30;/,
        ),
      ]);
      expect(result.best.learningRate).toBe(1e-3);
      expect(Number.isFinite(result.evaluation!.values.loss)).toBe(true);
    });
  });

  it('says at which step the loss was no longer finite, and leaves the head as it was', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const before = valuesOf(classifier);
      const run = classifier.fit(colourExamples(8), {
        engine,
        learningRate: 1e38,
        steps: 20,
        optimizer: 'adafactor',
      });
      await expect(run).rejects.toThrow(
        /^fit: the loss is (NaN|Infinity) at step \d+, with a learning rate of/,
      );
      expect(valuesOf(classifier)).toEqual(before);
    });
  });

  it('ends after the step in hand when aborted', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const controller = new AbortController();
      const { best, aborted } = await finetune({
        ...{
          classifier,
          engine,
          train: colourExamples(8),
          steps: 50,
          batchSize: 4,
          signal: controller.signal,
        },
        onStep: ({ step }) => step === 3 && controller.abort(),
      });
      expect([best.ended, best.step, aborted]).toEqual(['aborted', 3, true]);
    });
  });
});

describe('both engines', () => {
  expectNoLeaks();

  it.each(['adamw', 'adafactor'] as const)('come to the same weights by %s', async (optimizer) => {
    const trained = (engine: 'tfjs' | 'onnx') =>
      withClassifier({ labels: COLOURS, head: [8] }, async (classifier, model) => {
        const train = [...colourExamples(6), ...WORDS];
        // A small epsilon makes of a gradient that is rounding a whole step.
        const own = optimizer === 'adamw' ? { name: optimizer, epsilon: 1e-3 } : optimizer;
        const options: FinetuneOptions = {
          classifier,
          train,
          engine,
          steps: 6,
          batchSize: 5,
          optimizer: own,
        };
        const { best } = await finetune({ ...options, classWeights: 'balanced' });
        // The softmax of attention does not feel the bias of the keys: its gradient is nothing but rounding.
        const all = [...valuesOf(model), ...valuesOf(classifier)].filter(
          ([path]) => !path.endsWith('key/bias'),
        );
        const values = all.map(([, each]) => each);
        return { losses: best.losses.map(([, loss]) => loss), values };
      });
    const [a, b] = [await trained('tfjs'), await trained('onnx')];
    expect(maxAbsDifference(a.losses, b.losses)).toBeLessThan(1e-5);
    a.values.forEach((values, i) => {
      expect(maxAbsDifference(values, b.values[i]!)).toBeLessThan(1e-5);
    });
  });
});

describe('classes', () => {
  expectNoLeaks();
  const engine = 'tfjs';

  it('count as much as they are told to', async () => {
    // One picture called `red` among several called `green`, which look alike: the heavier class wins.
    const one = colourExamples(1, 0, ['red'])[0]!;
    const train: Example[] = [one, ...[1, 2, 3].map(() => ({ ...one, target: 'green' }))];
    const shares = async (classWeights: FinetuneOptions['classWeights']): Promise<number> =>
      withClassifier({ labels: ['red', 'green'] }, async (classifier) => {
        await classifier.fit(
          [
            ...train,
            ...colourExamples(2, 9, ['blue', 'yellow']).map((each) => ({ ...each, target: 'green' })),
          ],
          {
            ...{ engine, steps: 300, ...(classWeights === undefined ? {} : { classWeights }) },
          },
        );
        return (await classifier.scores([one.input as never])).data[0]!;
      });
    expect(await shares(undefined)).toBeCloseTo(0.25, 1);
    expect(await shares({ red: 3, green: 1 })).toBeCloseTo(0.5, 1);
    expect(await shares([9, 1])).toBeCloseTo(0.75, 1);
    // Five of `green` in all: each counts a fifth.
    expect(await shares('balanced')).toBeCloseTo(5 / 8, 1);
  });

  it('that have no example are told of, and never answered', async () => {
    await withClassifier({ labels: [...COLOURS, 'front', 'back'] }, async (classifier) => {
      const dev = [...colourExamples(4, 60), { input: 'x', target: 'front' }];
      const { warnings } = await classifier.fit(colourExamples(8), { engine, dev, steps: 5 });
      expect(warnings).toEqual([
        'fit: train has no example of 2 of 6 labels: "front", "back". They will never be answered. The dev set asks for "front".',
      ]);
    });
  });

  it('may be given as shares', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const train = colourExamples(16).map(({ input, target }) => ({
        input,
        target: { [target as string]: 0.7, red: target === 'red' ? 1 : 0.3 },
      }));
      await classifier.fit(train, { engine });
      const shares = await classifier.scores(colourExamples(4, 80).map(({ input }) => input as never));
      expect(shares.row(1)[0]).toBeCloseTo(0.3, 1);
      expect(shares.row(1)[1]).toBeCloseTo(0.7, 1);
    });
  });

  it('are kept by a head that goes on', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const train = colourExamples(16);
      await classifier.fit(train, { engine });
      const { best } = await classifier.fit(train, { engine, keepHead: true, steps: 2 });
      expect(best.losses[0]![1]).toBeLessThan(0.1);
      const all = await finetune({ classifier, train, engine, keepHead: true, steps: 2 });
      expect(all.best.losses[0]![1]).toBeLessThan(0.1);
    });
  });
});

describe('what cannot be read', () => {
  expectNoLeaks();
  const broken: Example = {
    input: async () => new Uint8Array([1, 2, 3]),
    target: 'red',
    key: 'torn.png',
  };

  it.each(['head', 'all'] as const)('is passed over, counted and named (%s)', async (part) => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const train = [...colourExamples(12), broken];
      const { skipped, evaluation } = await finetune({
        ...{
          classifier,
          train,
          dev: [...colourExamples(8, 50), broken],
          part,
          engine: 'tfjs',
          steps: 8,
          batchSize: 4,
        },
        maxSkipped: 0.2,
      });
      for (const set of [skipped.train, skipped.dev]) {
        expect(set).toEqual({ unreadable: { count: 1, first: expect.stringContaining('torn.png: ') } });
      }
      expect(evaluation!.count).toBe(8);
    });
  });

  it('is an error when it is too much', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const train = [...colourExamples(4), broken];
      const options = { engine: 'tfjs', steps: 4 } as const;
      const message =
        /train: 1 of 5 examples cannot be used: 1 × unreadable \(torn\.png: .*allow it with maxSkipped/;
      await expect(classifier.fit(train, options)).rejects.toThrow(message);
      await expect(finetune({ classifier, train, ...options })).rejects.toThrow(message);
    });
  });
});
