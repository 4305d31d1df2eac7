// A fine-tuning in a folder: killed and called again it goes on bit for bit, what is done is not done again, and what it
// leaves can be used.

import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import {
  Classifier,
  createClassifier,
  type Example,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
} from '../../src/train/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { COLOURS, colourExamples } from '../support/labelled-pictures.ts';
import { type MemoryRunFolder, memoryRunFolder } from '../support/memory-run-folder.ts';

const CONFIG = { variant: 'mu/16', imageSize: 32, embeddingDim: 16 } as const;
const train: Example[] = [...colourExamples(7), { input: 'ant', target: 'blue' }];
const dev = colourExamples(6, 40);

interface Tuned extends FinetuneResult {
  readonly losses: readonly number[];
  /** Of the dev set. */
  readonly scores: readonly number[];
}

/** A classifier of its own, trained and thrown away. */
async function tuneNew(
  run: MemoryRunFolder | undefined,
  options: Partial<FinetuneOptions> = {},
): Promise<Tuned> {
  const model = await ClippoModel.create(CONFIG, { seed: 3 });
  const classifier = createClassifier(model, { labels: COLOURS, head: [8] });
  try {
    const result = await finetune({
      ...{ classifier, train, dev, engine: 'tfjs', batchSize: 3, steps: 9, learningRate: 2e-3 },
      ...{ evaluateEvery: 3, metric: 'loss', ...options, ...(run && { run }) },
    });
    const scores = await classifier.scores(dev.map(({ input }) => input as never));
    return { ...result, losses: result.best.losses.map(([, loss]) => loss), scores: [...scores.data] };
  } finally {
    classifier.dispose();
    model.dispose();
  }
}

/** Ends the process at a step, as far as the folder can tell. */
class Killed extends Error {}
const killAt = (at: number, learningRate?: number): Partial<FinetuneOptions> => ({
  onStep({ step, learningRate: rate }) {
    if (step === at && (learningRate === undefined || rate === learningRate)) throw new Killed();
  },
});

