// Sentences and their translations → text/text records: two files aligned by lines, a TSV of two columns, or Hugging
// Face's `{"translation": {"de": …, "en": …}}` as JSON lines or Parquet (WMT).

import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { readStream } from './byte-file.ts';
import { assertFile, type Files, fileList, sourceOfFiles } from './file-source.ts';
import { isObject } from './json.ts';
import { readJsonRows } from './jsonl.ts';
import { readLines } from './lines.ts';
import { readParquetRows } from './parquet.ts';
import { type BrokenCause, broken, textTextRecord } from './record.ts';
import type { ByteFile, RecordReference, RecordSource } from './source.ts';
import { brokenReference, Unreadable } from './unreadable.ts';

/** How translations are laid out, for {@link readParallelText}. */
export type ParallelText =
  /** Line n of one belongs to line n of the other. */
  | { readonly kind: 'aligned'; readonly first: ByteFile; readonly second: ByteFile }
  /** Fields between tabs, quotes as they stand; `columns` count from 0, default `[0, 1]`. */
  | { readonly kind: 'tsv'; readonly files: Files; readonly columns?: readonly [number, number] }
  /** Objects of translations by language, in JSON lines or, by the name, Parquet. `field` defaults to `'translation'`. */
  | {
      readonly kind: 'translations';
      readonly files: Files;
      readonly languages: readonly [string, string];
      readonly field?: string;
    };

/**
 * @throws ConfigError
 * @example readParallelText({ kind: 'translations', files: wmt, languages: ['de', 'en'] });
 */
export function readParallelText(text: ParallelText): RecordSource {
  const door = 'readParallelText';
  switch (text?.kind) {
    case 'aligned': {
      refuseUnknown(door, text, ['kind', 'first', 'second']);
      const { first, second } = text;
      assertFile(door, second);
      return sourceOfFiles(fileList(door, first), (file, signal) => alignedLines(file, second, signal));
    }
    case 'tsv': {
      refuseUnknown(door, text, ['kind', 'files', 'columns']);
      const { columns = [0, 1] } = text;
      const isIndex = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
      if (!Array.isArray(columns) || columns.length !== 2 || !columns.every(isIndex)) {
        throw new ConfigError(
          `${door}: columns: expected two numbers from 0, got ${JSON.stringify(columns)}.`,
        );
      }
      return sourceOfFiles(fileList(door, text.files), (file, signal) => tabbedLines(file, columns, signal));
    }
    case 'translations': {
      refuseUnknown(door, text, ['kind', 'files', 'languages', 'field']);
      const { languages, field = 'translation' } = text;
      const isCode = (value: unknown): boolean => typeof value === 'string' && value !== '';
      if (!Array.isArray(languages) || languages.length !== 2 || !languages.every(isCode)) {
        throw new ConfigError(
          `${door}: languages: expected two codes, e.g. ['de', 'en'], got ${JSON.stringify(languages)}.`,
        );
      }
      if (!isCode(field)) {
        throw new ConfigError(`${door}: field: expected a name, got ${describeValue(field)}.`);
      }
      return sourceOfFiles(fileList(door, text.files), (file, signal) =>
        translations(file, field, languages, signal),
      );
    }
    default:
      throw new ConfigError(
        `${door}: kind: expected "aligned", "tsv" or "translations", got ${describeValue((text as { kind?: unknown } | undefined)?.kind)}.`,
      );
  }
}

async function* alignedLines(
  first: ByteFile,
  second: ByteFile,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const [ours, theirs] = [first, second].map((file) => readLines(file.name, readStream(file, signal)));
  const decoder = new TextDecoder();
  try {
    for (;;) {
      // One after the other: both may fail, and only one failure can be caught.
      const a = await ours!.next();
      const b = await theirs!.next();
      if (a.done && b.done) return;
      if (a.done || b.done) {
        const [short, long] = a.done ? [first, second] : [second, first];
        throw new Unreadable('truncated', `${short.name}: has fewer lines than ${long.name}.`);
      }
      const [x, y] = [decoder.decode(a.value.bytes), decoder.decode(b.value.bytes)];
      // Both blank: a paragraph ends.
      if (`${x}${y}`.trim() !== '') yield pairReference(`${first.name}:${a.value.number}`, x, y);
    }
  } finally {
    await ours!.return(undefined);
    await theirs!.return(undefined);
  }
}

async function* tabbedLines(
  file: ByteFile,
  [first, second]: readonly [number, number],
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const decoder = new TextDecoder();
  for await (const { number, bytes } of readLines(file.name, readStream(file, signal))) {
    const line = decoder.decode(bytes);
    if (line.trim() === '') continue;
    const fields = line.split('\t');
    const [a, b] = [fields[first], fields[second]];
    yield a === undefined || b === undefined
      ? brokenAt(
          file,
          number,
          'bad row',
          `${fields.length} fields, expected at least ${Math.max(first, second) + 1}`,
        )
      : pairReference(`${file.name}:${number}`, a, b);
  }
}

async function* translations(
  file: ByteFile,
  field: string,
  [first, second]: readonly [string, string],
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const isParquet = /\.parquet$/i.test(file.name);
  for await (const { number, row } of isParquet
    ? readParquetRows(file, [field], signal)
    : readJsonRows(file, signal)) {
    if (row instanceof Unreadable) {
      yield brokenAt(file, number, row.reason, row.message);
      continue;
    }
    const texts = row[field];
    const [a, b] = isObject(texts) ? [texts[first], texts[second]] : [];
    yield typeof a === 'string' && typeof b === 'string'
      ? pairReference(`${file.name}:${number}`, a, b)
      : brokenAt(file, number, 'bad row', `no ${field} with ${first} and ${second}`);
  }
}

function pairReference(key: string, first: string, second: string): RecordReference {
  return { key, load: async () => textTextRecord(key, first, second) };
}

function brokenAt(file: ByteFile, number: number, cause: BrokenCause, detail: string): RecordReference {
  return brokenReference(broken(`${file.name}:${number}`, cause, detail));
}
