// Things with the class each belongs to, as classification is measured on: the contract, and how records whose caption
// is a label (`.cls` of a webdataset, a column of a table) become such. What cannot be read is a value with a cause.

import { DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import { type BrokenRecord, broken, type DataRecord } from './record.ts';
import type { RecordSource } from './source.ts';

/** One thing, light until it is loaded. */
export interface LabelledReference {
  readonly key: string;
  /** Index into the classes. */
  readonly label: number;
  /** An encoded picture, pixels, or a text. Rejects only when aborted. */
  load(signal?: AbortSignal): Promise<Uint8Array | Raster | string | BrokenRecord>;
}

/** Labelled things in their stored order. Reading twice gives the same. */
export interface LabelledSource {
  readonly name: string;
  /** What the labels count through. */
  readonly classes: readonly string[];
  /** How many references there are, where that is known without reading: for progress. */
  readonly count?: number;
  /** All of them, in stored order; what cannot be read is a broken record. */
  references(signal?: AbortSignal): AsyncIterable<LabelledReference | BrokenRecord>;
}

/**
 * Records whose first caption is the class, by name or by index: pictures, or the first text of a pair and the second
 * as its label.
 *
 * @param classes - names, in the order of the indices
 * @throws DataError for a list of classes that cannot be one
 * @example
 * const records = readWebDataset(shards, { captions: [{ extension: 'cls' }] });
 * const source = labelledRecords(records, ['cat', 'dog']);
 */
export function labelledRecords(records: RecordSource, classes: readonly string[]): LabelledSource {
  assertClasses('labelledRecords', classes);
  const numbers = new Map<string, number>();
  // A name that two classes have says nothing; their indices do.
  for (const [i, name] of classes.entries()) numbers.set(name, numbers.has(name) ? -1 : i);
  async function* references(signal?: AbortSignal): AsyncGenerator<LabelledReference | BrokenRecord> {
    for await (const reference of records.references(signal)) {
      const record = await reference.load(signal);
      if (record.kind === 'broken') {
        yield record;
        continue;
      }
      const { key } = record;
      const said = labelOf(record);
      const label = numbers.get(said) ?? (/^\d+$/.test(said) ? Number(said) : -1);
      if (classes[label] === undefined) yield unknownLabel(key, said, classes.length);
      // Loaded again when it is wanted: whoever collects references first keeps no pictures.
      else yield { key, label, load: async (abort) => contentOf(await reference.load(abort)) };
    }
  }
  return { name: records.name, classes, references };
}

function labelOf(record: DataRecord): string {
  return record.kind === 'image-text' ? record.captions[0]! : record.texts[1]; // there is at least one
}

function contentOf(record: DataRecord | BrokenRecord): Uint8Array | string | BrokenRecord {
  if (record.kind === 'broken') return record;
  return record.kind === 'image-text' ? record.images[0]! : record.texts[0]; // at least one again
}

export function unknownLabel(key: string, said: string, count: number): BrokenRecord {
  return broken(key, 'unknown label', `${describeValue(said)} is none of the ${count} classes`);
}

/** @throws DataError for fewer than one class, or a blank name */
export function assertClasses(door: string, classes: readonly string[]): void {
  if (!Array.isArray(classes) || classes.length === 0) {
    throw new DataError(`${door}: expected at least one class, got ${describeValue(classes)}.`);
  }
  const blank = classes.findIndex((name) => typeof name !== 'string' || name.trim() === '');
  if (blank >= 0) throw new DataError(`${door}: class ${blank} has no name.`);
}
