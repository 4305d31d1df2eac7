// Things with a label of one's own → a picture and the index of the label: sentences are drawn, pairs of them as in GLUE,
// and pictures are resized, so that one classifier takes them all.

import { decodePicture, PICTURE_LIMITS } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { type Raster, resize } from '../raster/index.ts';
import { resolveRenderOptions } from '../render/index.ts';
import { createTextDrawer, type DrawTextsOptions } from './draw-texts.ts';
import type { Task } from './task.ts';

/** Something with a label, for {@link classification}. */
export interface ClassificationExample {
  /** A sentence, two that are asked about together, pixels, or an encoded picture. */
  readonly input: string | readonly [string, string] | Raster | Uint8Array;
  /** The name of the label or its index; absent where it is not known. */
  readonly label?: string | number;
}

export interface ClassificationOptions extends DrawTextsOptions {
  /** Two or more names, in the order of their indices. */
  readonly labels: readonly string[];
  /** As it stands in reports, default `'classification'`. */
  readonly name?: string;
}

/**
 * @param options - `labels`, `size` in px (default 224), every other render option, and how pairs are drawn
 * @throws ConfigError; `raster` and `target` throw DataError for a picture that cannot be read and an unknown label
 * @example
 * const task = classification({ labels: ['ham', 'spam'], size: 64 });
 * task.target({ input: 'You have won!', label: 'spam' }); // 1
 */
export function classification(options: ClassificationOptions): Task<ClassificationExample> {
  const door = 'classification';
  const { labels, name = door, ...drawing } = options ?? {};
  const indices = labelIndices(door, labels);
  const draw = createTextDrawer(door, drawing);
  const { pairs: _, separator: __, ...render } = drawing;
  const { width, height } = resolveRenderOptions(render);

  return {
    name,
    targets: { kind: 'classes', labels },
    async raster({ input }) {
      if (typeof input === 'string') return (await draw([input])).raster;
      if (isPair(input)) return (await draw(input)).raster;
      const picture =
        input instanceof Uint8Array ? await decodePicture(name, input, PICTURE_LIMITS, {}) : input;
      if ('kind' in picture) throw new DataError(`${name}: ${picture.cause}: ${picture.detail}`);
      return resize(picture, width, height);
    },
    target({ label }) {
      if (label === undefined) return undefined;
      const index = typeof label === 'string' ? indices.get(label) : label;
      if (index !== undefined && labels[index] !== undefined) return index;
      const known = `${labels.slice(0, 10).join(', ')}${labels.length > 10 ? ', …' : ''}`;
      throw new DataError(
        `${name}: label: expected one of ${known}, or an index from 0 to ${labels.length - 1}, got ${describeValue(label)}.`,
      );
    },
  };
}

function isPair(input: ClassificationExample['input']): input is readonly [string, string] {
  return Array.isArray(input);
}

function labelIndices(door: string, labels: readonly string[]): Map<string, number> {
  const isList = Array.isArray(labels) && labels.every((label) => typeof label === 'string' && label !== '');
  if (!isList || labels.length < 2) {
    const got = isList ? `${labels.length}` : describeValue(labels);
    throw new ConfigError(`${door}: labels: expected two names or more, got ${got}.`);
  }
  const indices = new Map(labels.map((label, i) => [label, i]));
  const twice = labels.find((label, i) => indices.get(label) !== i);
  if (twice === undefined) return indices;
  throw new ConfigError(`${door}: labels: ${describeValue(twice)} is there twice. Name each once.`);
}
