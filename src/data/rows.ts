// A file of rows, whichever way it is written → rows with their columns: CSV and TSV, JSON lines, Parquet. For readers
// outside of this room, who know what the columns mean; what cannot be read is a value with a cause, as everywhere.

import { type CsvRowOptions, readCsvRows } from './csv.ts';
import { readJsonRows } from './jsonl.ts';
import { readParquetRows } from './parquet.ts';
import { type BrokenRecord, broken } from './record.ts';
import type { Row } from './row.ts';
import type { ByteFile } from './source.ts';
import { Unreadable } from './unreadable.ts';

/** @returns by the name, with or without `.gz`; undefined where it says nothing */
export function rowFormat(name: string): 'csv' | 'json' | 'parquet' | undefined {
  const [, extension] = /\.(csv|tsv|txt|json|jsonl|ndjson|parquet)(?:\.gz)?$/i.exec(name) ?? [];
  if (extension === undefined) return undefined;
  if (extension.toLowerCase() === 'parquet') return 'parquet';
  return /json/i.test(extension) ? 'json' : 'csv';
}

export interface RowsOptions extends CsvRowOptions {
  /** What is read of Parquet; a file that has none of these is broken. */
  readonly parquetColumns: readonly string[];
}

/** A row as it lies in its file. */
export interface FoundRow {
  /** `<file>:<row>`, from 1; of JSON lines the line. */
  readonly key: string;
  readonly row: Row;
}

/**
 * In stored order; what has no known ending is taken for CSV. A file that breaks off ends with a broken record of its
 * own name.
 */
export async function* readRows(
  file: ByteFile,
  { parquetColumns, ...csv }: RowsOptions,
  signal?: AbortSignal,
): AsyncGenerator<FoundRow | BrokenRecord> {
  const format = rowFormat(file.name);
  try {
    const rows =
      format === 'parquet'
        ? readParquetRows(file, parquetColumns, signal)
        : format === 'json'
          ? readJsonRows(file, signal)
          : readCsvRows(file, csv, signal);
    for await (const { number, row } of rows) {
      const key = `${file.name}:${number}`;
      yield row instanceof Unreadable ? broken(key, row.reason, row.message) : { key, row };
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    yield broken(file.name, error.reason, error.message);
  }
}
