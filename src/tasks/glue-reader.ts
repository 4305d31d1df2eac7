// The files of a GLUE task → records: sentences as they stand, and the answer as a number. A row that is none, such as
// the corrupt ones of QQP, is told with its cause and leaves the others where they are.
// Reference: the loading script of nyu-mll/glue on Hugging Face: rows that lack a field are dropped, `idx` counts all.

import {
  type BrokenRecord,
  type ByteFile,
  broken,
  type Files,
  type FileTree,
  fileList,
  isTree,
  type Row,
  type RowsOptions,
  readRows,
  rowFormat,
  unknownLabel,
} from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { findGlueFiles, type GlueFiles, isMrpcTrain, splitInName } from './glue-files.ts';
import { GLUE, type GlueFacts, type GlueSplit, type GlueTask, glueFacts } from './glue-table.ts';

/** One example, its sentences as they stand in the file. */
export interface GlueRecord {
  /** `<file>:<row>`, from 1. */
  readonly key: string;
  /** Its place in the split, from 0, by which GLUE knows predictions. */
  readonly index: number;
  readonly texts: readonly [string] | readonly [string, string];
  /** Index of the label, or the score of STS-B. Absent where it is kept secret. */
  readonly label?: number;
}

/** A split of a task. Reading twice gives the same. */
export interface GlueSource {
  readonly name: string;
  readonly task: GlueTask;
  readonly split: GlueSplit;
  /** All of them, in stored order; what cannot be read is a broken record. */
  records(signal?: AbortSignal): AsyncIterable<GlueRecord | BrokenRecord>;
}

/** How {@link readGlue} reads a task. */
export interface ReadGlueOptions {
  /** Default, for files: the one that the name of the first says. Of a folder it has to be said. */
  readonly split?: GlueSplit;
  /** `mrpc_dev_ids.tsv`, which says what of `msr_paraphrase_train.txt` is dev's; in a folder it is found. */
  readonly devIds?: ByteFile;
}

/**
 * TSV as published, CSV with quotes, JSON lines and Parquet with the fields of Hugging Face, by the ending of the name.
 *
 * @param source - the files of one split, or a folder: GLUE's, with a folder for each task, or that of the task
 * @throws ConfigError; DataError when the folder has no such file
 * @example
 * const dev = await readGlue(diskFolder('glue_data'), 'rte', { split: 'dev' });
 * for await (const record of dev.records()) console.log(record);
 */
export async function readGlue(
  source: Files | FileTree,
  task: GlueTask,
  options: ReadGlueOptions = {},
): Promise<GlueSource> {
  const door = 'readGlue';
  refuseUnknown(door, options, ['split', 'devIds']);
  const facts = glueFacts(door, task);
  const given = isTree(source) ? undefined : fileList(door, source);
  const split = resolveSplit(door, task, options.split ?? defaultSplit(facts, given));
  const found: GlueFiles = isTree(source)
    ? await findGlueFiles(door, source, task, split)
    : { files: given! }; // what is no tree is files
  const { files } = found;
  const devIds = options.devIds ?? found.devIds;
  const needsIds = files.some(isMrpcTrain);
  if (needsIds && devIds === undefined) {
    throw new ConfigError(
      `${door}: mrpc: ${files[0]!.name} holds train and dev together. Put mrpc_dev_ids.tsv beside it and give the folder, or give { devIds }.`,
    );
  }
  const layout = { facts, split, ...(needsIds && { devIds: devIds! }) }; // checked above
  return {
    name: `${facts.title} ${split}`,
    task,
    split,
    records: (signal) => recordsIn(files, layout, signal),
  };
}

function defaultSplit(facts: GlueFacts, files: readonly ByteFile[] | undefined): GlueSplit | undefined {
  const [only, ...more] = Object.keys(facts.splits) as GlueSplit[]; // the table's own
  return more.length === 0 ? only : files && splitInName(files[0]!.name);
}

function resolveSplit(door: string, task: GlueTask, split: GlueSplit | undefined): GlueSplit {
  const known = Object.keys(GLUE[task].splits);
  if (split !== undefined && known.includes(split)) return split;
  const got = split === undefined ? 'none, and no name that says it' : describeValue(split);
  throw new ConfigError(`${door}: ${task}: split: expected one of ${known.join(', ')}, got ${got}.`);
}

interface Layout {
  readonly facts: GlueFacts;
  readonly split: GlueSplit;
  readonly devIds?: ByteFile;
}

