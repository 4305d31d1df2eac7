// The accuracy of VQA: the golden figures of the official scorer, its formula, and what it refuses.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vqaAccuracy } from '../../src/eval/index.ts';
import type { VqaAnnotations, VqaPrediction, VqaQuestions } from '../../src/tasks/index.ts';
import { readGoldenJson } from '../support/golden.ts';
import { annotation } from '../tasks/vqa-files.ts';

interface Expected {
  readonly overall: number;
  readonly overall_10_digits: number;
  readonly per_answer_type: Record<string, number>;
  readonly per_answer_type_10_digits: Record<string, number>;
  readonly per_question_type: Record<string, number>;
  readonly per_question: Record<string, number>;
}

const annotations = readGoldenJson<VqaAnnotations>('vqa/annotations.json');
const questions = readGoldenJson<VqaQuestions>('vqa/questions.json');
const predictions = readGoldenJson<VqaPrediction[]>('vqa/predictions.json');
const expected = readGoldenJson<Expected>('vqa/expected.json');
const result = vqaAccuracy(predictions, annotations, questions);

describe('golden figures', () => {
  it.each(Object.entries(expected.per_question))('question %s: %d %%', (id, percent) => {
    expect(result.perQuestion.get(Number(id))).toBe(percent);
  });

  it('has the figures of the scorer, overall and by type', () => {
    expect(result.perQuestion.size).toBe(140);
    expect(Number(result.overall.toFixed(2))).toBe(expected.overall);
    expect(result.overall).toBeCloseTo(expected.overall_10_digits, 9);
    const rounded = (figures: Readonly<Record<string, number>>, digits: number) =>
      Object.fromEntries(
        Object.entries(figures).map(([type, value]) => [type, Number(value.toFixed(digits))]),
      );
    expect(rounded(result.perAnswerType, 2)).toEqual(expected.per_answer_type);
    expect(rounded(result.perAnswerType, 10)).toEqual(expected.per_answer_type_10_digits);
    expect(rounded(result.perQuestionType, 2)).toEqual(expected.per_question_type);
  });

  it('leaves what it was given as it was', () => {
    expect(annotations).toEqual(readGoldenJson('vqa/annotations.json'));
  });
});

function scoreOf(said: string, answer: string): number {
  const one = { annotations: [annotation(1, 1, said)] };
  return vqaAccuracy([{ question_id: 1, answer }], one).overall;
}

describe('vqaAccuracy', () => {
  it.each([
    [0, 0],
    [1, 30],
    [2, 60],
    [3, 90],
    [4, 100],
    [9, 100],
  ])('%d of ten people make %d %%', (matches, percent) => {
    const others = Array.from({ length: 10 - matches }, (_, i) => `other${i} × 1`);
    expect(scoreOf([...(matches > 0 ? [`cat × ${matches}`] : []), ...others].join(', '), 'The cat.')).toBe(
      percent,
    );
  });

  it('compares as it is written what all people wrote alike', () => {
    expect(scoreOf('Yes × 10', 'Yes')).toBe(100);
    expect(scoreOf('Yes × 10', ' Yes\n')).toBe(100);
    expect(scoreOf('Yes × 10', 'yes')).toBe(0);
    expect(scoreOf('Yes × 9, yes × 1', 'yes!')).toBe(100);
  });

  it('is the mean over leaving each person out, for any number of them', () => {
    const lists = fc.array(fc.constantFrom('a1', 'b1', 'c1', 'd1'), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(lists, fc.constantFrom('a1', 'b1', 'e1'), (said, answer) => {
        let sum = 0;
        for (const left of said.keys()) {
          const matches = said.filter((each, i) => i !== left && each === answer).length;
          sum += Math.min(1, matches / 3);
        }
        const percent = scoreOf(said.map((each) => `${each} × 1`).join(', '), answer);
        expect(percent).toBeCloseTo((100 * sum) / said.length, 9);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('takes types of any name', () => {
    const rows = ['__proto__', 'toString'].map((type, i) => annotation(i, 1, 'yes × 10', type, type));
    const both = rows.map(({ question_id }) => ({ question_id, answer: 'yes' }));
    const { perAnswerType, perQuestionType } = vqaAccuracy(both, { annotations: rows });
    expect(Object.entries(perAnswerType)).toEqual([
      ['__proto__', 100],
      ['toString', 100],
    ]);
    expect(Object.keys(perQuestionType)).toEqual(['__proto__', 'toString']);
  });

  it.each<[string, unknown[], string]>([
    [
      'a missing prediction',
      [predictions.slice(1), annotations],
      '1 of 140 questions have no prediction: 1448.',
    ],
    [
      'no prediction',
      [[], annotations],
      '140 of 140 questions have no prediction: 1000, 1007, 1014, 1021, 1028, …',
    ],
    [
      'an unknown question',
      [[...predictions, { question_id: 5, answer: 'yes' }], annotations],
      '1 of 141 predictions answer no question of this split: 5.',
    ],
    [
      'two answers to one question',
      [[...predictions, predictions[0]], annotations],
      'predictions[140]: question 1448 is answered twice.',
    ],
    [
      'an answer that is no text',
      [[{ question_id: 1000, answer: 2 }], annotations],
      'predictions[0]: question 1000: answer: expected a text, got 2.',
    ],
    [
      'a number in words',
      [[{ question_id: '1000', answer: 'yes' }], annotations],
      'predictions[0]: question_id: expected an integer, got "1000".',
    ],
    [
      'a list in place of the document',
      [predictions, annotations.annotations],
      'expected annotations, an object',
    ],
    ['no annotations', [predictions, { annotations: [] }], 'got an empty list'],
    [
      'a damaged annotation',
      [predictions, { annotations: [{ ...annotations.annotations[0], answer_type: null }] }],
      'annotations[0]: answer_type: expected a text, got null.',
    ],
    [
      'an annotation that comes again',
      [predictions, { annotations: [annotations.annotations[0], annotations.annotations[0]] }],
      'annotations[1]: question 1000 was there before.',
    ],
    [
      'questions of another split',
      [predictions, annotations, { questions: questions.questions.slice(2) }],
      '2 of 140 annotations belong to no question, the first to 1000.',
    ],
    [
      'a list in place of the questions',
      [predictions, annotations, questions.questions],
      'expected questions, an',
    ],
  ])('refuses %s', (_, values, message) => {
    const call = () => vqaAccuracy(...(values as Parameters<typeof vqaAccuracy>));
    expect(call).toThrow('vqaAccuracy: ');
    expect(call).toThrow(message);
  });
});
