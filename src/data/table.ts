// Tables → records, one a row: CSV and TSV (open_clip's among them) and Parquet (Hugging Face's, img2dataset's).

import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { CSV_OPTIONS, type CsvOptions, checkCsvOptions, readCsvRows, type TableRow } from './csv.ts';
import { type Files, fileList, sourceOfFiles } from './file-source.ts';
import { readParquetRows } from './parquet.ts';
import { broken } from './record.ts';
import {
  columnsOf,
  type ResolvedRowOptions,
  ROW_OPTIONS,
  type RowOptions,
  resolveRowOptions,
  rowReference,
} from './row.ts';
import { rowFormat } from './rows.ts';
import type { ByteFile, RecordReference, RecordSource } from './source.ts';
import { brokenReference, Unreadable } from './unreadable.ts';

/** How {@link readTable} reads a table. */
export interface TableOptions extends RowOptions, CsvOptions {
  /** Default: by the name, `.csv`, `.tsv`, `.txt` or `.parquet`, with or without `.gz`. */
  readonly format?: 'csv' | 'parquet';
}

/**
 * @param files - CSV or TSV in UTF-8, or Parquet, which needs the package `hyparquet`. Parquet with pictures inside is
 *   held row by row: keep the shuffle buffer small
 * @throws ConfigError
 * @example
 * const csv = 'filepath\ttitle\ncat.jpg\ta cat\n';
 * const source = readTable(blobFile(new Blob([csv]), 'train.csv'), { images });
 */
export function readTable(files: Files, options: TableOptions = {}): RecordSource {
  const door = 'readTable';
  refuseUnknown(door, options, [...ROW_OPTIONS, ...CSV_OPTIONS, 'format']);
  const resolved = resolveRowOptions(door, options);
  checkCsvOptions(door, options);
  const { format } = options;
  if (format !== undefined && format !== 'csv' && format !== 'parquet') {
    throw new ConfigError(`${door}: format: expected "csv" or "parquet", got ${describeValue(format)}.`);
  }
  const list = fileList(door, files);
  const formats = list.map((file) => format ?? formatOf(door, file.name));
  const given = [options.separator, options.quotes, options.columns].some((value) => value !== undefined);
  if (given && formats.includes('parquet')) {
    throw new ConfigError(
      `${door}: separator, quotes and columns are for CSV and TSV, and a file is Parquet.`,
    );
  }
  return sourceOfFiles(list, (file, signal) => {
    const rows =
      formats[list.indexOf(file)] === 'parquet'
        ? readParquetRows(file, columnsOf(resolved), signal)
        : readCsvRows(file, options, signal);
    return references(file, rows, resolved);
  });
}

function formatOf(door: string, name: string): 'csv' | 'parquet' {
  const format = rowFormat(name);
  if (format === 'csv' || format === 'parquet') return format;
  throw new ConfigError(
    `${door}: ${name}: the name says neither csv, tsv, txt nor parquet. Give { format }.`,
  );
}

async function* references(
  file: ByteFile,
  rows: AsyncIterable<TableRow>,
  options: ResolvedRowOptions,
): AsyncGenerator<RecordReference> {
  for await (const { number, row } of rows) {
    const place = `${file.name}:${number}`;
    yield row instanceof Unreadable
      ? brokenReference(broken(place, row.reason, row.message))
      : rowReference(row, place, options);
  }
}
