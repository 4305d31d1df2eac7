// What a model says of a batch of pictures → one answer each: the label of the largest score, or the answer itself.

import { DataError } from '../errors.ts';
import { describeValue } from '../options.ts';

/**
 * A score for each label and picture, row by row or as one array; or the answers themselves.
 */
export type VqaScores = Float32Array | readonly ArrayLike<number>[] | readonly string[];

export interface ScoredAnswer {
  readonly answer: string;
  /** The score of the answer; null where none was given. */
  readonly score: number | null;
}

/**
 * @param count - pictures that were asked about
 * @param labels - which answer each score belongs to; of equal scores the first label counts
 * @throws DataError for scores of another number, or what is no number
 */
export function answersOf(
  door: string,
  scores: VqaScores,
  count: number,
  labels: readonly string[],
): ScoredAnswer[] {
  if (scores instanceof Float32Array) {
    if (scores.length === count * labels.length) {
      return Array.from({ length: count }, (_, i) => {
        return bestLabel(door, scores.subarray(i * labels.length, (i + 1) * labels.length), labels);
      });
    }
    throw new DataError(
      `${door}: predict: expected ${count} x ${labels.length} scores, a row for each picture, got ${scores.length}.`,
    );
  }
  if (!Array.isArray(scores) || scores.length !== count) {
    const got = Array.isArray(scores) ? `${scores.length} rows` : describeValue(scores);
    throw new DataError(
      `${door}: predict: expected scores or an answer for each of ${count} pictures, got ${got}.`,
    );
  }
  return scores.map((row: unknown) => {
    if (typeof row === 'string') return { answer: row, score: null };
    const { length } = (row ?? {}) as Partial<ArrayLike<number>>; // of whatever came
    if (length !== labels.length) {
      const got = typeof length === 'number' ? `${length} of them` : describeValue(row);
      throw new DataError(
        `${door}: predict: expected a score for each of ${labels.length} labels, got ${got}.`,
      );
    }
    return bestLabel(door, row as ArrayLike<number>, labels); // it has a length, and its numbers are looked at
  });
}

function bestLabel(door: string, row: ArrayLike<number>, labels: readonly string[]): ScoredAnswer {
  let best = 0;
  for (let k = 0; k < labels.length; k++) {
    if (!Number.isFinite(row[k])) {
      throw new DataError(
        `${door}: predict: the score of ${describeValue(labels[k])} is ${describeValue(row[k])}. The model's weights may be spoilt.`,
      );
    }
    if (row[k]! > row[best]!) best = k;
  }
  return { answer: labels[best]!, score: row[best]! };
}
