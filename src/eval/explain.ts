// An input → what in it counts: as a map, as a picture to look at, and letter by letter for a text.

import type { ClippoModel } from '../clippo-model.ts';
import { ConfigError } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import { type AttentionMap, attentionMap } from './attention-map.ts';
import { cosinesWithout, coverColour, targetVector } from './covering.ts';
import { letterBoxes } from './letter-boxes.ts';
import { type OcclusionMap, type OcclusionOptions, occlusionMap } from './occlusion-map.ts';
import { type OverlayOptions, overlay } from './overlay.ts';
import { type Box, NOTHING, sumWithin } from './patch-map.ts';

/** What {@link explain} covers or reads, and against what it compares. */
export interface ExplainOptions extends OcclusionOptions {
  /** What the input is compared with: a text, a picture, or an embedding [E]. */
  readonly against?: string | ImageLike | Float32Array;
  /**
   * `'occlusion'`: what makes it match `against`, by covering one region after the other. `'attention'`: where the
   * model looks, whatever it is compared with, in one encoding. Default: `'occlusion'` with `against`, else
   * `'attention'`.
   */
  readonly method?: 'attention' | 'occlusion';
  /** How the map is drawn. Default: heat for attention, diverging colours for occlusion. */
  readonly overlay?: OverlayOptions;
}

/** A letter of a text, and how much it counts. */
export interface LetterValue {
  /** A code point of the text, as it was given. */
  readonly character: string;
  /** Of the attention the share that falls on it; or how much the cosine falls when it alone is covered. */
  readonly value: number;
}

/** What {@link explain} has found. */
export interface Explanation {
  readonly map: AttentionMap | OcclusionMap;
  /** The map over the picture that the model reads, RGB. */
  readonly overlay: Raster;
  /** Of the input with `against`; absent without it. */
  readonly cosine?: number;
  /** Every code point of a text, in order; 0 for those that are not on the canvas. Absent for a picture. */
  readonly letters?: readonly LetterValue[];
}

const COMMON = ['against', 'method', 'overlay', 'batchSize', 'signal', 'onProgress'];
const COVERING = ['window', 'stride', 'fill'];

/**
 * Which letters and which region of an input count.
 *
 * @param input - a text, as the model draws it, or a picture
 * @throws ConfigError for options that cannot work, and as {@link attentionMap} and {@link occlusionMap}
 * @example
 * const { overlay, letters } = await explain(model, 'red apple', { against: photo });
 * await writePng('red-apple.png', overlay);
 */
export async function explain(
  model: ClippoModel,
  input: string | ImageLike,
  options: ExplainOptions = {},
): Promise<Explanation> {
  refuseUnknown('explain', options, [...COMMON, ...COVERING]);
  const { against, overlay: look = {}, ...rest } = options;
  const { method = against === undefined ? 'attention' : 'occlusion', ...run } = rest;
  if (method !== 'attention' && method !== 'occlusion') {
    throw new ConfigError(
      `explain: method: expected 'attention' or 'occlusion', got ${describeValue(method)}.`,
    );
  }
  if (method === 'attention') refuseUnknown('explain by attention', options, COMMON);
  run.signal?.throwIfAborted();

  const target =
    against === undefined ? undefined : await targetVector('explain', model, against, run.signal);
  const seen = typeof input === 'string' ? input : await model.toRaster(input); // a file is decoded once
  const raster = await model.toRaster(seen);
  const boxes = typeof seen === 'string' ? await letterBoxes(model, seen, raster) : [];
  const subject = { model, seen, raster, boxes, target };
  const { map, cosine, values } =
    method === 'attention' ? await byAttention(subject, run) : await byOcclusion(subject, run);

  return {
    map,
    overlay: overlay(raster, map, { colours: method === 'attention' ? 'heat' : 'diverging', ...look }),
    ...(cosine === undefined ? {} : { cosine }),
    ...(typeof seen === 'string' ? { letters: lettersOf(seen, values) } : {}),
  };
}

interface Subject {
  readonly model: ClippoModel;
  /** A text, or a picture of the model's size. */
  readonly seen: string | Raster;
  readonly raster: Raster;
  /** Of the letters of a text. */
  readonly boxes: readonly Box[];
  readonly target: Float32Array | undefined;
}

interface Finding {
  readonly map: AttentionMap | OcclusionMap;
  readonly cosine: number | undefined;
  /** A value a box. */
  readonly values: readonly number[];
}

async function byAttention(
  { model, seen, raster, boxes, target }: Subject,
  run: OcclusionOptions,
): Promise<Finding> {
  const map = await attentionMap(model, seen);
  const options = { ...run, colour: [], unit: 'inputs' };
  const cosine = target && (await cosinesWithout(model, raster, [NOTHING], target, options))[0];
  return { map, cosine, values: boxes.map((box) => sumWithin(map, box)) };
}

async function byOcclusion(
  { model, seen, raster, boxes, target }: Subject,
  options: OcclusionOptions,
): Promise<Finding> {
  if (target === undefined) {
    throw new ConfigError(
      "explain by occlusion: what to compare with is missing. Say it as in { against: 'a photo of a dog' }.",
    );
  }
  const map = await occlusionMap(model, seen, target, options);
  const { window: _, stride: __, fill, ...run } = options;
  const drawn = boxes.filter((box) => box !== NOTHING);
  const colour = coverColour('explain', model, typeof seen === 'string', raster, fill);
  const cosines = await cosinesWithout(model, raster, drawn, target, { ...run, colour, unit: 'letters' });
  const falls = new Map(drawn.map((box, i) => [box, map.cosine - cosines[i]!]));
  return { map, cosine: map.cosine, values: boxes.map((box) => falls.get(box) ?? 0) };
}

function lettersOf(text: string, values: readonly number[]): LetterValue[] {
  return Array.from(text, (character, i) => ({ character, value: values[i]! }));
}
