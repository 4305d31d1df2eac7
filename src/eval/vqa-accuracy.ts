// Answers and what people answered → the accuracy of VQA, as the official scorer counts it, oddities included: an answer
// is right as far as three people gave it, and answers are normalised only where people do not all say the same.
// Reference: GT-Vision-Lab/VQA at a013f00, `vqaEvaluation/vqaEval.py` and `vqaTools/vqa.py`. It leaves out a person by
// comparing whole answer objects, we by their place; that differs only in files whose `answer_id`s are not distinct.

import { DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import {
  checkVqaAnnotations,
  matchVqaPredictions,
  scoreVqaAnswer,
  type VqaAnnotation,
  type VqaAnnotations,
  type VqaPrediction,
  type VqaQuestions,
} from '../tasks/index.ts';

/** Percent, not rounded; the official scorer prints two decimals. */
export interface VqaAccuracy {
  readonly overall: number;
  readonly perAnswerType: Readonly<Record<string, number>>;
  readonly perQuestionType: Readonly<Record<string, number>>;
  /** By `question_id`, in the order of the annotations. */
  readonly perQuestion: ReadonlyMap<number, number>;
}

/**
 * The official accuracy. As there, each annotated question needs one prediction, and a prediction for any other question
 * is an error; two for one question, of which the scorer silently takes the last, are one here, too.
 *
 * @param predictions - the official result format, in any order
 * @param annotations - the published JSON, or what `readVqa()` gives
 * @param questions - where given, every annotation has to belong to one of them; scoring needs none
 * @returns percent
 * @throws DataError when predictions, annotations and questions do not fit together, or are none
 * @example
 * const { overall, perAnswerType } = vqaAccuracy(predictions, annotations);
 * console.log(overall.toFixed(2), perAnswerType['yes/no']);
 */
export function vqaAccuracy(
  predictions: readonly VqaPrediction[],
  annotations: VqaAnnotations,
  questions?: VqaQuestions,
): VqaAccuracy {
  const rows = checkVqaAnnotations(DOOR, annotations);
  if (questions !== undefined) assertAsked(rows, questions);
  const asked = rows.map(({ question_id }) => question_id);
  const answers = matchVqaPredictions(DOOR, predictions, asked);
  const perQuestion = new Map<number, number>();
  for (const row of rows) {
    const answer = answers.get(row.question_id)!; // every one has just been found
    perQuestion.set(row.question_id, 100 * scoreVqaAnswer(row, answer));
  }
  const meanBy = (typeOf: (row: VqaAnnotation) => string): Record<string, number> => {
    const scores = new Map<string, number[]>();
    for (const row of rows) {
      const score = perQuestion.get(row.question_id)!; // just set
      const list = scores.get(typeOf(row));
      if (list === undefined) scores.set(typeOf(row), [score]);
      else list.push(score);
    }
    return Object.fromEntries([...scores].map(([type, list]) => [type, mean(list)]));
  };
  return {
    overall: mean([...perQuestion.values()]),
    perAnswerType: meanBy(({ answer_type }) => answer_type),
    perQuestionType: meanBy(({ question_type }) => question_type),
    perQuestion,
  };
}

const DOOR = 'vqaAccuracy';

function assertAsked(rows: readonly VqaAnnotation[], document: VqaQuestions): void {
  if (!Array.isArray(document?.questions)) {
    throw new DataError(
      `${DOOR}: expected questions, an object with a list of that name, got ${describeValue(document)}.`,
    );
  }
  const asked = new Set(document.questions.map(({ question_id }) => question_id));
  const strange = rows.filter(({ question_id }) => !asked.has(question_id));
  if (strange.length === 0) return;
  throw new DataError(
    `${DOOR}: ${strange.length} of ${rows.length} annotations belong to no question, the first to ${strange[0]!.question_id}. Give questions and annotations of one split.`,
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
