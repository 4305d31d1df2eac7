// VQA as a task: the picture that the model sees, targets of both kinds, and the file of results.

import { describe, expect, it } from 'vitest';
import { broken } from '../../src/data/index.ts';
import { encodePng } from '../../src/node/index.ts';
import { createRaster } from '../../src/raster/index.ts';
import { composeQuestion } from '../../src/render/index.ts';
import { scoreVqaAnswer, textOverflow, type VqaQuestions, vqa, vqaResults } from '../../src/tasks/index.ts';
import { readGoldenJson } from '../support/golden.ts';
import { annotation } from './vqa-files.ts';

const vocabulary = { answers: ['yes', 'no', '2', 'red'] };
const picture = createRaster(40, 30, 3, 200);
const example = { key: '1', question: 'Is it red?', picture };

describe('vqa', () => {
  it.each([
    {},
    { size: 384 },
    { size: 64, placement: 'bottom' },
    { size: 64, placement: 'middle', mode: 'overlay', textBrightness: 20 },
  ] as const)('draws the question on the picture: %j', async (options) => {
    const { raster } = vqa({ vocabulary, ...options });
    const wanted = await composeQuestion('Is it red?', picture, options);
    expect(wanted.width).toBe('size' in options ? options.size : 224);
    const encoded = await encodePng(picture);
    const { picture: _, ...unread } = example;
    for (const shown of [
      example,
      { ...example, picture: encoded },
      { ...unread, load: async () => encoded },
    ]) {
      const { data, ...shape } = await raster(shown);
      expect({ ...wanted, data: null }).toEqual({ ...shape, data: null });
      expect(Buffer.compare(data, wanted.data)).toBe(0);
    }
  });

  it('counts the questions that do not fit', async () => {
    const task = vqa({ vocabulary, size: 48 });
    const questions = [example, { ...example, question: 'Is it red or blue or green or yellow?' }];
    expect(await textOverflow(task, questions)).toEqual({ examples: 2, cut: 1, characters: 47, dropped: 24 });
    expect((await task.draw(example)).raster.width).toBe(48);
  });

  it('takes the answer of most people as the class', () => {
    const task = vqa({ vocabulary });
    expect(task).toMatchObject({ name: 'vqa', targets: { kind: 'classes', labels: vocabulary.answers } });
    const target = (said: string) => task.target({ ...example, annotation: annotation(1, 1, said) });
    expect(target('Yes. × 6, no × 4')).toBe(0);
    expect(target('two × 10')).toBe(2);
    expect(target('blue × 6, red × 4')).toBeUndefined();
    expect(task.target(example)).toBeUndefined(); // a test question
  });

  it('gives each answer the score of the official scorer', () => {
    const task = vqa({ vocabulary, targets: 'soft' });
    expect(task.targets).toEqual({ kind: 'multi-label', labels: vocabulary.answers });
    const target = (said: string) => task.target({ ...example, annotation: annotation(1, 1, said) });
    expect(target('yes × 4, no × 3, two × 2, Red × 1')).toEqual({ yes: 1, no: 0.9, 2: 0.6, red: 0.3 });
    expect(target('the yes × 2, yes! × 2, blue × 6')).toEqual({ yes: 1 });
    expect(target('USA × 10')).toBeUndefined();
    expect(target('YES × 10')).toEqual({ yes: 1 }); // where the scorer asks for capitals
    expect(scoreVqaAnswer(annotation(1, 1, 'YES × 10'), 'yes')).toBe(0);
    expect(task.target(example)).toBeUndefined();
  });

  it('refuses what cannot be meant', async () => {
    expect(() => vqa(undefined as never)).toThrow('vqa: expected an options object with a vocabulary');
    expect(() => vqa({} as never)).toThrow(
      'vqa: vocabulary: expected a vocabulary with a list called "answers"',
    );
    expect(() => vqa({ vocabulary: { answers: ['a', 'a'] } })).toThrow('the answer "a" is there twice');
    expect(() => vqa({ vocabulary, targets: 'hard' as never })).toThrow(
      "vqa: targets: expected 'single' or 'soft', got \"hard\".",
    );
    expect(() => vqa({ vocabulary, placement: 'left' as never })).toThrow(
      "must be 'top', 'middle' or 'bottom'",
    );
    expect(() => vqa({ vocabulary, mode: 'side' as never })).toThrow("must be 'strip' or 'overlay'");
    expect(() => vqa({ vocabulary, shots: 1 } as never)).toThrow('unknown option shots');
    const damaged = { ...example, picture: Uint8Array.of(1, 2, 3) };
    await expect(vqa({ vocabulary }).raster(damaged)).rejects.toThrow('vqa: question 1: bad image: ');
    const gone = { key: '1', question: 'a?', load: async () => broken('1', 'no image', 'is not there') };
    await expect(vqa({ vocabulary }).raster(gone)).rejects.toThrow('question 1: no image: is not there');
  });
});

describe('vqaResults', () => {
  const questions = readGoldenJson<VqaQuestions>('vqa/questions.json');
  const predictions = readGoldenJson<{ question_id: number; answer: string }[]>('vqa/predictions.json');

  it('writes one answer for each question, in their order', () => {
    const results: typeof predictions = JSON.parse(vqaResults(predictions, questions));
    expect(results.map(({ question_id }) => question_id)).toEqual(
      questions.questions.map(({ question_id }) => question_id),
    );
    expect(new Set(results.map((each) => JSON.stringify(each)))).toEqual(
      new Set(predictions.map((each) => JSON.stringify(each))),
    );
  });

  it('fills up what is missing only when it is told how', () => {
    const some = predictions.slice(2);
    expect(() => vqaResults(some, questions)).toThrow(
      /vqaResults: 2 of 140 questions have no prediction: \d+, \d+\./,
    );
    const filled: typeof predictions = JSON.parse(vqaResults(some, questions, { missing: 'yes' }));
    const gaps = new Set(predictions.slice(0, 2).map(({ question_id }) => question_id));
    expect(filled.filter(({ question_id }) => gaps.has(question_id)).map(({ answer }) => answer)).toEqual([
      'yes',
      'yes',
    ]);
  });

  it('refuses what is no result', () => {
    const [first] = predictions;
    const one = {
      questions: questions.questions.filter(({ question_id }) => question_id === first!.question_id),
    };
    expect(() => vqaResults([first!, first!], questions)).toThrow(
      `vqaResults: predictions[1]: question ${first!.question_id} is answered twice.`,
    );
    expect(() => vqaResults(predictions, one)).toThrow(
      '139 of 140 predictions answer no question of this split',
    );
    expect(() => vqaResults({} as never, one)).toThrow(
      'predictions: expected a list of {question_id, answer}',
    );
    expect(() => vqaResults([first!], {} as never)).toThrow('questions: expected those of the split');
    expect(() => vqaResults([first!], one, { missing: 0 as never })).toThrow(
      'missing: expected an answer, got 0',
    );
    expect(() => vqaResults([{ question_id: 1, answer: 5 as never }], one)).toThrow(
      'vqaResults: predictions[0]: question 1: answer: expected a text, got 5.',
    );
  });
});
