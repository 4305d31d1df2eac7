// What is refused before anything is computed, by message.

import { beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { createEmbeddings } from '../../src/embeddings.ts';
import { ClippoError, ConfigError } from '../../src/errors.ts';
import { planFinetune } from '../../src/train/finetune-options.ts';
import {
  type Classifier,
  type ClassifierOptions,
  createClassifier,
  type FinetuneOptions,
  type FinetuneSettings,
  finetune,
  headTrainer,
} from '../../src/train/index.ts';
import { colourExamples } from '../support/labelled-pictures.ts';
import '../support/backends.ts';

const LABELS = ['red', 'green', 'blue', 'yellow'];

describe('options of finetune', () => {
  let [model, classifier]: [ClippoModel, Classifier] = [] as never;
  beforeAll(async () => {
    model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 });
    classifier = createClassifier(model, { labels: LABELS });
    return () => {
      classifier.dispose();
      model.dispose();
    };
  });
  const train = colourExamples(8);
  const features = createEmbeddings(new Float32Array(8 * 5).fill(1), 5);

  it.each<[message: string, options: unknown]>([
    ['finetune: unknown option lr. Known: part, optimizer, learningRate,', { lr: 1 }],
    ['finetune: classifier: expected what createClassifier() gives, got a string', { classifier: 'x' }],
    ["finetune: part: expected 'head' or 'all', got \"network\".", { part: 'network' }],
    [
      "finetune: optimizer: expected 'adamw', 'adafactor' or options with such a name, got \"sgd\".",
      { optimizer: 'sgd' },
    ],
    ['adamw: unknown option momentum.', { optimizer: { name: 'adamw', momentum: 0.9 } }],
    [
      'finetune: optimizer: learningRate stand beside it, not in it.',
      { optimizer: { name: 'adamw', learningRate: 1 } },
    ],
    ['adamw: learningRate: expected a number of at least 0, got -1.', { learningRate: -1 }],
    ['finetune: learningRate: expected a number, or a list of different ones, got [].', { learningRate: [] }],
    [
      'finetune: learningRate: expected a number, or a list of different ones, got [1, 1].',
      { learningRate: [1, 1] },
    ],
    ['finetune: seed: expected integers, got 0.5.', { seed: 0.5 }],
    ['finetune: steps stands in place of epochs. Leave one of them out.', { steps: 5, epochs: 1 }],
    ['finetune: steps: expected a positive integer, got 0.', { steps: 0 }],
    ['finetune: epochs: expected a number of at least', { epochs: 0 }],
    ['finetune: batchSize: expected a positive integer, got 1.5.', { batchSize: 1.5 }],
    ['finetune: patience: expected a positive integer, got -1.', { patience: -1 }],
    ['finetune: evaluateEvery: expected a positive integer, got 0.', { evaluateEvery: 0 }],
    ['finetune: keepHead: expected true or false, got "yes".', { keepHead: 'yes' }],
    ['finetune: maxSkipped: expected a number from 0 to 1, got 2.', { maxSkipped: 2 }],
    ['finetune: mistakes: expected a number from 0 to 1000, got -1.', { mistakes: -1 }],
    ['schedule: decay: expected one of rsqrt, cosine, linear', { schedule: { decay: 'exponential' } }],
    ["finetune: metric: expected 'accuracy', 'accuracyPerClass', 'loss' or a function", { metric: 'f1' }],
    [
      'finetune: several learning rates or seeds: what is better shows on examples that were held back.',
      { seed: [1, 2] },
    ],
    [
      'finetune: patience: what is better shows on examples that were held back. Give them as dev.',
      { patience: 2 },
    ],
    ['finetune: run: expected a folder, got "runs/x". Make one with runFolder(path)', { run: 'runs/x' }],
    ["finetune: engine: expected 'auto', 'tfjs' or 'onnx', got \"wasm\".", { engine: 'wasm' }],
    [
      'finetune: classWeights: expected \'balanced\', or a number of at least 0 for each of "red", "green", "blue", "yellow", got 2 numbers.',
      { classWeights: [1, 2] },
    ],
    ['got one for front.', { classWeights: { red: 1, green: 1, blue: 1, yellow: 1, front: 1 } }],
    ['got undefined for yellow.', { classWeights: { red: 1, green: 1, blue: 1 } }],
    ['got NaN for green.', { classWeights: [1, Number.NaN, 1, 1] }],
    ['finetune: classWeights: no example counts: every weight is 0.', { classWeights: [0, 0, 0, 0] }],
    ['finetune: train: expected a list of { input, target }, or { features, targets }', { train: 'x' }],
    ['finetune: train: got no examples. Give at least one.', { train: [] }],
    [
      'finetune: train[1]: expected { input, target }, got an object. An example without an answer',
      { train: [train[0], { input: 'a' }] },
    ],
    [
      'finetune: train: 1 of 9 targets cannot be used: 1 × not in the list of labels (first [8]: "front"). The labels are "red", "green", "blue", "yellow".',
      { train: [...train, { input: 'a', target: 'front' }] },
    ],
    [
      'finetune: dev: 1 of 1 targets cannot be used: 1 × not in the list',
      { dev: [{ input: 'a', target: 'front' }] },
    ],
    [
      'finetune: train: all 2 examples are of one class, "blue": there is nothing to tell apart.',
      { train: [2, 2].map((target) => ({ input: 'a', target })) },
    ],
    [
      "finetune: train: features that were kept do for a head alone: part: 'head'.",
      { train: { features, targets: [0, 1, 2, 3, 0, 1, 2, 3] } },
    ],
    [
      "finetune: train: features of 5 numbers, and the head reads 32 ('pre_logits').",
      { train: { features, targets: [0, 1, 2, 3, 0, 1, 2, 3] }, part: 'head' },
    ],
    [
      'finetune: train: 8 rows of features and 2 targets. Give one each.',
      { train: { features, targets: [0, 1] } },
    ],
    [
      'finetune: train: features: row 1 holds NaN, expected finite numbers.',
      { train: { features: createEmbeddings(Float32Array.of(1, Number.NaN), 1), targets: [0, 1] } },
    ],
  ])('refuses: %s', async (message, options) => {
    const given = { classifier, train, engine: 'tfjs', ...(options as object) };
    // Wrong on purpose, as a caller without types may write it.
    const error = await finetune(given as FinetuneOptions).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClippoError);
    expect((error as ClippoError).message).toContain(message.replace('got a string', 'got "x"'));
  });

  it('refuses a metric that gives no number', async () => {
    const options = { classifier, train, dev: train, engine: 'tfjs', part: 'head', steps: 1 } as const;
    await expect(finetune({ ...options, metric: () => Number.NaN })).rejects.toThrow(
      'finetune: metric: expected a finite number, got NaN. Of predictions that are all the same',
    );
  });

  it('refuses class weights where there are no classes', async () => {
    const several = createClassifier(model, { labels: LABELS, multiLabel: true });
    const given = { train: colourExamples(4).map((each) => ({ ...each, target: [String(each.target)] })) };
    const run = finetune({ classifier: several, ...given, engine: 'tfjs', classWeights: 'balanced' });
    await expect(run).rejects.toThrow(
      'finetune: classWeights go with one label an example, not with multi-label.',
    );
    several.dispose();
  });
});

