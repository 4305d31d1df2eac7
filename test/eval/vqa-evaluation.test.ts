// VQA evaluated: dark and light pictures, a model that sees which is which but cannot count, and all that goes wrong.

import { describe, expect, it } from 'vitest';
import type { FileTree } from '../../src/data/index.ts';
import { evaluateVqa, predictVqa, type VqaEvaluationOptions, type VqaScores } from '../../src/eval/index.ts';
import { encodePng } from '../../src/node/index.ts';
import { createRaster, type Raster } from '../../src/raster/index.ts';
import { readVqa, type VqaSource, vqa, vqaResults } from '../../src/tasks/index.ts';
import { memoryTree } from '../support/memory-files.ts';
import { annotation, annotationFile, question, questionFile } from '../tasks/vqa-files.ts';
import { memoryParts } from './drawn-words.ts';

const LABELS = ['dark', 'light', '2'];
const task = vqa({ vocabulary: { answers: LABELS }, size: 48 });
const png = (value: number) => encodePng(createRaster(20, 20, 3, value));
const pictures = {
  'COCO_val2014_000000000001.jpg': await png(20),
  'COCO_val2014_000000000002.jpg': await png(230),
  'COCO_val2014_000000000003.jpg': await png(240),
  'COCO_val2014_000000000004.jpg': Uint8Array.of(1, 2, 3),
};

function countingTree(): FileTree & { opened: number } {
  const tree = memoryTree(pictures);
  const counting = {
    ...tree,
    opened: 0,
    open(path: string) {
      counting.opened++;
      return tree.open(path);
    },
  };
  return counting;
}

const questions = [
  question(10, 1, 'what is it?'),
  question(11, 1, 'how <many>?'),
  question(20, 2, 'what is it?'),
  question(30, 3, 'what is it?'),
  question(31, 3, 'what is it now?'),
];
const annotations = [
  annotation(10, 1, 'dark × 9, light × 1'), // 100 %
  annotation(11, 1, 'two × 6, 3 × 4', 'number', 'how many'), // 0 %, though 2 is a label
  annotation(20, 2, 'light × 3, dark × 7'), // 90 %
  annotation(30, 3, 'black × 10'), // 0 %, and no label
  annotation(31, 3, 'The light. × 5, lamp × 5'), // 100 %
];

function readSet(images: FileTree = memoryTree(pictures)): Promise<VqaSource> {
  return readVqa(questionFile(questions), { annotations: annotationFile(annotations), images });
}

/** As the last row of the picture is dark or light, the surer the farther from the middle. */
function scoresOf({ data }: Raster): number[] {
  const last = data.at(-1)!;
  return [127 - last, last - 127, -200];
}

const predict = (rasters: readonly Raster[]): VqaScores => rasters.map(scoresOf);

