// The JSON of VQA v2 as it is published: questions, what people answered, and what a model answers. Rows of unknown
// make are checked here, and nowhere else.
// Reference: Goyal et al. 2017, "Making the V in VQA Matter"; visualqa.org, "Download" and "Evaluation".

import { isObject } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { describeValue } from '../options.ts';

/** A question about a picture, as published. */
export interface VqaQuestion {
  readonly question_id: number;
  readonly image_id: number;
  readonly question: string;
}

/** `v2_OpenEnded_mscoco_train2014_questions.json`, and whatever else has such a list. */
export interface VqaQuestions {
  readonly questions: readonly VqaQuestion[];
}

/** What people answered to a question, as published. */
export interface VqaAnnotation {
  readonly question_id: number;
  readonly image_id: number;
  /** How the question begins: `'what color is the'`, … */
  readonly question_type: string;
  /** `'yes/no'`, `'number'` or `'other'`. */
  readonly answer_type: string;
  /** What most people said. */
  readonly multiple_choice_answer?: string;
  /** Of as many people as were asked: ten. */
  readonly answers: readonly { readonly answer: string }[];
}

/** `v2_mscoco_train2014_annotations.json`, and whatever else has such a list. */
export interface VqaAnnotations {
  readonly annotations: readonly VqaAnnotation[];
}

/** One of the official result format, `[{question_id, answer}]`. */
export interface VqaPrediction {
  readonly question_id: number;
  readonly answer: string;
}

/** @returns the question, or in words what is wrong with it */
export function parseVqaQuestion(row: unknown): VqaQuestion | string {
  if (!isObject(row)) return `expected an object, got ${describeValue(row)}`;
  const { question_id, image_id, question } = row;
  if (!isId(question_id)) return wrongField('question_id', 'an integer', question_id);
  if (!isId(image_id)) return wrongField('image_id', 'an integer', image_id);
  if (!isText(question)) return wrongField('question', 'a text', question);
  return { question_id, image_id, question };
}

/** @returns the annotation with nothing but what is used of it, or in words what is wrong with it */
export function parseVqaAnnotation(row: unknown): VqaAnnotation | string {
  if (!isObject(row)) return `expected an object, got ${describeValue(row)}`;
  const { question_id, image_id, question_type, answer_type, multiple_choice_answer, answers } = row;
  if (!isId(question_id)) return wrongField('question_id', 'an integer', question_id);
  if (!isId(image_id)) return wrongField('image_id', 'an integer', image_id);
  if (!isText(question_type)) return wrongField('question_type', 'a text', question_type);
  if (!isText(answer_type)) return wrongField('answer_type', 'a text', answer_type);
  if (!Array.isArray(answers)) return wrongField('answers', 'a list', answers);
  if (answers.length === 0) return 'answers: the list is empty';
  const said: { answer: string }[] = [];
  for (const [i, one] of answers.entries()) {
    const answer: unknown = isObject(one) ? one.answer : one;
    if (!isObject(one) || typeof answer !== 'string') {
      return wrongField(`answers[${i}]`, 'an object with a text called "answer"', answer);
    }
    said.push({ answer });
  }
  const most = typeof multiple_choice_answer === 'string' ? { multiple_choice_answer } : {};
  return { question_id, image_id, question_type, answer_type, ...most, answers: said };
}

/**
 * @param door - the function that was called, as it stands in messages
 * @throws DataError for what are no annotations, for none at all, and for two of one question
 */
export function checkVqaAnnotations(door: string, document: VqaAnnotations): VqaAnnotation[] {
  const list: unknown = document?.annotations;
  if (!Array.isArray(list) || list.length === 0) {
    throw new DataError(
      `${door}: expected annotations, an object with a list of that name, got ${Array.isArray(list) ? 'an empty list' : describeValue(document)}.`,
    );
  }
  const seen = new Set<number>();
  return list.map((each, i) => {
    const row = parseVqaAnnotation(each);
    if (typeof row === 'string') throw new DataError(`${door}: annotations[${i}]: ${row}.`);
    if (seen.has(row.question_id)) {
      throw new DataError(`${door}: annotations[${i}]: question ${row.question_id} was there before.`);
    }
    seen.add(row.question_id);
    return row;
  });
}

/** @returns the prediction, or in words what is wrong with it */
export function parseVqaPrediction(row: unknown): VqaPrediction | string {
  if (!isObject(row)) return `expected an object, got ${describeValue(row)}`;
  const { question_id, answer } = row;
  if (!isId(question_id)) return wrongField('question_id', 'an integer', question_id);
  if (typeof answer !== 'string') return `question ${question_id}: ${wrongField('answer', 'a text', answer)}`;
  return { question_id, answer };
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function wrongField(name: string, expected: string, value: unknown): string {
  return `${name}: expected ${expected}, got ${describeValue(value)}`;
}
