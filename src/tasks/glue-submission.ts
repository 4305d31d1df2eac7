// Predictions for a test set → the file that gluebenchmark.com takes: a line of index and prediction for each example,
// in words for MNLI, QNLI, RTE and AX. The files of all tasks, zipped without a folder, are a submission.
// Reference: the names and words as jiant's `glue_submission_formatter.py` (nyu-mll) has them.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { type GlueSplit, type GlueTask, glueFacts } from './glue-table.ts';

/** Which records the predictions are for. */
export interface GlueSubmissionOptions {
  /** Of MNLI: `'test_matched'` or `'test_mismatched'`. */
  readonly split?: GlueSplit;
  /** [N] `index` of the record that each prediction is for. Default: 0, 1, 2, … */
  readonly indices?: ArrayLike<number>;
}

/** A file for the evaluation server of GLUE. */
export interface GlueSubmission {
  /** `'CoLA.tsv'`, `'MNLI-mm.tsv'`, … */
  readonly file: string;
  readonly text: string;
}

/** Digits after the point of a score. */
const DIGITS = 3;

/**
 * @param predictions - [N] indices of labels; of STS-B scores, which are limited to 0 … 5
 * @throws ConfigError; DataError for what is no label, and for an index that is none or is there twice
 * @example
 * const { file, text } = glueSubmission('rte', [1, 0, 0]);
 * await writeFile(file, text); // RTE.tsv
 */
export function glueSubmission(
  name: GlueTask,
  predictions: ArrayLike<number>,
  options: GlueSubmissionOptions = {},
): GlueSubmission {
  const door = 'glueSubmission';
  refuseUnknown(door, options, ['split', 'indices']);
  const { title, targets, inWords } = glueFacts(door, name);
  const suffix = name === 'mnli' ? mnliSuffix(door, options.split) : '';
  const indices = options.indices ?? Uint32Array.from(predictions, (_, i) => i);
  if (indices.length !== predictions.length) {
    throw new DataError(
      `${door}: ${name}: expected an index for each of ${predictions.length} predictions, got ${indices.length}.`,
    );
  }

  function answer(i: number): string {
    const prediction = predictions[i]!;
    if (targets.kind === 'regression') {
      const [low, high] = targets.range ?? [-Infinity, Infinity];
      if (!Number.isFinite(prediction)) throw wrong(i, 'a finite number');
      return Math.min(high, Math.max(low, prediction)).toFixed(DIGITS);
    }
    const label = targets.labels[prediction];
    if (label === undefined) throw wrong(i, `a label from 0 to ${targets.labels.length - 1}`);
    return inWords ? label : String(prediction);
  }
  const wrong = (i: number, expected: string): DataError =>
    new DataError(
      `${door}: ${name}: predictions[${i}]: expected ${expected}, got ${describeValue(predictions[i])}.`,
    );

  const seen = new Set<number>();
  const lines = Array.from(predictions, (_, i): readonly [number, string] => {
    const index = indices[i]!;
    if (!Number.isSafeInteger(index) || index < 0 || seen.has(index)) {
      const expected = 'an integer from 0 that no other prediction has';
      throw new DataError(`${door}: ${name}: indices[${i}]: expected ${expected}, got ${index}.`);
    }
    seen.add(index);
    return [index, answer(i)];
  }).sort(([a], [b]) => a - b);
  const text = ['index\tprediction', ...lines.map((line) => line.join('\t'))].join('\n');
  return { file: `${title}${suffix}.tsv`, text: `${text}\n` };
}

function mnliSuffix(door: string, split: GlueSplit | undefined): string {
  if (split === 'test_matched') return '-m';
  if (split === 'test_mismatched') return '-mm';
  throw new ConfigError(
    `${door}: mnli: split: expected "test_matched" or "test_mismatched", got ${describeValue(split)}.`,
  );
}
