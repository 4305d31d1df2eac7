// Published pictures with words on them, or clean pictures and how words are drawn on these → what is embedded: things
// to be seen, each with its pictures and what is written on every one of them.

import type { ClippoModel } from '../clippo-model.ts';
import {
  type AttackSource,
  assertClasses,
  type BrokenRecord,
  broken,
  type JsonValue,
  type LabelledReference,
  type LabelledSource,
} from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue, givenOptions, refuseUnknown } from '../options.ts';
import { canonicalizePrompt } from '../prompts.ts';
import { createRandom } from '../random.ts';
import { createRaster, type Raster } from '../raster/index.ts';
import { firstAlias } from './class-prompts.ts';
import { type DrawAttackOptions, drawAttack } from './draw-attack.ts';
import { readExample } from './example-pictures.ts';
import { assertLabelled } from './labelled-items.ts';

type Drawing = Pick<
  DrawAttackOptions,
  'placement' | 'mode' | 'scale' | 'textBrightness' | 'backgroundBrightness'
>;

/** Attacks that are still to be drawn, with the font of the model. */
export interface DrawnAttacks extends Drawing {
  /** Each picture is measured twice: as it is, and with the name of a wrong class on it. */
  readonly clean: LabelledSource;
  /** Draws the wrong class of each picture and, with `placement: 'random'`, the place; an integer, default 0. */
  readonly seed?: number;
}

/** A thing to be seen, and pictures of it. */
export interface AttackItem {
  readonly key: string;
  /** The class that is to be seen. */
  readonly label: number;
  /** Of each picture the class that is written on it; null: nothing. */
  readonly written: readonly (number | null)[];
  /** The pictures, of the model's size. */
  load(signal?: AbortSignal): Promise<readonly Raster[] | BrokenRecord>;
}

export interface AttackItems {
  readonly name: string;
  readonly classes: readonly string[];
  readonly items: readonly (AttackItem | BrokenRecord)[];
  /** How words were drawn; null: not by us. */
  readonly drawn: JsonValue;
}

/** @throws ConfigError, DataError */
export async function attackItems(
  door: string,
  attacks: AttackSource | DrawnAttacks,
  model: ClippoModel,
  signal: AbortSignal | undefined,
): Promise<AttackItems> {
  if (typeof attacks === 'object' && attacks !== null && 'clean' in attacks) {
    return drawnItems(door, attacks, model, signal);
  }
  const { name, classes } = attacks ?? {};
  if (typeof attacks?.references !== 'function' || !Array.isArray(classes)) {
    throw new ConfigError(
      `${door}: attacks: expected pictures with words, as readAttackFolder() gives, or { clean } with pictures to draw words on, got ${describeValue(attacks)}.`,
    );
  }
  assertClasses(door, classes);
  const items: (AttackItem | BrokenRecord)[] = [];
  for await (const reference of attacks.references(signal)) {
    if ('kind' in reference) {
      items.push(reference);
      continue;
    }
    const { key, label, written = null } = reference;
    const load = async (abort?: AbortSignal): Promise<readonly Raster[] | BrokenRecord> => {
      const picture = await loadPicture(reference, model, abort);
      return 'kind' in picture ? picture : [picture];
    };
    items.push({ key, label, written: [written], load });
  }
  const isAttack = (item: AttackItem | BrokenRecord): boolean =>
    !('kind' in item) && item.written[0] !== null;
  if (!items.some(isAttack)) {
    throw new DataError(
      `${door}: attacks: none of ${items.length} pictures has a word on it. To have words drawn on clean pictures, give { clean: source }.`,
    );
  }
  return { name, classes, items, drawn: null };
}

/** Items of two pictures: clean, and with a word. */
async function drawnItems(
  door: string,
  attacks: DrawnAttacks,
  model: ClippoModel,
  signal: AbortSignal | undefined,
): Promise<AttackItems> {
  refuseUnknown(`${door}: attacks`, attacks, [
    ...['clean', 'seed', 'placement', 'mode', 'scale', 'textBrightness', 'backgroundBrightness'],
  ]);
  const { clean, seed = 0, placement = 'top', mode = 'strip', ...rest } = attacks;
  const { name, classes } = assertLabelled(`${door}: attacks.clean`, clean);
  assertClasses(door, classes);
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError(`${door}: attacks.seed: expected an integer, got ${describeValue(seed)}.`);
  }
  const { wrap: _, ...font } = model.renderOptions; // words are wrapped as words
  const drawing = { placement, mode, ...givenOptions(rest) };
  const draw = (picture: Raster, written: number, key: string): ReturnType<typeof drawAttack> => {
    const random = createRandom(seed, `place of ${key}`);
    return drawAttack(picture, firstAlias(classes[written]!), { ...font, ...drawing, random });
  };
  const words = await writableClasses(door, classes, model, draw, signal);

  const items: (AttackItem | BrokenRecord)[] = [];
  for await (const reference of clean.references(signal)) {
    if ('kind' in reference) {
      items.push(reference);
      continue;
    }
    const { key, label } = reference;
    // By its key, so that a picture has the same word on it in whatever company it comes.
    const others = words.filter((word) => word !== label);
    const written = others[createRandom(seed, `word of ${key}`).integer(others.length)]!; // there are two words
    const load = async (abort?: AbortSignal): Promise<readonly Raster[] | BrokenRecord> => {
      const picture = await loadPicture(reference, model, abort);
      return 'kind' in picture ? picture : [picture, await draw(picture, written, key)];
    };
    items.push({ key, label, written: [null, written], load });
  }
  return { name, classes, items, drawn: { seed, words: words.length, ...drawing } };
}

/**
 * A word that is cut off, has gaps or stands for two classes attacks nothing that could be counted: such are not drawn.
 *
 * @returns the others, two at least
 */
async function writableClasses(
  door: string,
  classes: readonly string[],
  { config: { imageSize } }: ClippoModel,
  draw: (picture: Raster, written: number, key: string) => ReturnType<typeof drawAttack>,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const blank = createRaster(imageSize, imageSize);
  const words = classes.map((name) => canonicalizePrompt(firstAlias(name)));
  const bearers = new Map<string, number>();
  for (const word of words) bearers.set(word, (bearers.get(word) ?? 0) + 1);
  const writable: number[] = [];
  let unwritable: string | undefined;
  for (const [k, word] of words.entries()) {
    signal?.throwIfAborted();
    if (bearers.get(word) === 1 && (await isWhole(() => draw(blank, k, '')))) writable.push(k);
    else unwritable ??= classes[k];
  }
  if (writable.length > 1) return writable;
  throw new DataError(
    `${door}: attacks: ${writable.length} of ${classes.length} class names can be written whole on pictures of ${imageSize} px and belong to one class only, expected at least 2. ${unwritable === undefined ? '' : `${describeValue(unwritable)} cannot. `}Give more or shorter names, or a model of larger pictures.`,
  );
}

async function isWhole(draw: () => ReturnType<typeof drawAttack>): Promise<boolean> {
  try {
    const { droppedCharacters, missingGlyphs } = await draw();
    return droppedCharacters === 0 && missingGlyphs === 0;
  } catch (error) {
    if (error instanceof DataError) return false; // no ink
    throw error;
  }
}

async function loadPicture(
  reference: LabelledReference,
  { config: { imageSize } }: ClippoModel,
  signal: AbortSignal | undefined,
): Promise<Raster | BrokenRecord> {
  const shown = await readExample(reference, imageSize, signal);
  return typeof shown === 'string' ? broken(reference.key, 'no image', 'a text, and no picture') : shown;
}
