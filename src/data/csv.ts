// CSV and TSV → rows of strings. Quotes as RFC 4180 has them: a field that begins with one may hold separators, line
// ends and doubled quotes. With `quotes: 'none'` a quote is a character like any other, as in GLUE's files.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { readStream } from './byte-file.ts';
import { readLines } from './lines.ts';
import type { Row } from './row.ts';
import type { ByteFile } from './source.ts';
import { Unreadable } from './unreadable.ts';

/** How the text of a table is cut into fields. */
export interface CsvOptions {
  /** One character. Default: a tab where the first line has one, as open_clip's files do, else a comma. */
  readonly separator?: string;
  /** Default `'double'`. */
  readonly quotes?: 'double' | 'none';
  /** Names of the columns of a file without a header. Default: the first line names them. */
  readonly columns?: readonly string[];
}

export const CSV_OPTIONS = ['separator', 'quotes', 'columns'];

/** @throws ConfigError */
export function checkCsvOptions(door: string, { separator, quotes, columns }: CsvOptions): void {
  if (separator !== undefined && !(typeof separator === 'string' && /^[^"\r\n]$/.test(separator))) {
    throw new ConfigError(`${door}: separator: expected one character, got ${describeValue(separator)}.`);
  }
  if (quotes !== undefined && quotes !== 'double' && quotes !== 'none') {
    throw new ConfigError(`${door}: quotes: expected "double" or "none", got ${describeValue(quotes)}.`);
  }
  const isList = Array.isArray(columns) && columns.length > 0;
  if (columns !== undefined && !(isList && columns.every((column) => typeof column === 'string'))) {
    throw new ConfigError(`${door}: columns: expected a list of names, got ${describeValue(columns)}.`);
  }
}

/** What only readers of a known layout may ask for. */
export interface CsvRowOptions extends CsvOptions {
  /** Keep rows of too few fields, without the columns they lack, and of too many, without those beyond. Default false. */
  readonly ragged?: boolean;
}

/** A row, or why it is none. */
export interface TableRow {
  /** From 1, the header not counted. */
  readonly number: number;
  readonly row: Row | Unreadable;
}

/** Lines and bytes of one row. A quote that stays open for longer is a slip, and would swallow the file. */
const MAX_LINES = 1000;
const MAX_ROW = 100 * 2 ** 20;

/** Blank lines are passed over. @throws Unreadable when the file ends early */
export async function* readCsvRows(
  file: ByteFile,
  { separator, quotes = 'double', columns, ragged = false }: CsvRowOptions,
  signal?: AbortSignal,
): AsyncGenerator<TableRow> {
  const decoder = new TextDecoder();
  let names = columns;
  let splitter: RowSplitter | undefined;
  let number = 1;
  let firstLine = 1; // of the row
  let rowStart = 0;
  for await (const line of readLines(file.name, readStream(file, signal))) {
    const text = decoder.decode(line.bytes);
    splitter ??= createRowSplitter(separator ?? (text.includes('\t') ? '\t' : ','), quotes);
    if (!splitter.isOpen()) {
      if (text.trim() === '') continue;
      firstLine = line.number;
      rowStart = line.start;
    }
    const fields = splitter.feed(text);
    if (fields === undefined) {
      const isSound = line.number - firstLine < MAX_LINES && line.start - rowStart < MAX_ROW;
      if (isSound) continue;
      splitter.reset();
      const why = `line ${firstLine}: a quote opens and does not close within ${MAX_LINES} lines`;
      yield { number: number++, row: new Unreadable('bad row', why) };
    } else if (names === undefined) {
      names = fields.map((name) => name.trim());
    } else {
      yield { number: number++, row: rowOf(names, fields, firstLine, ragged) };
    }
  }
  if (splitter?.isOpen()) {
    throw new Unreadable('truncated', `${file.name}: ends within the quotes that open in line ${firstLine}.`);
  }
}

function rowOf(
  names: readonly string[],
  fields: readonly string[],
  line: number,
  ragged: boolean,
): Row | Unreadable {
  if (ragged || fields.length === names.length) {
    return Object.fromEntries(names.slice(0, fields.length).map((name, i) => [name, fields[i]!]));
  }
  return new Unreadable('bad row', `line ${line}: ${fields.length} fields, expected ${names.length}`);
}

interface RowSplitter {
  /** Takes the next line. @returns the row's fields, or undefined while it goes on in the next line */
  feed(line: string): string[] | undefined;
  isOpen(): boolean;
  reset(): void;
}

function createRowSplitter(separator: string, quotes: 'double' | 'none'): RowSplitter {
  let fields: string[] = [];
  let field = '';
  let isOpen = false;

  function feed(line: string): string[] | undefined {
    let at = 0;
    for (;;) {
      if (quotes === 'double' && !isOpen && line[at] === '"') {
        isOpen = true;
        at++;
      }
      while (isOpen) {
        const quote = line.indexOf('"', at);
        field += line.slice(at, quote < 0 ? undefined : quote);
        if (quote < 0) {
          field += '\n';
          return undefined;
        }
        isOpen = line[quote + 1] === '"';
        if (isOpen) field += '"';
        at = quote + (isOpen ? 2 : 1);
      }
      const end = line.indexOf(separator, at);
      fields.push(field + line.slice(at, end < 0 ? undefined : end));
      field = '';
      if (end < 0) break;
      at = end + 1;
    }
    const row = fields;
    fields = [];
    return row;
  }

  function reset(): void {
    fields = [];
    field = '';
    isOpen = false;
  }

  return { feed, isOpen: () => isOpen, reset };
}
