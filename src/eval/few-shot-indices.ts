// Labels → which examples the few-shot classifier is fitted on: `shots` of every class, chosen by seed as in the
// reference, so that accuracies can be compared. Reference: big_vision `evaluators/fewshot_lsr.py`.
// Not the same: a class with too few examples is an error here; there the classifier is fitted on fewer in silence.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { createNumpyRandom } from './numpy-random.ts';

/** Classes with too few examples that a message names. */
const NAMED = 10;

/**
 * The first `shots` of a permutation of every class's examples, class after class.
 *
 * @param labels - the class of every example, 0 … classes − 1
 * @param classes - how many classes there are, at least 1
 * @param shots - examples of each class, at least 1; the paper reports 10
 * @param seed - of numpy's `default_rng`, an integer from 0; big_vision reports 0, 1 and 2
 * @returns classes · shots indices into `labels`; class c has those from c · shots on
 * @throws ConfigError; DataError for a label that is no class, and for classes with too few examples
 * @example fewShotIndices([0, 1, 0, 1, 0, 1], 2, 1, 0) // Int32Array [4, 5]
 */
export function fewShotIndices(
  labels: ArrayLike<number>,
  classes: number,
  shots: number,
  seed: number,
): Int32Array {
  assertCount('classes', classes);
  assertCount('shots', shots);
  const random = createNumpyRandom(seed, 'fewShotIndices');
  const examples = examplesByClass(labels, classes);
  refuseTooFew(examples, shots);
  const indices = new Int32Array(classes * shots);
  for (let c = 0; c < classes; c++) {
    indices.set(random.permutation(examples[c]!).subarray(0, shots), c * shots);
  }
  return indices;
}

function examplesByClass(labels: ArrayLike<number>, classes: number): Int32Array[] {
  const counts = new Int32Array(classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new DataError(
        `fewShotIndices: labels[${i}]: expected a class from 0 to ${classes - 1}, got ${describeValue(label)}.`,
      );
    }
    counts[label]!++;
  }
  const examples = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    examples[label]![counts[label]!++] = i;
  }
  return examples;
}

function refuseTooFew(examples: readonly Int32Array[], shots: number): void {
  const short = examples.flatMap(({ length }, c) => (length < shots ? [`class ${c} has ${length}`] : []));
  if (short.length === 0) return;
  const more = short.length > NAMED ? `, and ${short.length - NAMED} more` : '';
  throw new DataError(
    `fewShotIndices: ${shots} shots need ${shots} examples of every class, but ${short.length} of ` +
      `${examples.length} classes have fewer: ${short.slice(0, NAMED).join(', ')}${more}. ` +
      'Read more examples, take fewer shots, or leave these classes out.',
  );
}

function assertCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ConfigError(
    `fewShotIndices: ${name}: expected an integer of at least 1, got ${describeValue(value)}.`,
  );
}
