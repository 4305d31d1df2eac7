// What a head says of rows → one answer a row: the index of the label with the largest score, or the number itself.

import { argMax, type Embeddings } from '../embeddings.ts';
import { DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { SingleTarget } from '../tasks/index.ts';

/**
 * @param scores - [N, L], or [N, 1] of a regression, as the trainer of a head promises
 * @returns [N]; of several labels with the same score the first
 * @throws DataError when it is something else
 */
export function headAnswers(
  door: string,
  scores: Embeddings,
  count: number,
  targets: SingleTarget,
): Float64Array {
  const dim = targets.kind === 'regression' ? 1 : targets.labels.length;
  if (scores?.count !== count || scores.dim !== dim) {
    const got =
      scores?.data === undefined ? describeValue(scores) : `${scores.count} of ${scores.dim} numbers`;
    throw new DataError(
      `${door}: the head: expected predict() to give ${count} rows of ${dim} numbers, got ${got}.`,
    );
  }
  const wrong = scores.data.findIndex((score) => !Number.isFinite(score));
  if (wrong >= 0) {
    throw new DataError(
      `${door}: the head gives ${scores.data[wrong]} for example ${Math.floor(wrong / dim)}. It has not learned; train it with a smaller step.`,
    );
  }
  return Float64Array.from({ length: count }, (_, i) => {
    const row = scores.row(i);
    return dim === 1 ? row[0]! : argMax(row);
  });
}
