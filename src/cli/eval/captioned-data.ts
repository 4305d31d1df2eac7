// What a user calls his pictures with captions → a source, of Karpathy's files one split.

import type { Command } from 'commander';
import { type RecordSource, sourceName } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { openDiskSource } from '../../node/index.ts';
import { type DataFlags, describeSource, isDescription } from '../data-source.ts';
import type { Terminal } from '../terminal.ts';

export interface CaptionedFlags extends Pick<DataFlags, 'images'> {
  readonly split?: string;
}

export const CAPTIONED_DATA =
  "json of COCO or Karpathy, tar, jsonl, csv, tsv, parquet, a pattern of such ('*.tar'), a folder, or a source in JSON";

export function addCaptionedOptions(command: Command): Command {
  return command
    .option('--images <folder>', 'where the pictures lie that a table or JSON file names')
    .option('--split <name>', "of Karpathy's files: train, restval, val or test (default: test)");
}

/** @throws ConfigError when flags do not fit the data; DataError when nobody can tell what it is */
export async function openCaptioned(
  data: string,
  { images, split }: CaptionedFlags,
  terminal: Terminal,
): Promise<RecordSource> {
  const found = await describeSource(data, images === undefined ? {} : { images });
  if (split !== undefined && found.type !== 'karpathy') {
    throw new ConfigError(
      `--split: only Karpathy's files have splits, and ${data} is of type ${found.type}.`,
    );
  }
  let description = found;
  if (found.type === 'karpathy' && split !== undefined) description = { ...found, splits: [split] };
  else if (found.type === 'karpathy' && !isDescription(data)) {
    description = { ...found, splits: ['test'] };
    terminal.note(`${data}: its split test; another one is asked for with --split.`);
  }
  return { ...openDiskSource(description), name: sourceName(description) };
}