async function* recordsIn(
  files: readonly ByteFile[],
  layout: Layout,
  signal?: AbortSignal,
): AsyncGenerator<GlueRecord | BrokenRecord> {
  const inDev = layout.devIds && (await readDevIds(layout.devIds, signal));
  let place = 0;
  for (const file of files) {
    for await (const found of readRows(file, rowsOptions(file, layout), signal)) {
      const index = place++;
      if ('kind' in found) {
        yield found;
        continue;
      }
      const { key, row } = found;
      const isWanted = inDev === undefined || inDev.has(pairIds(row)) === (layout.split === 'dev');
      if (isWanted) yield recordOf(key, row, index, layout);
    }
  }
}

function rowsOptions(file: ByteFile, { facts, split }: Layout): RowsOptions {
  const parquetColumns = [...facts.texts.flat(), ...facts.label, 'idx'];
  if (rowFormat(file.name) !== 'csv' || /\.csv(?:\.gz)?$/i.test(file.name)) return { parquetColumns };
  const columns = facts.headless?.splits.includes(split) ? facts.headless.columns : undefined;
  // A row of too few fields is broken, and which one it lacks is seen below; one of too many is sound, as in the
  // reference.
  return {
    parquetColumns,
    separator: '\t',
    quotes: 'none',
    ragged: true,
    ...(columns !== undefined && { columns }),
  };
}

function recordOf(key: string, row: Row, index: number, { facts, split }: Layout): GlueRecord | BrokenRecord {
  const texts: string[] = [];
  for (const names of facts.texts) {
    const text = textIn(cellOf(row, names));
    if (text === undefined) return broken(key, 'bad row', `no ${names.join(' or ')}; ${shapeOf(row)}`);
    texts.push(text);
  }
  const found = labelIn(key, row, facts);
  if (typeof found === 'object') return found;
  if (found === undefined && !split.startsWith('test')) {
    return broken(key, 'no label', `no ${facts.label.join(' or ')}; ${shapeOf(row)}`);
  }
  const idx = Number(row.idx ?? Number.NaN);
  return {
    key,
    index: Number.isSafeInteger(idx) && idx >= 0 ? idx : index,
    texts: texts as [string] | [string, string], // as many as the table has columns
    ...(found !== undefined && { label: found }),
  };
}

function cellOf(row: Row, names: readonly string[]): unknown {
  return names.map((name) => row[name]).find((value) => value !== undefined && value !== null);
}

/** Parquet files do not always say that their bytes are text. */
function textIn(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return typeof value === 'string' ? value : undefined;
}

/** @returns undefined for none, as in test sets, be it that the column is missing, empty or −1 */
function labelIn(key: string, row: Row, { label, targets }: GlueFacts): number | BrokenRecord | undefined {
  const value = cellOf(row, label);
  const said = (textIn(value) ?? String(value ?? '')).trim();
  // Annotators who did not agree: MNLI before GLUE took these out, and SNLI.
  if (said === '-') return broken(key, 'no gold label', 'its annotators did not agree');
  if (said === '' || Number(said) === -1) return undefined;
  const number = Number(said);
  if (targets.kind === 'regression') {
    const [low, high] = targets.range ?? [-Infinity, Infinity];
    if (number >= low && number <= high) return number;
    return broken(key, 'bad label', `expected a number from ${low} to ${high}, got ${describeValue(said)}`);
  }
  const named = targets.labels.indexOf(said);
  if (named >= 0) return named;
  if (targets.labels[number] !== undefined) return number;
  return unknownLabel(key, said, targets.labels.length);
}

function shapeOf(row: Row): string {
  const names = Object.keys(row);
  const more = names.length > 12 ? ', …' : '';
  return `the row has ${names.length === 0 ? 'nothing' : names.slice(0, 12).join(', ') + more}`;
}

function pairIds(row: Row): string {
  return `${row['#1 ID']} ${row['#2 ID']}`;
}

/** @throws DataError, as without them train and dev cannot be told apart */
async function readDevIds(file: ByteFile, signal?: AbortSignal): Promise<Set<string>> {
  const columns = ['#1 ID', '#2 ID'];
  const options = { parquetColumns: [], separator: '\t', quotes: 'none', columns } as const;
  const ids = new Set<string>();
  for await (const found of readRows(file, options, signal)) {
    if ('kind' in found) throw new DataError(`readGlue: mrpc: ${found.key}: ${found.detail}`);
    ids.add(pairIds(found.row));
  }
  return ids;
}
