// What users hold: labels for sentences and pictures, before and after a file, on features that were kept, and as a
// tf.LayersModel that tfjs's own fit can train.

import * as tf from '@tensorflow/tfjs-core';
import { model as createModel, layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSafetensors, safetensorsMetadata, writeSafetensors } from '../../src/checkpoint/index.ts';
import { ClippoModel } from '../../src/clippo-model.ts';
import type { LabelledSource } from '../../src/data/index.ts';
import { toTensor } from '../../src/model/index.ts';
import type { Raster } from '../../src/raster/index.ts';
import type { Task } from '../../src/tasks/index.ts';
import {
  Classifier,
  type ClassifierOptions,
  createClassifier,
  labelledExamples,
  taskExamples,
} from '../../src/train/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { COLOURS, type Colour, colourExamples, colourPicture } from '../support/labelled-pictures.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;
const engine = 'tfjs';
const inputs = ['ant', ...colourExamples(4, 90).map(({ input }) => input as Raster)];

async function withClassifier<T>(
  options: ClassifierOptions,
  run: (classifier: Classifier, model: ClippoModel) => Promise<T>,
  config: Parameters<typeof ClippoModel.create>[0] = CONFIG,
): Promise<T> {
  const model = await ClippoModel.create(config, { seed: 1, render: { lowercase: false } });
  const classifier = createClassifier(model, options);
  try {
    return await run(classifier, model);
  } finally {
    classifier.dispose();
    model.dispose();
  }
}

async function bytesOf(save: (target: WritableStream<Uint8Array>) => Promise<void>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await save(new WritableStream({ write: (chunk) => void chunks.push(chunk.slice()) }));
  return new Uint8Array(Buffer.concat(chunks));
}

