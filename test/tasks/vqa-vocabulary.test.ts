// The answers of training questions → a vocabulary, in which order, saved and loaded, and how far it goes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildAnswerVocabulary,
  parseAnswerVocabulary,
  type VqaAnnotations,
  vocabularyCoverage,
} from '../../src/tasks/index.ts';
import { readGoldenJson } from '../support/golden.ts';
import { annotation } from './vqa-files.ts';

const golden = readGoldenJson<VqaAnnotations>('vqa/annotations.json');
const train = {
  annotations: [
    annotation(1, 1, 'two × 6, 3 × 4'),
    annotation(2, 1, '2 × 10'),
    annotation(3, 2, 'T-shirt × 5, shirt × 5'),
    annotation(4, 2, 'shirt × 9, dress × 1'),
    annotation(5, 3, 'a × 10'), // nothing is left of it
    annotation(6, 3, 'dress × 9, 3 × 1'),
  ],
};

describe('buildAnswerVocabulary', () => {
  it('counts what most people said, normalised; of equally frequent answers the first in order is first', () => {
    const vocabulary = { answers: ['2', 'dress', 'shirt', 't shirt'], counts: [2, 1, 1, 1] };
    expect(buildAnswerVocabulary(train)).toEqual(vocabulary);
    const reversed = { annotations: [...train.annotations].reverse() };
    expect(buildAnswerVocabulary(reversed)).toEqual(vocabulary);
    expect(buildAnswerVocabulary(train, { size: 2 })).toEqual({ answers: ['2', 'dress'], counts: [2, 1] });
    expect(buildAnswerVocabulary(train, { minCount: 2 })).toEqual({ answers: ['2'], counts: [2] });
  });

  it('counts what all people said', () => {
    expect(buildAnswerVocabulary(train, { count: 'people', minCount: 5 })).toEqual({
      answers: ['2', 'shirt', 'dress', '3', 't shirt'],
      counts: [16, 14, 10, 5, 5],
    });
  });

  it('finds the most frequent answer where the file does not say it', () => {
    const { multiple_choice_answer: _, ...unsaid } = annotation(1, 1, 'no × 2, Red × 3, red. × 2, blue × 3');
    expect(buildAnswerVocabulary({ annotations: [unsaid] }).answers).toEqual(['red']);
  });

  it('keeps 3,129 answers where nothing else is said', () => {
    const annotations = Array.from({ length: 4000 }, (_, i) => annotation(i, i, `word${i} × 10`));
    expect(buildAnswerVocabulary({ annotations }).answers).toHaveLength(3129);
  });

  it('refuses what are no annotations', () => {
    expect(() => buildAnswerVocabulary({} as never)).toThrow('expected annotations, an object with a list');
    expect(() => buildAnswerVocabulary({ annotations: [] })).toThrow('got an empty list');
    expect(() => buildAnswerVocabulary({ annotations: [{ question_id: 1 } as never] })).toThrow(
      'buildAnswerVocabulary: annotations[0]: image_id: expected an integer, got undefined.',
    );
    expect(() => buildAnswerVocabulary(train, { minCount: 3 })).toThrow(
      '6 questions have 4 different answers, none of them 3 times or more',
    );
    expect(() => buildAnswerVocabulary(train, { size: 0 })).toThrow('size: expected a number from 1 to');
    expect(() => buildAnswerVocabulary(train, { count: 'all' as never })).toThrow("'questions' or 'people'");
    expect(() => buildAnswerVocabulary(train, { min: 3 } as never)).toThrow('unknown option min');
  });
});

describe('parseAnswerVocabulary', () => {
  it('reads what JSON.stringify wrote', () => {
    const vocabulary = buildAnswerVocabulary(golden);
    expect(parseAnswerVocabulary(JSON.stringify(vocabulary))).toEqual(vocabulary);
  });

  it.each([
    ['{', 'this is no JSON'],
    ['null', 'expected a vocabulary with a list called "answers"'],
    ['["yes"]', 'got undefined'],
    ['{"answers": []}', 'got an empty list'],
    ['{"answers": ["yes", 5], "counts": [1, 1]}', 'answers[1]: expected a text, got 5'],
    ['{"answers": ["yes", ""], "counts": [1, 1]}', 'answers[1]: expected a text, got ""'],
    ['{"answers": ["yes", "yes"], "counts": [1, 1]}', 'the answer "yes" is there twice'],
    ['{"answers": ["yes"]}', 'counts: expected an integer for each of 1 answers, got undefined'],
    [
      '{"answers": ["yes"], "counts": [1, 2]}',
      'counts: expected an integer for each of 1 answers, got [1,2]',
    ],
    ['{"answers": ["yes"], "counts": [0.5]}', 'got [0.5]'],
  ])('refuses %s', (json, message) => {
    expect(() => parseAnswerVocabulary(json)).toThrow(message);
  });

  it('gives a vocabulary or a DataError, whatever comes', () => {
    const documents = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ answers: fc.array(fc.jsonValue()), counts: fc.array(fc.jsonValue()) })
        .map((each) => JSON.stringify(each)),
    );
    fc.assert(
      fc.property(documents, (json) => {
        try {
          const { answers, counts } = parseAnswerVocabulary(json);
          expect(new Set(answers).size).toBe(counts.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'DATA' });
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('vocabularyCoverage', () => {
  it('counts what lies outside, and what accuracy that leaves', () => {
    expect(vocabularyCoverage(train, { answers: ['2', 'shirt'] })).toEqual({
      questions: 6,
      known: 3, // 1, 2 and 4
      answers: 60,
      knownAnswers: 6 + 10 + 5 + 9,
      attainable: (1 + 1 + 1 + 1 + 0 + 0) / 6,
    });
    expect(vocabularyCoverage(train, { answers: ['dress'] }).attainable).toBeCloseTo((0.3 + 1) / 6, 12);
  });

  it('is exact about answers on which all agree: the scorer takes them as they are written', () => {
    const annotations = [annotation(1, 1, 'USA × 10')];
    const coverage = vocabularyCoverage({ annotations }, buildAnswerVocabulary({ annotations }));
    expect(coverage).toMatchObject({ known: 1, knownAnswers: 0, attainable: 0 });
  });

  it('refuses what it cannot count', () => {
    expect(() => vocabularyCoverage({ annotations: [] }, { answers: ['2'] })).toThrow('got an empty list');
    expect(() => vocabularyCoverage(train, {} as never)).toThrow('vocabularyCoverage: expected a vocabulary');
  });
});