describe.each(['tfjs', 'onnx'] as const)('a kept fine-tuning by %s', (engine) => {
  expectNoLeaks();

  it.each([
    ['adamw', 'all'],
    ['adafactor', 'head'],
  ] as const)('goes on bit for bit from its last checkpoint (%s, %s)', async (optimizer, part) => {
    const options = { engine, optimizer, part };
    const whole = await tuneNew(undefined, options);
    const folder = memoryRunFolder();
    await expect(tuneNew(folder, { ...options, ...killAt(5) })).rejects.toThrow(Killed);
    expect(folder.isOpen()).toBe(false);
    const again = await tuneNew(folder, options);
    expect(again.best.history.map(({ step }) => step)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(again.losses).toEqual(whole.losses);
    expect(again.best.evaluations).toEqual(whole.best.evaluations);
    expect(again.scores).toEqual(whole.scores);
  });
});

describe('a kept fine-tuning', () => {
  expectNoLeaks();

  it('keeps its files in order', async () => {
    const folder = memoryRunFolder();
    const { best, report } = await tuneNew(folder);
    const step = String(best.best!.step).padStart(9, '0');
    expect([...folder.files.keys()].sort()).toEqual([
      'classifier.safetensors',
      `lr0.002-seed0.best-${step}.npz`,
      expect.stringMatching(/^lr0\.002-seed0\.events\.out\.tfevents\.\d+\.clippo$/),
      'lr0.002-seed0.metrics.jsonl',
      'lr0.002-seed0.result.json',
      'model-card.md',
      'report.html',
    ]);
    const text = (name: string): string => new TextDecoder().decode(folder.files.get(name));
    expect(text('report.html')).toBe(report);
    expect(text('model-card.md')).toContain('One of 4 labels: "red", "green", "blue", "yellow".');
  });

  it('leaves a classifier that answers as the one in hand', async () => {
    const folder = memoryRunFolder();
    const { scores } = await tuneNew(folder);
    const loaded = await Classifier.load(folder.files.get('classifier.safetensors')!);
    const again = await loaded.scores(dev.map(({ input }) => input as never));
    expect([...again.data]).toEqual(scores);
    loaded.dispose();
  });

  it('does not do again what is done, in a sweep that was ended in between', async () => {
    const options = {
      learningRate: [1e-4, 2e-3],
      seed: [0, 1],
      steps: 4,
      evaluateEvery: 2,
      part: 'head',
    } as const;
    const whole = await tuneNew(undefined, options);
    const folder = memoryRunFolder();
    await expect(tuneNew(folder, { ...options, ...killAt(3, 2e-3) })).rejects.toThrow(Killed);
    const done: unknown[] = [];
    const again = await tuneNew(folder, {
      ...options,
      onStep: ({ step, learningRate, seed }) => done.push([learningRate, seed, step]),
    });
    // The two of the first rate were done, and two steps of the third.
    expect(done).toEqual(
      [3, 4].map((step) => [2e-3, 0, step]).concat([1, 2, 3, 4].map((step) => [2e-3, 1, step])),
    );
    expect(again.trials.map(({ best }) => best)).toEqual(whole.trials.map(({ best }) => best));
    expect(again.trials.map(({ losses }) => losses)).toEqual(whole.trials.map(({ losses }) => losses));
    expect([again.best.learningRate, again.best.seed]).toEqual([whole.best.learningRate, whole.best.seed]);
    expect(again.scores).toEqual(whole.scores);
    const third = await tuneNew(folder, { ...options, ...killAt(1) });
    expect(third.scores).toEqual(whole.scores);
  });

  it('goes on after an abort, and keeps the last weights where nothing is measured', async () => {
    const without = { dev: undefined } as unknown as Partial<FinetuneOptions>; // as spread over the default
    const plain = { ...without, metric: 'accuracy' };
    const whole = await tuneNew(undefined, plain);
    const folder = memoryRunFolder();
    const controller = new AbortController();
    const first = await tuneNew(folder, {
      ...plain,
      signal: controller.signal,
      onStep: ({ step }) => step === 4 && controller.abort(),
    });
    expect(first).toMatchObject({ aborted: true, best: { ended: 'aborted', step: 4 } });
    expect([...folder.files.keys()]).not.toContain('classifier.safetensors');
    const again = await tuneNew(folder, plain);
    expect(again.losses).toEqual(whole.losses);
    expect(again.scores).toEqual(whole.scores);
    expect((await tuneNew(folder, { ...plain, ...killAt(1) })).scores).toEqual(whole.scores);
  });

  it('names every setting that differs', async () => {
    const folder = memoryRunFolder();
    await tuneNew(folder);
    await expect(
      tuneNew(folder, { batchSize: 4, train: train.slice(1), optimizer: 'adafactor' }),
    ).rejects.toThrow(
      /^finetune: the run was begun with other settings: batchSize was 3 and is now 4; (.*; )?train was "\w+" and is now "\w+"(; .*)?\. Use those again/,
    );
    const { losses } = await tuneNew(folder, { learningRate: 1e-3 }); // another training beside the first
    expect(losses).toHaveLength(9);
  });

  it('shows in its report what it learned, and its worst mistakes as pictures', async () => {
    const wrong = dev.map(({ input }, i) => ({
      input,
      target: COLOURS[(i + 1) % 4]!,
      key: `<mistake ${i}>`,
    }));
    const { report } = await tuneNew(undefined, { dev: wrong, learningRate: [1e-3, 2e-3], mistakes: 3 });
    for (const piece of ['<h2>Trainings</h2>', '<h2>By label</h2>', '<h2>What was taken for what</h2>']) {
      expect(report).toContain(piece);
    }
    expect(report.match(/<polyline/g)!.length).toBeGreaterThanOrEqual(4);
    expect(report.match(/<img src="data:image\/png;base64,/g)).toHaveLength(3);
    expect(report).toContain('alt="&#60;mistake ');
    expect(report).toMatch(/<b>(red|green|blue|yellow)<\/b> \d+ %<br>is (red|green|blue|yellow)/);
    expect(report).not.toMatch(/src="(?!data:)/);
  });
});
