// A source as plain JSON → the source: for configuration files, and for threads, to which no function can be sent.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { type C4PairsOptions, readC4Pairs } from './c4-pairs.ts';
import {
  type CaptionJsonOptions,
  type KarpathyOptions,
  readCocoCaptions,
  readKarpathy,
} from './caption-json.ts';
import { type Crossmodal3600Options, readCrossmodal3600 } from './crossmodal-3600.ts';
import { type ImageFolderOptions, readImageFolder } from './image-folder.ts';
import { readJsonl } from './jsonl.ts';
import { type ParallelText, readParallelText } from './parallel-text.ts';
import type { RowOptions } from './row.ts';
import type { ByteFile, FileTree, RecordSource } from './source.ts';
import { readTable, type TableOptions } from './table.ts';
import { readWebDataset, type WebDatasetOptions } from './webdataset.ts';

/** Paths or patterns of files, as the opener knows them: in Node `'train-{000..031}.tar'`, `'data/*.tar'`. */
type Patterns = string | readonly string[];

/** The options of a reader, with the path of a folder where it takes a tree. */
type WithFolder<T extends { readonly images?: FileTree }> = Omit<T, 'images'> & { readonly images?: string };

/** A source in JSON: `type` names the reader, the rest is what it reads and its options. */
export type SourceDescription =
  | ({ readonly type: 'webdataset'; readonly files: Patterns } & Omit<WebDatasetOptions, 'shards'>)
  | ({ readonly type: 'image-folder'; readonly folder: string } & ImageFolderOptions)
  | ({ readonly type: 'jsonl'; readonly files: Patterns } & WithFolder<RowOptions>)
  | ({ readonly type: 'table'; readonly files: Patterns } & WithFolder<TableOptions>)
  | ({ readonly type: 'coco'; readonly files: Patterns } & WithFolder<CaptionJsonOptions>)
  | ({ readonly type: 'karpathy'; readonly files: Patterns } & WithFolder<KarpathyOptions>)
  | ({ readonly type: 'crossmodal-3600'; readonly files: Patterns } & WithFolder<Crossmodal3600Options>)
  | ({ readonly type: 'c4'; readonly files: Patterns } & C4PairsOptions)
  | ({ readonly type: 'parallel-text' } & (
      | { readonly kind: 'aligned'; readonly first: string; readonly second: string }
      | (Omit<Extract<ParallelText, { kind: 'tsv' }>, 'files'> & { readonly files: Patterns })
      | (Omit<Extract<ParallelText, { kind: 'translations' }>, 'files'> & { readonly files: Patterns })
    ));

/** Turns paths into what readers read. Node's is `diskFiles` and `diskFolder`. */
export interface SourceOpener {
  /** The files that match. */
  files(patterns: Patterns): readonly ByteFile[];
  /** A folder with all below it. */
  folder(path: string): FileTree;
}

const TYPES: readonly unknown[] = [
  ...['webdataset', 'image-folder', 'jsonl', 'table', 'coco', 'karpathy', 'crossmodal-3600', 'c4'],
  'parallel-text',
];

/**
 * @throws ConfigError when it is no description, or has options its reader does not know; DataError when nothing matches
 * @example openSource({ type: 'webdataset', files: 'shards/*.tar' }, { files: diskFiles, folder: diskFolder });
 */
export function openSource(description: SourceDescription, opener: SourceOpener): RecordSource {
  assertDescription(description);
  /** The options with the tree in place of its path. */
  function withTree<T extends { readonly images?: string }>(
    options: T,
  ): Omit<T, 'images'> & { images: FileTree } {
    const { images, ...rest } = options;
    // Readers that need the tree say so where there is none.
    return { ...rest, ...(images !== undefined && { images: opener.folder(images) }) } as Omit<
      T,
      'images'
    > & {
      images: FileTree;
    };
  }
  switch (description.type) {
    case 'webdataset': {
      const { type, files, ...options } = description;
      return readWebDataset(opener.files(files), options);
    }
    case 'image-folder': {
      const { type, folder, ...options } = description;
      return readImageFolder(opener.folder(folder), options);
    }
    case 'jsonl': {
      const { type, files, ...options } = description;
      return readJsonl(opener.files(files), withTree(options));
    }
    case 'table': {
      const { type, files, ...options } = description;
      return readTable(opener.files(files), withTree(options));
    }
    case 'coco': {
      const { type, files, ...options } = description;
      return readCocoCaptions(opener.files(files), withTree(options));
    }
    case 'karpathy': {
      const { type, files, ...options } = description;
      return readKarpathy(opener.files(files), withTree(options));
    }
    case 'crossmodal-3600': {
      const { type, files, ...options } = description;
      return readCrossmodal3600(opener.files(files), withTree(options));
    }
    case 'c4': {
      const { type, files, ...options } = description;
      return readC4Pairs(opener.files(files), options);
    }
    case 'parallel-text': {
      const { type, ...text } = description;
      if (text.kind !== 'aligned') return readParallelText({ ...text, files: opener.files(text.files) });
      const [first, second] = [text.first, text.second].map((path) => opener.files(path)[0]!);
      return readParallelText({ ...text, first: first!, second: second! });
    }
  }
}

/** What a source is called in reports and positions: its paths as they were given, wherever they lie. */
export function sourceName(description: SourceDescription): string {
  if (description.type === 'image-folder') return description.folder;
  const paths = 'files' in description ? description.files : [description.first, description.second];
  return [paths].flat().join(' ');
}

function assertDescription(description: SourceDescription): void {
  const { type, ...rest } = Object(description) as Record<string, unknown>;
  if (!TYPES.includes(type)) {
    throw new ConfigError(`source: type: expected one of ${TYPES.join(', ')}, got ${describeValue(type)}.`);
  }
  const paths =
    type === 'image-folder' ? ['folder'] : rest.kind === 'aligned' ? ['first', 'second'] : ['files'];
  // Where pictures lie; of samples, `images` names extensions.
  const hasTree = rest.images !== undefined && type !== 'webdataset' && type !== 'image-folder';
  for (const name of hasTree ? [...paths, 'images'] : paths) {
    const value = rest[name];
    const isList = name === 'files' && Array.isArray(value) && value.length > 0;
    if (typeof value === 'string' || (isList && value.every((path) => typeof path === 'string'))) continue;
    const expected = name === 'files' ? 'a path, a pattern or a list of them' : 'a path';
    throw new ConfigError(
      `source of type ${type}: ${name}: expected ${expected}, got ${describeValue(value)}.`,
    );
  }
}
