// What people answered in training → the answers that a model can give, and how far these go. VQA is a classification
// among the most frequent answers; which these are was never published, so everybody counts them anew.
// Reference: the customary 3,129 answers are those that are the most frequent one of nine training questions or more.

import { ConfigError, DataError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { agreementScore, comparableAnswers, mostFrequentAnswer } from './vqa-agreement.ts';
import { checkVqaAnnotations, type VqaAnnotations } from './vqa-json.ts';
import { normalizeVqaAnswer } from './vqa-normalize.ts';

/** Plain data: `JSON.stringify` of it is what {@link parseAnswerVocabulary} reads. */
export interface AnswerVocabulary {
  /** Normalised and distinct, the most frequent first: the labels of the model, in their order. */
  readonly answers: readonly string[];
  /** How often each was counted. */
  readonly counts: readonly number[];
}

/** How many answers {@link buildAnswerVocabulary} keeps. */
export interface AnswerVocabularyOptions {
  /** Answers that are kept at most, 1 … 1,000,000, default 3129. */
  readonly size?: number;
  /** Rarer answers are left out, default 1. */
  readonly minCount?: number;
  /** `'questions'` (default) counts the answer of most people once a question, `'people'` all that anybody said. */
  readonly count?: 'questions' | 'people';
}

/** An answer of which nothing is left, such as "the", is none. */
const NOTHING = '';

/**
 * The most frequent answers, after the normalisation of the official scorer. Of equally frequent ones those come first
 * that sort first, whatever the order of the questions.
 *
 * @param train - the published JSON, or what `readVqa()` gives
 * @throws ConfigError
 * @throws DataError for what are no annotations, or when no answer is frequent enough
 * @example
 * const vocabulary = buildAnswerVocabulary(await readVqa(diskFile(questions), { annotations, images }));
 * await writeFile('answers.json', JSON.stringify(vocabulary));
 */
export function buildAnswerVocabulary(
  train: VqaAnnotations,
  options: AnswerVocabularyOptions = {},
): AnswerVocabulary {
  const door = 'buildAnswerVocabulary';
  refuseUnknown(door, options, ['size', 'minCount', 'count']);
  const { size = 3129, minCount = 1, count = 'questions' } = options;
  assertNumber(door, 'size', size, 1, 1e6);
  assertNumber(door, 'minCount', minCount, 1, Infinity);
  if (count !== 'questions' && count !== 'people') {
    throw new ConfigError(`${door}: count: expected 'questions' or 'people', got ${describeValue(count)}.`);
  }
  const annotations = checkVqaAnnotations(door, train);
  const counts = new Map<string, number>();
  for (const annotation of annotations) {
    const said =
      count === 'questions'
        ? [mostFrequentAnswer(annotation)]
        : annotation.answers.map(({ answer }) => normalizeVqaAnswer(answer));
    for (const answer of said) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  counts.delete(NOTHING);
  const kept = [...counts]
    .filter(([, times]) => times >= minCount)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, size);
  if (kept.length === 0) {
    throw new DataError(
      `${door}: ${annotations.length} questions have ${counts.size} different answers, none of them ${minCount} times or more. Give the annotations of the training questions, or a lower minCount.`,
    );
  }
  return { answers: kept.map(([answer]) => answer), counts: kept.map(([, times]) => times) };
}

/**
 * @param json - what `JSON.stringify` made of a vocabulary
 * @throws DataError for anything else
 * @example const vocabulary = parseAnswerVocabulary(await readFile('answers.json', 'utf8'));
 */
export function parseAnswerVocabulary(json: string): AnswerVocabulary {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new DataError(`parseAnswerVocabulary: this is no JSON: ${String(cause)}`, { cause });
  }
  const { answers, counts } = (value ?? {}) as Partial<AnswerVocabulary>; // checked below
  assertAnswers('parseAnswerVocabulary', answers);
  const isCount = (each: unknown): boolean => Number.isSafeInteger(each) && Number(each) >= 0;
  if (!Array.isArray(counts) || counts.length !== answers.length || !counts.every(isCount)) {
    throw new DataError(
      `parseAnswerVocabulary: counts: expected an integer for each of ${answers.length} answers, got ${Array.isArray(counts) ? JSON.stringify(counts).slice(0, 80) : describeValue(counts)}.`,
    );
  }
  return { answers, counts };
}

/** @throws DataError unless these are texts, at least one, no two alike */
export function assertAnswers(door: string, answers: unknown): asserts answers is readonly string[] {
  if (!Array.isArray(answers) || answers.length === 0) {
    throw new DataError(
      `${door}: expected a vocabulary with a list called "answers", as buildAnswerVocabulary() gives, got ${Array.isArray(answers) ? 'an empty list' : describeValue(answers)}.`,
    );
  }
  const odd = answers.findIndex((answer) => typeof answer !== 'string' || answer === NOTHING);
  if (odd >= 0) {
    throw new DataError(`${door}: answers[${odd}]: expected a text, got ${describeValue(answers[odd])}.`);
  }
  const seen = new Set<string>();
  const again = answers.find((answer) => seen.size === seen.add(answer).size);
  if (again !== undefined) {
    throw new DataError(
      `${door}: the answer ${describeValue(again)} is there twice. Each label has one place.`,
    );
  }
}

/** How far the answers of a vocabulary go. */
export interface VocabularyCoverage {
  readonly questions: number;
  /** Of these, such whose answer of most people is in the vocabulary. */
  readonly known: number;
  /** What all people said, and how much of it is in the vocabulary. */
  readonly answers: number;
  readonly knownAnswers: number;
  /** The official accuracy of whoever always picks the best answer of the vocabulary, 0 … 1. */
  readonly attainable: number;
}

/**
 * @param questions - the published JSON, or what `readVqa()` gives
 * @throws DataError for what are no annotations, or no vocabulary
 * @example vocabularyCoverage(val, vocabulary).attainable // what no model with this vocabulary can exceed
 */
export function vocabularyCoverage(
  questions: VqaAnnotations,
  vocabulary: Pick<AnswerVocabulary, 'answers'>,
): VocabularyCoverage {
  const door = 'vocabularyCoverage';
  assertAnswers(door, vocabulary?.answers);
  const annotations = checkVqaAnnotations(door, questions);
  const known = new Set(vocabulary.answers);
  const total = { known: 0, answers: 0, knownAnswers: 0, attainable: 0 };
  for (const annotation of annotations) {
    if (known.has(mostFrequentAnswer(annotation))) total.known++;
    const { people, counts } = comparableAnswers(annotation);
    total.answers += people;
    let best = 0;
    for (const [answer, count] of counts) {
      if (!known.has(answer)) continue;
      total.knownAnswers += count;
      best = Math.max(best, agreementScore(count, people));
    }
    total.attainable += best;
  }
  return { questions: annotations.length, ...total, attainable: total.attainable / annotations.length };
}