describe('a classifier', () => {
  expectNoLeaks();

  it('finds every label as likely before it has learned', async () => {
    await withClassifier({ labels: COLOURS, head: 'mlp' }, async (classifier) => {
      const answers = await classifier.predict(inputs);
      expect(answers).toHaveLength(5);
      for (const answer of answers) {
        expect(answer.map(({ label }) => label)).toEqual(COLOURS);
        for (const { score } of answer) expect(score).toBeCloseTo(0.25, 6);
      }
      expect([...classifier.parameters()].map(([path, { shape }]) => [path, shape])).toEqual([
        ['classifier/hidden_0/kernel', [32, 768]],
        ['classifier/hidden_0/bias', [768]],
        ['classifier/hidden_1/kernel', [768, 768]],
        ['classifier/hidden_1/bias', [768]],
        ['classifier/output/kernel', [768, 4]],
        ['classifier/output/bias', [4]],
      ]);
    });
  });

  it('learns in a few lines, and its network gives the scores of its predictions', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      await classifier.fit(colourExamples(24), { engine });
      const [[best]] = (await classifier.predict([colourPicture('blue', 77)])) as [
        [{ label: string; score: number }],
      ];
      expect(best.label).toBe('blue');
      expect(best.score).toBeGreaterThan(0.5);
      const { values, labels, confusion, count } = await classifier.evaluate(colourExamples(8, 60));
      expect([count, values.accuracy, labels.map((each) => each.count)]).toEqual([8, 1, [2, 2, 2, 2]]);
      expect(confusion![2]).toEqual([0, 0, 2, 0]);
      const pictures = inputs.slice(1) as Raster[];
      const shares = await classifier.scores(pictures);
      const scores = tf.tidy(() =>
        tf.softmax(classifier.network.predict(toTensor(pictures)) as tf.Tensor).dataSync(),
      );
      expect(maxAbsDifference(scores, shares.data)).toBeLessThan(1e-6);
    });
  });

  it('learns on features that were kept', async () => {
    await withClassifier({ labels: COLOURS, on: 'embedding' }, async (classifier, model) => {
      const examples = colourExamples(16);
      const encoded = await classifier.encode(examples);
      expect([encoded.features.count, encoded.features.dim]).toEqual([16, 16]);
      await classifier.fit(encoded, { engine });
      const kept = await classifier.scores(inputs);
      await classifier.fit(examples, { engine });
      expect([...(await classifier.scores(inputs)).data]).toEqual([...kept.data]);
      const own = {
        features: await model.encode(examples.map(({ input }) => input as Raster)),
        targets: encoded.targets,
      };
      expect((await classifier.evaluate(own)).values.accuracy).toBe(1);
      expect((await classifier.evaluate(encoded)).values.accuracy).toBe(1);
    });
  });

  it.each([
    { labels: COLOURS, head: [8] },
    { labels: COLOURS, multiLabel: true, on: 'embedding' },
    { targets: { kind: 'regression', range: [0, 5] } },
  ] as const)('answers the same after a file: %j', async (options) => {
    await withClassifier(
      options,
      async (classifier, model) => {
        const { kind } = classifier.targets;
        const train = colourExamples(8).map(({ input, target }, i) => {
          if (kind === 'regression') return { input, target: i % 4 };
          return { input, target: kind === 'multi-label' ? [String(target)] : target };
        });
        await classifier.fit(train, { engine, steps: 20 });
        const expected = [...(await classifier.scores(inputs)).data];
        const [whole, head] = [
          await bytesOf((target) => classifier.save(target)),
          await bytesOf((target) => classifier.save(target, { base: 'reference' })),
        ];
        expect(head.length).toBeLessThan(whole.length / 5);
        const loaded = await Classifier.load(whole);
        expect(loaded.settings).toEqual(classifier.settings);
        expect(loaded.training).toEqual(classifier.training);
        expect(loaded.model.config).toEqual(model.config);
        expect(loaded.model.renderOptions).toEqual({ lowercase: false });
        expect([...(await loaded.scores(inputs)).data]).toEqual(expected);
        loaded.dispose();
        const onModel = await Classifier.load(head, { model });
        expect([...(await onModel.scores(inputs)).data]).toEqual(expected);
        onModel.dispose(); // and not the model, which is handed in
        expect([...(await classifier.scores(inputs)).data]).toEqual(expected);
      },
      { ...CONFIG, textRows: 'used' },
    );
  });

  it('takes half the space with float16', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      const [full, half] = [
        await bytesOf((target) => classifier.save(target)),
        await bytesOf((target) => classifier.save(target, { dtype: 'float16' })),
      ];
      expect(half.length).toBeLessThan(0.6 * full.length);
      const loaded = await Classifier.load(half);
      loaded.dispose();
      await expect(classifier.save('x', { base: 'none' as never })).rejects.toThrow(
        "base: expected 'include' or 'reference', got \"none\".",
      );
      await expect(classifier.save('x', { dtype: 'int8' as never })).rejects.toThrow(
        "dtype: expected 'float32'",
      );
    });
  });

  it('refuses files that do not fit, and says why', async () => {
    await withClassifier({ labels: COLOURS }, async (classifier, model) => {
      const [whole, head] = [
        await bytesOf((target) => classifier.save(target)),
        await bytesOf((target) => classifier.save(target, { base: 'reference' })),
      ];
      const other = await ClippoModel.create(CONFIG, { seed: 2 });
      const metadata = safetensorsMetadata(whole);
      const changed = (change: object, drop = ''): Uint8Array => {
        const told = { ...JSON.parse(metadata.clippo_ts_classifier!), ...change };
        const arrays = [...parseSafetensors(whole)].filter(([path]) => path !== drop);
        return writeSafetensors(arrays, { metadata: { clippo_ts_classifier: JSON.stringify(told) } });
      };
      const cases: [message: string, bytes: Uint8Array, options?: Parameters<typeof Classifier.load>[1]][] = [
        [
          'the file holds the head alone. Hand in the network it was trained on: { model }, a CLIPPO mu/16 of 32 px.',
          head,
        ],
        ['the head was trained on another network: a CLIPPO mu/16 of 32 px.', head, { model: other }],
        ['the file has a network of its own. Leave model out.', whole, { model }],
        ['render is that of the model which is handed in.', head, { model, render: {} }],
        ['the file says nothing of a classifier.', writeSafetensors({ x: Float32Array.of(1) })],
        ['the file is of version 2, this is version 1.', changed({ version: 2 })],
        ['the file does not say all of its classifier.', changed({ base: undefined })],
        ['classifier/output/bias: expected [4], the file has none.', changed({}, 'classifier/output/bias')],
        ['missing: img/head/bias', changed({}, 'img/head/bias')],
        ['it was trained on text in a font of its own', changed({ render: { ownFont: true } })],
        [
          "targets: expected the kind 'classes', 'multi-label' or 'regression', got \"rank\".",
          changed({ settings: { ...classifier.settings, targets: { kind: 'rank' } } }),
        ],
      ];
      for (const [message, bytes, options] of cases) {
        await expect(Classifier.load(bytes, options), message).rejects.toThrow(message);
      }
      await expect(
        Classifier.load(
          writeSafetensors({ x: Float32Array.of(1) }, { metadata: { clippo_ts_classifier: '{' } }),
        ),
      ).rejects.toThrow('what the file says of its classifier is no JSON.');
      other.dispose();
    });
  });

  it('has a card that can be published', async () => {
    await withClassifier({ labels: COLOURS, head: [8, 8], on: 'embedding' }, async (classifier) => {
      expect(classifier.card()).not.toContain('## Training');
      await classifier.fit(colourExamples(8), { engine, steps: 5, dev: colourExamples(4, 60), seed: 7 });
      const card = classifier.card({
        title: 'Colours',
        purpose: 'Which colour it is.',
        licence: 'CC0',
        before: '# Base\n\n## Data',
      });
      expect(card).toMatch(/^# Colours\n\nWhich colour it is\.\n\n## Answers\n\nOne of 4 labels: "red"/);
      expect(card).toContain('A head with hidden layers of 8, 8 units on the embedding.');
      expect(card).toContain('"seed": 7');
      expect(card).toContain('## Began with\n\n## Base\n\n### Data');
      expect(() => classifier.card({ owner: 'me' } as never)).toThrow('model card: unknown option owner.');
    });
  });
});

