// A model that answers questions about pictures → its official accuracy, by type of answer and of question, and how far
// its vocabulary would let it come.
// Reference: GT-Vision-Lab/VQA at a013f00; the intervals and what the vocabulary allows are ours.

import { DataError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import { type VqaAnnotation, type VqaPrediction, vocabularyCoverage } from '../tasks/index.ts';
import { bootstrapMean } from './bootstrap.ts';
import {
  createEvaluation,
  type Evaluation,
  type Interval,
  MEASURE_OPTIONS,
  type MeasureOptions,
  resolveMeasure,
} from './evaluation.ts';
import { vqaAccuracy } from './vqa-accuracy.ts';
import { answerQuestions, VQA_PREDICT_OPTIONS, type VqaPredictOptions } from './vqa-predictions.ts';
import { type TypeAccuracy, type VqaOutcome, vqaMistakes, vqaTypeTable } from './vqa-report.ts';

/** What {@link evaluateVqa} measures. */
export interface VqaEvaluationOptions extends VqaPredictOptions, MeasureOptions {}

export interface VqaEvaluation extends Evaluation {
  /** What `vqaResults()` makes the official file of. */
  readonly predictions: readonly VqaPrediction[];
}

/**
 * Values: `accuracy`, the official one as a fraction, and the same by type of answer, `accuracyYesNo`, `accuracyNumber`,
 * `accuracyOther`. Details: by type of question, and `attainable`, the accuracy of whoever always picks the best answer of
 * the vocabulary. The report shows the worst mistakes: those by which most was lost, the surest first.
 *
 * Questions that are skipped are not scored, which the official scorer does not allow: {@link vqaAccuracy}.
 *
 * @throws ConfigError
 * @throws DataError when the source has no annotations, too much cannot be read, or `predict` gives other than was asked for
 * @example
 * const { values, predictions } = await evaluateVqa({ source: val, task: vqa({ vocabulary }), predict });
 * console.log(values.accuracy, values.accuracyYesNo);
 */
export async function evaluateVqa(options: VqaEvaluationOptions): Promise<VqaEvaluation> {
  const door = 'evaluateVqa';
  refuseUnknown(door, options, [...new Set([...MEASURE_OPTIONS, ...VQA_PREDICT_OPTIONS])]);
  const { examples, signal } = resolveMeasure(door, options);
  const { source, task } = options;
  if (source?.annotations?.length === 0) {
    throw new DataError(
      `${door}: ${source.name} has no annotations, so nothing can be scored. predictVqa() answers test questions.`,
    );
  }
  const { predictions, scores, skipped } = await answerQuestions(door, options);
  const annotationOf = new Map(source.annotations.map((row) => [row.question_id, row]));
  const annotations = predictions.flatMap(({ question_id }) => annotationOf.get(question_id) ?? []);
  const { overall, perQuestion, ...perType } = vqaAccuracy(predictions, { annotations });
  const outcomes = annotations.map((annotation, i): VqaOutcome => {
    const { answer } = predictions[i]!; // the annotations were taken in this order
    return {
      annotation,
      answer,
      score: perQuestion.get(annotation.question_id)! / 100,
      sureness: scores[i]!,
    };
  });
  const labels = 'labels' in task.targets ? task.targets.labels : []; // it is no regression
  const { questions, known, attainable } = vocabularyCoverage({ annotations }, { answers: labels });
  const answerTypes = typesOf(perType.perAnswerType, annotations, (row) => row.answer_type);
  const questionTypes = typesOf(perType.perQuestionType, annotations, (row) => row.question_type);
  const evaluation = createEvaluation({
    task: 'vqa',
    title: `Questions about pictures: ${source.name}`,
    values: {
      accuracy: overall / 100,
      ...Object.fromEntries(answerTypes.map(({ type, accuracy }) => [valueName(type), accuracy])),
    },
    intervals: intervalOf(outcomes),
    count: questions,
    skipped,
    settings: { data: source.name, answers: labels.length, attainable, known: known / questions },
    details: { attainable, known, answerTypes: plain(answerTypes), questionTypes: plain(questionTypes) },
    sections: [
      `<p class="soft">The best answer of the vocabulary to every question: ${(100 * attainable).toFixed(1)} %. What most people answered is in it for ${known} of ${questions} questions.</p>`,
      vqaTypeTable('By type of answer', answerTypes),
      await vqaMistakes({ outcomes, source, task, examples, signal }),
      vqaTypeTable('By type of question', questionTypes),
    ],
  });
  return { ...evaluation, predictions };
}

function typesOf(
  percents: Readonly<Record<string, number>>,
  annotations: readonly VqaAnnotation[],
  typeOf: (row: VqaAnnotation) => string,
): TypeAccuracy[] {
  const counts = new Map<string, number>();
  for (const row of annotations) counts.set(typeOf(row), (counts.get(typeOf(row)) ?? 0) + 1);
  return [...counts].map(([type, count]) => ({ type, count, accuracy: percents[type]! / 100 }));
}

/** `'yes/no'` → `'accuracyYesNo'` */
function valueName(type: string): string {
  const words = type.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return `accuracy${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}`;
}

/** Questions about one picture are drawn together. */
function intervalOf(outcomes: readonly VqaOutcome[]): Record<string, Interval> {
  const groups = outcomes.map(({ annotation }) => annotation.image_id);
  if (new Set(groups).size < 2) return {};
  const { low, high } = bootstrapMean(
    outcomes.map(({ score }) => score),
    { groups },
  );
  return { accuracy: { low, high } };
}

function plain(types: readonly TypeAccuracy[]): { type: string; count: number; accuracy: number }[] {
  return types.map((each) => ({ ...each }));
}