describe('evaluateVqa', () => {
  it('measures as the official scorer does, by type of answer and of question', async () => {
    const result = await evaluateVqa({ source: await readSet(), task, predict });
    expect(result.values).toEqual({
      accuracy: expect.closeTo((1 + 0 + 0.9 + 0 + 1) / 5, 12),
      accuracyOther: expect.closeTo((1 + 0.9 + 0 + 1) / 4, 12),
      accuracyNumber: 0,
    });
    expect(result).toMatchObject({ task: 'vqa', count: 5, skipped: {}, plain: [] });
    const { low, high } = result.intervals.accuracy!;
    expect(low).toBeGreaterThanOrEqual(0);
    expect(low).toBeLessThan(high);
    expect(result.details).toEqual({
      attainable: (1 + 1 + 1 + 0 + 1) / 5,
      known: 4, // light is what most people said of 31
      answerTypes: [
        { type: 'other', count: 4, accuracy: expect.closeTo(2.9 / 4, 12) },
        { type: 'number', count: 1, accuracy: 0 },
      ],
      questionTypes: [
        { type: 'what is', count: 4, accuracy: expect.closeTo(2.9 / 4, 12) },
        { type: 'how many', count: 1, accuracy: 0 },
      ],
    });
    expect(result.predictions).toEqual([
      { question_id: 10, answer: 'dark' },
      { question_id: 11, answer: 'dark' },
      { question_id: 20, answer: 'light' },
      { question_id: 30, answer: 'light' },
      { question_id: 31, answer: 'light' },
    ]);
    const { report, ...rest } = result;
    expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
    expect(report).toContain('The best answer of the vocabulary to every question: 80.0 %');
  });

  it('shows the worst mistakes as the model saw them, the surest first', async () => {
    const { report } = await evaluateVqa({ source: await readSet(), task, predict });
    const figures = [...report.matchAll(/<figure>(.*?)<figcaption>(.*?)<\/figcaption>/gs)];
    expect(figures.map(([, , text]) => text)).toEqual([
      'what is it? <b>light</b> (0 %)<br>people: black × 10',
      'how &#60;many&#62;? <b>dark</b> (0 %)<br>people: two × 6, 3 × 4',
      'what is it? <b>light</b> (90 %)<br>people: dark × 7, light × 3',
    ]);
    for (const [, picture] of figures) expect(picture).toContain('width="48" height="48"');
    const two = await evaluateVqa({ source: await readSet(), task, predict, examples: 2 });
    expect(two.report.match(/<img/g)).toHaveLength(2);
    const none = await evaluateVqa({ source: await readSet(), task, predict, examples: 0 });
    expect(none.report).not.toContain('Worst mistakes');
  });

  it('takes scores as rows or as one array, in batches of any size, and answers as well', async () => {
    const source = await readSet();
    const { values } = await evaluateVqa({ source, task, predict });
    const sizes: number[] = [];
    const flat = async (rasters: readonly Raster[]) => {
      sizes.push(rasters.length);
      return Float32Array.from(rasters.flatMap(scoresOf));
    };
    expect((await evaluateVqa({ source, task, predict: flat, batchSize: 2 })).values).toEqual(values);
    expect(sizes).toEqual([2, 2, 1]);
    const said = (rasters: readonly Raster[]) =>
      rasters.map((raster) => (scoresOf(raster)[0]! > 0 ? 'Dark!' : 'light'));
    expect((await evaluateVqa({ source, task, predict: said })).values).toEqual(values);
  });

  it('reads a picture once for questions that follow one another', async () => {
    const images = countingTree();
    await predictVqa({ source: await readSet(images), task, predict });
    expect(images.opened).toBe(3);
  });

  it('goes on where it was, and only for the same model, drawing and questions', async () => {
    const source = await readSet();
    const parts = memoryParts();
    let asked = 0;
    const counted = (rasters: readonly Raster[]) => {
      asked += rasters.length;
      return predict(rasters);
    };
    const probes = 3;
    const first = await evaluateVqa({ source, task, predict: counted, parts });
    expect(asked).toBe(5 + probes);
    const again = await evaluateVqa({ source, task, predict: counted, parts });
    expect(asked).toBe(5 + 2 * probes);
    expect(again).toEqual(first);
    await predictVqa({ source, task, predict: counted, parts });
    expect(asked).toBe(5 + 3 * probes);
    // Another model, a damaged part, other questions.
    const other = (rasters: readonly Raster[]) => rasters.map((raster) => scoresOf(raster).map((s) => s + 1));
    await predictVqa({ source, task, predict: other, parts });
    expect(parts.files.size).toBe(2);
    const [name] = parts.files.keys();
    parts.files.set(name!, parts.files.get(name!)!.slice(0, 50));
    await predictVqa({ source, task, predict: counted, parts });
    expect(asked).toBe(10 + 4 * probes);
    const fewer = await readVqa(questionFile(questions.slice(1)), { images: memoryTree(pictures) });
    await predictVqa({ source: fewer, task, predict: counted, parts });
    expect(asked).toBe(14 + 5 * probes);
  });

  it('skips what cannot be read, counted by cause, up to a share', async () => {
    const files = {
      annotations: annotationFile([
        ...annotations,
        annotation(40, 4, 'dark × 10'),
        annotation(50, 5, 'dark × 10'),
      ]),
      images: memoryTree(pictures),
    };
    const source = await readVqa(questionFile([...questions, question(40, 4), question(50, 5)]), files);
    await expect(evaluateVqa({ source, task, predict })).rejects.toThrow(
      /evaluateVqa: 2 of 7 examples cannot be used: 1 × no image \(50: COCO_train2014_0{11}5.jpg is not in the tree\); 1 × bad image \(40: /,
    );
    const result = await evaluateVqa({ source, task, predict, maxSkipped: 0.5 });
    expect(result.count).toBe(5);
    expect(Object.keys(result.skipped)).toEqual(['no image', 'bad image']);
    expect(() => vqaResults(result.predictions, source)).toThrow(
      '2 of 7 questions have no prediction: 40, 50.',
    );
    expect(JSON.parse(vqaResults(result.predictions, source, { missing: 'dark' }))).toHaveLength(7);
  });

  it('answers test questions, which nobody can score', async () => {
    const source = await readVqa(questionFile(questions), { images: memoryTree(pictures) });
    const { predictions, scores, skipped } = await predictVqa({ source, task, predict });
    expect(JSON.parse(vqaResults(predictions, source))).toHaveLength(5);
    expect(scores).toEqual([107, 107, 103, 113, 113]);
    expect(skipped).toEqual({});
    await expect(evaluateVqa({ source, task, predict })).rejects.toThrow(
      'has no annotations, so nothing can be scored. predictVqa() answers test questions.',
    );
  });

  it.each<[string, Partial<Record<keyof VqaEvaluationOptions | 'model', unknown>>, string]>([
    ['an unknown option', { model: 1 }, 'unknown option model'],
    ['a source of another kind', { source: { references: () => [] } }, 'expected what readVqa() gives'],
    ['a task of another kind', { task: { targets: { kind: 'regression' } } }, 'expected what vqa() gives'],
    ['no function', { predict: 'model' }, 'predict: expected a function of Rasters'],
    ['an empty batch', { batchSize: 0 }, 'batchSize: expected a number from 1'],
    ['too few rows', { predict: () => [[1, 2, 3]] }, 'an answer for each of 5 pictures, got 1 rows'],
    ['short rows', { predict: () => Array(5).fill([1, 2]) }, 'for each of 3 labels, got 2 of them'],
    ['no rows', { predict: () => Array(5).fill(null) }, 'for each of 3 labels, got null'],
    ['nothing', { predict: () => undefined }, 'an answer for each of 5 pictures, got undefined'],
    ['a short array', { predict: () => new Float32Array(14) }, 'expected 5 x 3 scores, a row for each'],
    ['NaN', { predict: () => Array(5).fill([1, Number.NaN, 3]) }, 'the score of "light" is NaN'],
    [
      'answers that are to be kept',
      { predict: () => Array(3).fill('dark'), parts: memoryParts() },
      'by its scores',
    ],
    ['an abort', { signal: AbortSignal.abort() }, 'aborted'],
  ])('refuses %s', async (_, options, message) => {
    const all = { source: await readSet(), task, predict, ...options } as VqaEvaluationOptions;
    await expect(evaluateVqa(all)).rejects.toThrow(message);
  });

  it('tells how far it is', async () => {
    const events: unknown[] = [];
    await predictVqa({ source: await readSet(), task, predict, onProgress: (event) => events.push(event) });
    expect(events).toEqual([{ stage: 'answer', done: 5, total: 5, unit: 'questions' }]);
  });
});