describe('examples', () => {
  expectNoLeaks();

  const source: LabelledSource = {
    name: 'colours',
    classes: [...COLOURS].reverse(),
    async *references() {
      for (const [label, colour] of [...COLOURS].reverse().entries()) {
        yield { key: colour, label, load: async () => colourPicture(colour, label) };
      }
      yield { kind: 'broken', key: 'torn', cause: 'no image', detail: 'it ends early' } as const;
    },
  };

  it('come from labelled data, whatever the order of its classes', async () => {
    const { examples, skipped } = await labelledExamples(source, COLOURS);
    expect(examples.map(({ key, target }) => [key, target])).toEqual(
      [...COLOURS].reverse().map((colour) => [colour, colour]),
    );
    expect(skipped).toEqual({ 'no image': { count: 1, first: 'torn: it ends early' } });
    await withClassifier({ labels: COLOURS }, async (classifier) => {
      await classifier.fit(examples, { engine, steps: 100 });
      expect((await classifier.evaluate(examples)).values.accuracy).toBe(1);
    });
    await expect(labelledExamples(source, ['red', 'green', 'blue'])).rejects.toThrow(
      'labelledExamples: colours: 1 of 4 classes are none of the 3 labels: yellow. All splits need the same labels',
    );
  });

  it('come from tasks; those without an answer are left out and counted', async () => {
    const task: Task<{ colour: Colour; known: boolean }> = {
      name: 'colours',
      targets: { kind: 'classes', labels: COLOURS },
      raster: async ({ colour }) => colourPicture(colour, 3),
      target: ({ colour, known }) => (known ? COLOURS.indexOf(colour) : undefined),
    };
    const records = COLOURS.map((colour, i) => ({ colour, known: i !== 2 }));
    const { examples, skipped } = await taskExamples(task, records);
    expect(examples.map(({ key, target }) => [key, target])).toEqual([
      ['colours[0]', 0],
      ['colours[1]', 1],
      ['colours[3]', 3],
    ]);
    expect(skipped).toEqual({ 'no answer': { count: 1, first: 'colours[2]: the task gives none' } });
    await withClassifier({ targets: task.targets }, async (classifier) => {
      await classifier.fit(examples, { engine, steps: 100 });
      expect((await classifier.evaluate(examples)).values.accuracy).toBe(1);
    });
  });
});

describe.each(BACKENDS)('plain tfjs on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it('stacks dense layers on the network, and fit trains them', async () => {
    const model = await ClippoModel.create(CONFIG, { seed: 1 });
    const backbone = createModel({
      inputs: model.network.inputs,
      outputs: model.network.getLayer('pre_logits').output,
    });
    const head = layers.dense({ units: 4, activation: 'softmax' });
    const stacked = sequential({ layers: [backbone, head] });
    const optimizer = tf.train.adam(3e-3);
    stacked.compile({ optimizer, loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    const examples = colourExamples(8);
    const x = toTensor(examples.map(({ input }) => input as Raster));
    const y = tf.tidy(() =>
      tf.cast(
        tf.oneHot(
          examples.map((_, i) => i % 4),
          4,
        ),
        'float32',
      ),
    );
    const { history } = await stacked.fit(x, y, { epochs: 30, batchSize: 8, verbose: 0 });
    expect((history.acc as number[]).at(-1)).toBe(1); // read as numbers
    tf.dispose([x, y]);
    optimizer.dispose();
    head.dispose();
    model.dispose();
  });
});
