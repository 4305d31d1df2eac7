// Answers of a model → the file that the official scorer and the evaluation server take: one answer for each question
// of a split, `[{"question_id": 1, "answer": "yes"}, …]`.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { parseVqaPrediction, type VqaPrediction, type VqaQuestions } from './vqa-json.ts';

/** What becomes of questions without an answer. */
export interface VqaResultsOptions {
  /** What is answered where there is no prediction, because a picture could not be read, say. Default: refused. */
  readonly missing?: string;
}

/**
 * @param predictions - in any order
 * @param questions - all of the split, as published or as `readVqa()` gives them; the results have their order
 * @returns JSON, the content of `v2_OpenEnded_mscoco_test-dev2015_<name>_results.json`
 * @throws ConfigError when an option is wrong
 * @throws DataError for predictions that are none, come twice, are missing or answer no question
 * @example await writeFile('results.json', vqaResults(predictions, test, { missing: 'yes' }));
 */
export function vqaResults(
  predictions: readonly VqaPrediction[],
  questions: VqaQuestions,
  options: VqaResultsOptions = {},
): string {
  const door = 'vqaResults';
  refuseUnknown(door, options, ['missing']);
  const { missing } = options;
  if (missing !== undefined && typeof missing !== 'string') {
    throw new ConfigError(`${door}: missing: expected an answer, got ${describeValue(missing)}.`);
  }
  if (!Array.isArray(questions?.questions)) {
    throw new DataError(
      `${door}: questions: expected those of the split, as readVqa() gives, got ${describeValue(questions)}.`,
    );
  }
  const asked = questions.questions.map(({ question_id }) => question_id);
  const answers = matchVqaPredictions(door, predictions, asked, missing === undefined ? 'all' : 'some');
  return JSON.stringify(
    asked.map((question_id) => ({ question_id, answer: answers.get(question_id) ?? missing })),
  );
}

/**
 * Which answer each question has.
 *
 * @param door - the function that was called, as it stands in messages
 * @param asked - `question_id`s
 * @param needed - `'all'`: each of them has to be answered
 * @throws DataError for what is no prediction, two of one question, answers to other questions, questions without one
 */
export function matchVqaPredictions(
  door: string,
  predictions: readonly VqaPrediction[],
  asked: readonly number[],
  needed: 'all' | 'some' = 'all',
): ReadonlyMap<number, string> {
  const answers = answersByQuestion(door, predictions);
  const known = new Set(asked);
  const strange = [...answers.keys()].filter((id) => !known.has(id));
  if (strange.length > 0) {
    throw new DataError(
      `${door}: ${strange.length} of ${answers.size} predictions answer no question of this split: ${firstOf(strange)}. Predict for the questions that are scored.`,
    );
  }
  const open = needed === 'all' ? asked.filter((id) => !answers.has(id)) : [];
  if (open.length > 0) {
    throw new DataError(
      `${door}: ${open.length} of ${asked.length} questions have no prediction: ${firstOf(open)}. The official scorer takes one for each question.`,
    );
  }
  return answers;
}

function answersByQuestion(door: string, predictions: readonly VqaPrediction[]): Map<number, string> {
  if (!Array.isArray(predictions)) {
    throw new DataError(
      `${door}: predictions: expected a list of {question_id, answer}, got ${describeValue(predictions)}.`,
    );
  }
  const answers = new Map<number, string>();
  for (const [i, each] of predictions.entries()) {
    const prediction = parseVqaPrediction(each);
    if (typeof prediction === 'string') throw new DataError(`${door}: predictions[${i}]: ${prediction}.`);
    const { question_id, answer } = prediction;
    if (answers.has(question_id)) {
      throw new DataError(
        `${door}: predictions[${i}]: question ${question_id} is answered twice. Keep one answer for each.`,
      );
    }
    answers.set(question_id, answer);
  }
  return answers;
}

function firstOf(ids: readonly number[]): string {
  return `${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}`;
}
