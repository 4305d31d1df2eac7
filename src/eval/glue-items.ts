// Records of GLUE as evaluations embed and show them.

import { ClippoModel } from '../clippo-model.ts';
import type { BrokenRecord, JsonValue, LabelledReference, LabelledSource } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import {
  type GlueRecord,
  type GlueSource,
  type GlueTask,
  glue,
  joinTexts,
  type Task,
  type TextTask,
} from '../tasks/index.ts';
import type { Item } from './embed-items.ts';
import type { Encoder } from './encoder.ts';
import { digestOf } from './parts.ts';

/** What is known of an example later. */
export interface AboutExample {
  readonly index: number;
  readonly label: number | null;
  readonly [name: string]: number | null; // so that it is JSON by its type
}

/** How examples go into an encoder. */
export interface ExampleInput {
  /** Between the two sentences of a string. */
  readonly separator?: string;
  /** What draws them, where they go in as pictures. */
  readonly pictures?: Task<GlueRecord>;
}

/** What tells one way of putting examples in from another. */
export async function inputMark({ separator, pictures }: ExampleInput): Promise<JsonValue> {
  if (pictures === undefined) return separator ?? null;
  const texts = ['The quick brown fox: 0123456789?', 'Größe, naïveté'] as const;
  const { width, height, data } = await pictures.raster({ key: 'probe', index: 0, texts });
  return digestOf([width, height], data);
}

/** Draws examples as the model sees them, so that what does not fit can be counted; undefined where nobody knows. */
export function drawnAsSeen(
  model: Encoder,
  task: GlueTask,
  { separator, pictures }: ExampleInput,
): TextTask<GlueRecord> | undefined {
  if (pictures !== undefined) return isTextTask(pictures) ? pictures : undefined;
  if (!(model instanceof ClippoModel)) return undefined;
  const { imageSize, textRows } = model.config;
  const height = typeof textRows === 'number' ? LINE * textRows : imageSize;
  const size = { width: imageSize, height };
  return glue(task, { ...model.renderOptions, size, ...(separator !== undefined && { separator }) });
}

/** Px that `textRows` counts in. */
const LINE = 16;

function isTextTask(task: Task<GlueRecord>): task is TextTask<GlueRecord> {
  return typeof (task as Partial<TextTask<GlueRecord>>).draw === 'function'; // asked for here
}

/** @throws ConfigError */
export function assertGlue(door: string, name: string, source: GlueSource): void {
  if (typeof source?.records === 'function' && typeof source.task === 'string') return;
  throw new ConfigError(
    `${door}: ${name}: expected a split of GLUE, as readGlue() gives, got ${describeValue(source)}.`,
  );
}

/** @param most - examples that are taken, from the first on; those that cannot be read are not among them */
export async function* glueItems(
  source: GlueSource,
  { separator, pictures }: ExampleInput,
  most: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item<AboutExample> | BrokenRecord> {
  let taken = 0;
  for await (const record of source.records(signal)) {
    if ('kind' in record) {
      yield record;
      continue;
    }
    const { key, index, label = null, texts } = record;
    const about = { index, label };
    yield {
      key,
      mark: label,
      load: async () =>
        pictures === undefined
          ? { pictures: [], texts: [joinTexts(texts, separator)], about }
          : { pictures: [await pictures.raster(record)], texts: [], about },
    };
    if (++taken >= most) return;
  }
}

/** The same as things with a class, to be shown. */
export function labelledGlue(source: GlueSource, classes: readonly string[]): LabelledSource {
  async function* references(signal?: AbortSignal): AsyncGenerator<LabelledReference | BrokenRecord> {
    for await (const record of source.records(signal)) {
      if ('kind' in record) yield record;
      else if (record.label !== undefined) {
        const { key, label, texts } = record;
        yield { key, label, load: async () => joinTexts(texts) };
      }
    }
  }
  return { name: source.name, classes, references };
}
