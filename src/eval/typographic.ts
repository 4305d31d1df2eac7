// Pictures with the name of a wrong class written on them → how much worse they are classified, and how often the word
// is believed: zero-shot classification, once as the pictures are and once under attack.
// Reference: Materzyńska et al. 2022, "Disentangling visual and written concepts in CLIP" (published pictures); the
// CLIPPO paper (names drawn on the pictures of ImageNet), whose own code for it was never released.

import type { AttackSource, BrokenRecord } from '../data/index.ts';
import { refuseUnknown } from '../options.ts';
import { type AttackItem, attackItems, type DrawnAttacks } from './attack-items.ts';
import { attackRates } from './attack-rates.ts';
import { type AttackOutcome, attackSheet } from './attack-sheet.ts';
import { bootstrapMean } from './bootstrap.ts';
import { CLASS_PROMPTS, type ClassPrompts, encodeClasses, resolveClassPrompts } from './class-prompts.ts';
import { perClassTable } from './classification-report.ts';
import { embedItems, type Item } from './embed-items.ts';
import {
  createEvaluation,
  EVALUATION_OPTIONS,
  type Evaluation,
  type EvaluationOptions,
  type Interval,
  resolveEvaluation,
} from './evaluation.ts';
import { accuracyPerClass, type ClassAccuracy, rankClasses } from './rank-classes.ts';

/** What {@link typographicAttack} measures. */
export interface TypographicAttackOptions extends EvaluationOptions, ClassPrompts {
  /**
   * Published pictures, clean ones among them or not: `readAttackFolder()`, `readAttackAnnotations()`. Or
   * `{ clean: source, … }`: words are drawn on labelled pictures, in the model's own font and at the model's size.
   */
  readonly attacks: AttackSource | DrawnAttacks;
}

/**
 * Values: `attackedAccuracy`; `attackSuccessRate`, the share of attacked pictures that are taken for what is written on
 * them; and where there are clean pictures `cleanAccuracy` and `drop`, by how much the accuracy falls. Templates are those
 * of zero-shot classification, `'clip-81'`; the authors of the published sets ask by one: `['a photo of {}.']`
 * (Materzyńska et al.), `['a photo of a {}.']` (RTA-100).
 *
 * @throws ConfigError, DataError
 * @example
 * const published = await typographicAttack({ model, attacks: await readAttackFolder(diskFolder('rta100')) });
 * const clean = await readClassFolder(diskFolder('imagenet/val'), { names });
 * const { values } = await typographicAttack({ model, attacks: { clean, placement: 'random', seed: 1 } });
 * console.log(values.drop, values.attackSuccessRate);
 */
export async function typographicAttack(options: TypographicAttackOptions): Promise<Evaluation> {
  const door = 'typographicAttack';
  refuseUnknown(door, options, [...EVALUATION_OPTIONS, ...CLASS_PROMPTS, 'attacks']);
  const resolved = resolveEvaluation(door, options);
  const prompts = resolveClassPrompts(door, options);
  const { model, batchSize, examples, signal, onProgress } = resolved;
  const { name, classes, items, drawn } = await attackItems(door, options.attacks, model, signal);
  const classVectors = await encodeClasses(model, classes, prompts, {
    batchSize,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  // Whatever decides what is written where: a part that was made with other labels is not this one.
  const labels = items.map((item) => ('kind' in item ? null : [item.label, ...item.written]));
  const embedded = await embedItems({
    ...resolved,
    door,
    items: placedItems(items),
    total: items.length,
    settings: { classes, labels, drawn },
  });
  const shots = embedded.about.flatMap((place) => {
    const item = items[place] as AttackItem; // it has vectors
    return item.written.map((written, picture) => ({ item, picture, label: item.label, written }));
  });
  const { predictions } = rankClasses(
    embedded.pictures,
    classVectors,
    shots.map(({ label }) => label),
  );
  const outcomes = shots.map((shot, i): AttackOutcome => ({ ...shot, prediction: predictions[i]! }));
  const clean = outcomes.filter(({ written }) => written === null);
  const attacked = outcomes.filter(({ written }) => written !== null);
  const { cleanAccuracy, attackedAccuracy, attackSuccessRate } = attackRates({
    classes: classes.length,
    attacked: { ...listsOf(attacked), written: attacked.map(({ written }) => written!) }, // just asked for
    ...(clean.length > 0 && { clean: listsOf(clean) }),
  });
  const [cleanHits, attackedHits, deceived] = [
    clean.map(isRight),
    attacked.map(isRight),
    attacked.map(isDeceived),
  ];
  // Drawn attacks come with the clean picture just before them, so that each has a drop of its own.
  const drops = drawn === null ? [] : cleanHits.map((hit, i) => hit - attackedHits[i]!);
  const perClass = (group: readonly AttackOutcome[], hits: readonly number[]): ClassAccuracy[] =>
    accuracyPerClass(
      group.map(({ label }) => label),
      hits,
      classes.length,
    );
  const [cleanOf, attackedOf, deceivedOf] = [
    perClass(clean, cleanHits),
    perClass(attacked, attackedHits),
    perClass(attacked, deceived),
  ];
  return createEvaluation({
    task: 'typographic-attack',
    title: `Typographic attacks on ${name}`,
    values: {
      ...(cleanAccuracy !== undefined && { cleanAccuracy }),
      attackedAccuracy,
      attackSuccessRate,
      ...(cleanAccuracy !== undefined && { drop: cleanAccuracy - attackedAccuracy }),
    },
    intervals: {
      ...intervalOf('cleanAccuracy', cleanHits),
      ...intervalOf('attackedAccuracy', attackedHits),
      ...intervalOf('attackSuccessRate', deceived),
      ...intervalOf('drop', drops),
    },
    count: embedded.keys.length,
    skipped: embedded.skipped,
    settings: {
      data: name,
      classes: classes.length,
      ...prompts,
      clean: clean.length,
      attacked: attacked.length,
      drawn,
      chance: 1 / classes.length,
    },
    details: {
      perClass: classes.map((each, k) => ({
        class: each,
        clean: { ...cleanOf[k]! },
        attacked: { ...attackedOf[k]!, attackSuccessRate: deceivedOf[k]!.accuracy },
      })),
    },
    sections: [
      await attackSheet(outcomes, classes, examples, signal),
      perClassTable(classes, attackedOf, 'Attacked pictures by class'),
    ],
  });
}

/** What is known of an item later is its place among all. */
async function* placedItems(
  items: readonly (AttackItem | BrokenRecord)[],
): AsyncGenerator<Item<number> | BrokenRecord> {
  for (const [about, item] of items.entries()) {
    if ('kind' in item) {
      yield item;
      continue;
    }
    yield {
      key: item.key,
      async load(signal) {
        const pictures = await item.load(signal);
        return 'kind' in pictures ? pictures : { pictures, texts: [], about };
      },
    };
  }
}

function listsOf(outcomes: readonly AttackOutcome[]): { predictions: number[]; labels: number[] } {
  return {
    predictions: outcomes.map(({ prediction }) => prediction),
    labels: outcomes.map(({ label }) => label),
  };
}

function isRight({ label, prediction }: AttackOutcome): number {
  return Number(prediction === label);
}

function isDeceived({ written, prediction }: AttackOutcome): number {
  return Number(prediction === written);
}

/** Where there are examples enough to say how much it would move. */
function intervalOf(name: string, outcomes: readonly number[]): Record<string, Interval> {
  if (outcomes.length < 2) return {};
  const { low, high } = bootstrapMean(outcomes);
  return { [name]: { low, high } };
}
