// What a user calls his labelled data → things with a class each: class folders, CIFAR's files, tar with `.cls`, a table
// of texts, or whatever source a description in JSON opens, whose captions are then the classes.

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import {
  type LabelledSource,
  labelledRecords,
  readCifar,
  readClassFolder,
  type SourceDescription,
  sourceName,
} from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { diskFile, diskFiles, diskFolder, openDiskSource } from '../../node/index.ts';
import { describeSource, isDescription, isFolder } from '../data-source.ts';
import { readLines } from '../option-values.ts';
import type { Terminal } from '../terminal.ts';

export interface LabelledFlags {
  readonly names?: string;
  readonly classes?: string;
  readonly texts?: boolean;
  readonly textColumn?: string;
  readonly labelColumn?: string;
}

export function addLabelledOptions(command: Command): Command {
  return command
    .option('--names <file>', 'class folders: names of the classes, where the folders have others')
    .option(
      '--classes <list>',
      'other data: names of the classes in the order of their labels, a,b,c or a file',
    );
}

export function addTextOptions(command: Command): Command {
  return command
    .option('--texts', 'classify the texts of a table (tsv, csv, jsonl, parquet)')
    .option('--text-column <name>', 'of the table (default: sentence)')
    .option('--label-column <name>', 'of the table: the class, by name or by number from 0 (default: label)');
}

/** @throws ConfigError when flags do not fit the data; DataError when nobody can tell what it is */
export async function openLabelled(
  data: string,
  flags: LabelledFlags,
  terminal: Terminal,
): Promise<LabelledSource> {
  const { names, classes, texts, textColumn, labelColumn } = flags;
  if (texts !== true && (textColumn ?? labelColumn) !== undefined) {
    throw new ConfigError('--text-column, --label-column: only for the texts of a table. Add --texts.');
  }
  const isCifar = /\.bin(\.gz)?$/i.test(data);
  const found = isCifar ? undefined : await describeSource(data, {});
  if (found?.type === 'image-folder' && !isDescription(data)) {
    if (texts === true) throw new ConfigError(`--texts: ${data} is a folder of pictures. Leave it out.`);
    if (classes !== undefined) {
      throw new ConfigError(
        `--classes: the classes of ${data} are its folders. Give them other names with --names FILE.`,
      );
    }
    const source = await readClassFolder(
      diskFolder(data),
      names === undefined ? {} : { names: diskFile(names) },
    );
    return { ...source, name: data };
  }
  if (names !== undefined) {
    throw new ConfigError(`--names: only for class folders. Name the classes of ${data} with --classes.`);
  }
  // Whatever is wrong with the data is told before what is missing.
  const description = found && withLabels(data, found, flags);
  if (classes === undefined) {
    throw new ConfigError(
      `${data}: --classes is missing: the names of the classes in the order of their labels, as a,b,c or as a file with a name a line.`,
    );
  }
  const list = await readClasses(classes, terminal);
  if (description === undefined) return { ...readCifar(diskFiles(data), { classes: list }), name: data };
  return labelledRecords({ ...openDiskSource(description), name: sourceName(description) }, list);
}

/** Says where the classes are, where a description in JSON does not say so itself. */
function withLabels(
  data: string,
  found: SourceDescription,
  { texts = false, textColumn = 'sentence', labelColumn = 'label' }: LabelledFlags,
): SourceDescription {
  const isTable = found.type === 'table' || found.type === 'jsonl';
  if (texts && !isTable) {
    throw new ConfigError(`--texts: expected a table (tsv, csv, jsonl, parquet), and ${data} is none.`);
  }
  if (texts) {
    // GLUE's files have quotes that open and never close: there they are letters.
    const quotes = found.type === 'table' && /\.tsv(\.gz)?$/i.test(data) && { quotes: 'none' };
    return { texts: [textColumn, labelColumn], ...quotes, ...found } as SourceDescription; // options of tables
  }
  if (found.type === 'webdataset') return { captions: [{ extension: 'cls' }], ...found };
  if (isDescription(data)) return found;
  if (isTable) {
    throw new ConfigError(
      `${data}: to classify the texts of a table add --texts. A table of pictures is described in JSON: '{"type":"${found.type}","files":"${data}","image":COLUMN,"caption":COLUMN OF THE CLASS}'.`,
    );
  }
  throw new ConfigError(
    `${data}: expected class folders, .bin files of CIFAR, tar files with .cls, or a table of texts with --texts.`,
  );
}

async function readClasses(given: string, terminal: Terminal): Promise<string[]> {
  const isFile = given === '-' || (existsSync(given) && !isFolder(given));
  if (!isFile && !given.includes(',')) {
    throw new ConfigError(
      `--classes ${given}: there is no such file. Expected names with commas between, or a file with a name a line.`,
    );
  }
  const names = isFile ? await readLines(given, terminal) : given.split(',');
  return names.map((name) => name.trim());
}
