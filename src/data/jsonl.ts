// JSON lines → records, one a line: paths of pictures with captions, pictures as data: URLs, or two texts.

import { refuseUnknown } from '../options.ts';
import { isGzip, isRandomAccess, type RandomAccessFile, readSlice, readStream } from './byte-file.ts';
import { type Files, fileList, sourceOfFiles } from './file-source.ts';
import { parseJsonObject } from './json.ts';
import { readLines } from './lines.ts';
import { broken } from './record.ts';
import {
  loadRow,
  type ResolvedRowOptions,
  ROW_OPTIONS,
  type Row,
  type RowOptions,
  resolveRowOptions,
  rowKey,
  rowReference,
} from './row.ts';
import type { ByteFile, RecordReference, RecordSource } from './source.ts';
import { brokenReference, recordOrBroken, Unreadable } from './unreadable.ts';

/** Bytes of a line; longer ones hold pictures and are read again when they are wanted, where that can be done. */
const LONG_LINE = 4096;

/**
 * @param files - one JSON object a line, UTF-8; `.gz` is unpacked
 * @throws ConfigError
 * @example
 * const lines = '{"text": "How are you?", "answer": "Fine."}';
 * const source = readJsonl(blobFile(new Blob([lines]), 'pairs.jsonl'), { texts: ['text', 'answer'] });
 */
export function readJsonl(files: Files, options: RowOptions = {}): RecordSource {
  refuseUnknown('readJsonl', options, ROW_OPTIONS);
  const resolved = resolveRowOptions('readJsonl', options);
  const list = fileList('readJsonl', files);
  return sourceOfFiles(list, (file, signal) => references(file, resolved, signal));
}

async function* references(
  file: ByteFile,
  options: ResolvedRowOptions,
  signal?: AbortSignal,
): AsyncGenerator<RecordReference> {
  const seekable = isRandomAccess(file) && !isGzip(file) ? file : undefined;
  for await (const { number, start, row, size } of readJsonRows(file, signal)) {
    const place = `${file.name}:${number}`;
    if (row instanceof Unreadable) {
      yield brokenReference(broken(place, row.reason, row.message));
    } else if (seekable === undefined || size <= LONG_LINE) {
      yield rowReference(row, place, options);
    } else {
      yield lineReference(seekable, start, start + size, rowKey(row, place, options), options);
    }
  }
}

function lineReference(
  file: RandomAccessFile,
  start: number,
  end: number,
  key: string,
  options: ResolvedRowOptions,
): RecordReference {
  const load = async (signal?: AbortSignal) => {
    signal?.throwIfAborted();
    return loadRow(key, parseJsonObject(await readSlice(file, start, end)), options, signal);
  };
  return { key, load: (signal) => recordOrBroken(key, () => load(signal)) };
}

/** A line of JSON, or why it is none. */
export interface JsonRow {
  /** From 1. */
  readonly number: number;
  readonly start: number;
  readonly size: number;
  readonly row: Row | Unreadable;
}

/** Blank lines are passed over. @throws Unreadable when the file ends early */
export async function* readJsonRows(file: ByteFile, signal?: AbortSignal): AsyncGenerator<JsonRow> {
  const decoder = new TextDecoder();
  for await (const { number, start, bytes } of readLines(file.name, readStream(file, signal))) {
    const text = decoder.decode(bytes);
    if (text.trim() !== '') yield { number, start, size: bytes.length, row: rowOf(text) };
  }
}

function rowOf(text: string): Row | Unreadable {
  try {
    return parseJsonObject(text);
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}
