// What a classifier says of pictures with a wrong word on them → how often it is right, and how often it believes the word.
// Accuracy is the published measure of typographic attacks (Materzyńska et al. 2022, "Disentangling visual and written
// concepts in CLIP"); the success rate tells a model that reads from one that merely sees less.

import { DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';

/** What a model took attacked pictures for, and clean ones. */
export interface AttackPredictions {
  /** K: how many classes the predictions are chosen from, at least 2. */
  readonly classes: number;
  /** [N] each, class indices: what was predicted, what is to be seen, what is written. */
  readonly attacked: {
    readonly predictions: ArrayLike<number>;
    readonly labels: ArrayLike<number>;
    readonly written: ArrayLike<number>;
  };
  /** [M] each: the same of pictures without a word; these need not be the same pictures, nor as many. */
  readonly clean?: {
    readonly predictions: ArrayLike<number>;
    readonly labels: ArrayLike<number>;
  };
}

/** How often a written word was believed, as {@link attackRates} counts it. */
export interface AttackRates {
  /** Share of clean pictures whose label was predicted, 0 … 1; absent where there are none. */
  readonly cleanAccuracy?: number;
  /** Share of attacked pictures whose label was predicted, 0 … 1. */
  readonly attackedAccuracy: number;
  /** Share of attacked pictures whose written word was predicted, 0 … 1. */
  readonly attackSuccessRate: number;
  readonly counts: {
    readonly clean: number;
    readonly cleanCorrect: number;
    readonly attacked: number;
    readonly attackedCorrect: number;
    /** the prediction is what is written */
    readonly deceived: number;
  };
}

/**
 * How much a classifier suffers from words written on pictures.
 *
 * @returns shares of the pictures; the more accuracy falls from clean to attacked pictures, the more vulnerable the model
 * @throws DataError when there are no pictures, lists of one group differ in length, an index is no class, or a
 *   picture's written word is its own label
 * @throws ConfigError when a field is unknown
 * @example
 * attackRates({ classes: 3, attacked: { predictions: [1, 0], labels: [0, 0], written: [1, 2] } });
 * // { attackedAccuracy: 0.5, attackSuccessRate: 0.5, counts: … }
 */
export function attackRates(given: AttackPredictions): AttackRates {
  refuseUnknown('attackRates', given, ['classes', 'attacked', 'clean']);
  const { classes, attacked, clean } = given;
  if (!(Number.isSafeInteger(classes) && classes >= 2)) {
    throw new DataError(
      `attackRates: classes: expected their number, at least 2, got ${describeValue(classes)}.`,
    );
  }
  checkGroup('attacked', attacked, ['predictions', 'labels', 'written'], classes);
  if (clean !== undefined) checkGroup('clean', clean, ['predictions', 'labels'], classes);

  const { predictions, labels, written } = attacked;
  const count = predictions.length;
  let deceived = 0;
  for (let i = 0; i < count; i++) {
    if (written[i] === labels[i]) {
      throw new DataError(
        `attackRates: attacked picture ${i} has its own label written on it, class ${labels[i]}. Leave it out: that is no attack.`,
      );
    }
    if (predictions[i] === written[i]) deceived++;
  }
  const attackedCorrect = correctOf(predictions, labels);
  const cleanCount = clean?.predictions.length ?? 0;
  const cleanCorrect = clean === undefined ? 0 : correctOf(clean.predictions, clean.labels);
  return {
    ...(clean !== undefined && { cleanAccuracy: cleanCorrect / cleanCount }),
    attackedAccuracy: attackedCorrect / count,
    attackSuccessRate: deceived / count,
    counts: { clean: cleanCount, cleanCorrect, attacked: count, attackedCorrect, deceived },
  };
}

function correctOf(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  let correct = 0;
  for (let i = 0; i < predictions.length; i++) if (predictions[i] === labels[i]) correct++;
  return correct;
}

/** Lists of class indices, all of one length and none of them empty. @throws DataError, ConfigError */
function checkGroup<Name extends string>(
  group: string,
  lists: Readonly<Record<Name, ArrayLike<number>>>,
  names: readonly Name[],
  classes: number,
): void {
  refuseUnknown(`attackRates: ${group}`, lists, names);
  const count = lists[names[0]!]?.length;
  for (const name of names) {
    const list = lists[name];
    const place = `attackRates: ${group}.${name}`;
    if (!Number.isSafeInteger(list?.length)) {
      throw new DataError(`${place}: expected a list of class indices, got ${describeValue(list)}.`);
    }
    if (list.length !== count) {
      throw new DataError(
        `${place}: expected ${count} values, one for each of ${names[0]}, got ${list.length}.`,
      );
    }
    for (let i = 0; i < list.length; i++) {
      const index = list[i];
      if (Number.isInteger(index) && index! >= 0 && index! < classes) continue;
      throw new DataError(
        `${place}[${i}]: expected a class from 0 to ${classes - 1}, got ${describeValue(index)}.`,
      );
    }
  }
  if (count === 0) throw new DataError(`attackRates: ${group}: expected at least one picture, got none.`);
}