describe('the plan', () => {
  it('follows from the number of examples, and of features', () => {
    const plan = (
      settings: FinetuneSettings,
      part: 'head' | 'all',
      examples: number,
      head: { inputs: number; hidden: number[] } = { inputs: 768, hidden: [] },
    ) => planFinetune('finetune', settings, { part, examples, head });
    const all = plan({}, 'all', 1000);
    expect(all).toMatchObject({ batchSize: 32, steps: 94, evaluateEvery: 32, patience: Infinity });
    expect(all.trials).toEqual([{ learningRate: 1e-4, seed: 0 }]);
    expect(plan({}, 'head', 10_000)).toMatchObject({ batchSize: 256, steps: 782, evaluateEvery: 40 });
    expect(plan({}, 'head', 8)).toMatchObject({ batchSize: 8, steps: 300, evaluateEvery: 6 });
    expect(plan({ epochs: 2 }, 'head', 8)).toMatchObject({ steps: 2 });
    expect(plan({ epochs: 0.1 }, 'all', 320)).toMatchObject({ steps: 1 });
    const rateOf = (inputs: number, hidden: number[] = []) =>
      plan({}, 'head', 100, { inputs, hidden }).trials[0]!.learningRate;
    expect([768, 384, 192, 16].map((inputs) => rateOf(inputs))).toEqual([1e-3, 2e-3, 4e-3, 0.03]);
    expect(rateOf(16, [768])).toBe(1e-3);
  });
});

describe('options of createClassifier', () => {
  it.each<[message: string, options: unknown]>([
    ['createClassifier: unknown option classes.', { classes: ['a'] }],
    ['createClassifier: labels: expected at least one class, got undefined.', {}],
    ['createClassifier: labels: class 1 has no name.', { labels: ['a', ' '] }],
    ['createClassifier: labels: a stands there twice.', { labels: ['a', 'b', 'a'] }],
    ['createClassifier: labels: one label alone, "a", tells nothing apart.', { labels: ['a'] }],
    [
      'createClassifier: multiLabel: expected true or false, got "yes".',
      { labels: ['a', 'b'], multiLabel: 'yes' },
    ],
    [
      'createClassifier: targets stands in place of labels',
      { labels: ['a', 'b'], targets: { kind: 'regression' } },
    ],
    [
      "createClassifier: targets: expected the kind 'classes', 'multi-label' or 'regression', got \"rank\".",
      { targets: { kind: 'rank' } },
    ],
    [
      'createClassifier: range: expected [low, high], got [5, 0].',
      { targets: { kind: 'regression', range: [5, 0] } },
    ],
    [
      "createClassifier: on: expected 'pre_logits' or 'embedding', got \"head\".",
      { labels: ['a', 'b'], on: 'head' },
    ],
    [
      "createClassifier: head: expected 'linear', 'mlp' or units such as [768, 768], got [0].",
      { labels: ['a', 'b'], head: [0] },
    ],
    ['createClassifier: seed: expected an integer, got 0.5.', { labels: ['a', 'b'], seed: 0.5 }],
  ])('refuses: %s', async (message, options) => {
    const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 });
    // Wrong on purpose, as a caller without types may write it.
    expect(() => createClassifier(model, options as ClassifierOptions)).toThrow(message);
    model.dispose();
  });

  it('refuses what is no model', () => {
    expect(() => createClassifier({} as ClippoModel, { labels: LABELS })).toThrow(
      new ConfigError('createClassifier: model: expected a ClippoModel, got an object.'),
    );
  });
});

describe('options of headTrainer', () => {
  it.each<[message: string, options: unknown]>([
    ['headTrainer: unknown option patience.', { patience: 1 }],
    ["headTrainer: head: expected 'linear', 'mlp' or units", { head: 'deep' }],
    ["headTrainer: engine: expected 'auto', 'tfjs' or 'onnx', got 1.", { engine: 1 }],
  ])('refuses: %s', (message, options) => {
    // Wrong on purpose, as a caller without types may write it.
    expect(() => headTrainer(options as never)).toThrow(message);
  });
});
