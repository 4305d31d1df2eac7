// What a user calls his data, a path or a description in JSON → the description of a source.

import { statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { SourceDescription } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';

export interface DataFlags {
  /** Folder of the pictures that a table or a JSON file names. */
  readonly images?: string;
  /** Places of captions, `json:FIELD` or an extension. */
  readonly captions?: readonly string[];
}

const TAR = /\.(tar|tar\.gz|tgz)$/i;
const TABLE = /\.(csv|tsv|parquet)(\.gz)?$/i;
const JSONL = /\.(jsonl|ndjson)(\.gz)?$/i;

/** Whether an argument is a source in JSON. */
export function isDescription(name: string): boolean {
  return name.trimStart().startsWith('{');
}

/** Whether an argument is data and no checkpoint. */
export function isData(name: string): boolean {
  if (/^[a-z]+:\/\//i.test(name)) return false;
  return (
    isDescription(name) ||
    [TAR, TABLE, JSONL, /\.json(\.gz)?$/i].some((pattern) => pattern.test(name)) ||
    isFolder(name)
  );
}

/** @throws ConfigError when flags do not fit; DataError when nobody can tell what it is */
export async function describeSource(
  name: string,
  { images, captions }: DataFlags,
): Promise<SourceDescription> {
  const found = isDescription(name) ? parseDescription(name) : await guess(name);
  const takesCaptions = found.type === 'webdataset' || found.type === 'image-folder';
  if (captions !== undefined && !takesCaptions) {
    throw new ConfigError(`--captions: files of type ${found.type} have columns or fields of their own.`);
  }
  if (images !== undefined && (takesCaptions || found.type === 'c4' || found.type === 'parallel-text')) {
    throw new ConfigError(`--images: files of type ${found.type} name no pictures that lie elsewhere.`);
  }
  return {
    ...found,
    ...(captions !== undefined && { captions: captions.map(parsePlace) }),
    ...(images !== undefined && { images }),
  } as SourceDescription; // fields that this type has, as was just checked
}

function parseDescription(json: string): SourceDescription {
  try {
    // openSource checks it.
    return JSON.parse(json) as SourceDescription;
  } catch (cause) {
    throw new ConfigError(
      `DATA: expected a source in JSON, as {"type":"webdataset","files":"*.tar"}: ${String(cause)}.`,
    );
  }
}

async function guess(name: string): Promise<SourceDescription> {
  if (isFolder(name)) {
    const shards = (await readdir(name)).filter((file) => TAR.test(file)).sort();
    if (shards.length === 0) return { type: 'image-folder', folder: name };
    return { type: 'webdataset', files: shards.map((file) => `${name}/${file}`) };
  }
  if (TAR.test(name)) return { type: 'webdataset', files: name };
  if (TABLE.test(name)) return { type: 'table', files: name };
  if (JSONL.test(name)) return { type: 'jsonl', files: name };
  if (/\.json\.gz$/i.test(name)) return { type: 'c4', files: name };
  return guessJson(name);
}

/** COCO's captions and Karpathy's splits have the same ending. */
async function guessJson(name: string): Promise<SourceDescription> {
  let text: string;
  try {
    text = await readFile(name, 'utf8');
  } catch (cause) {
    throw new DataError(`${name}: cannot be read (${String(cause)}).`, { cause });
  }
  if (/"annotations"\s*:\s*\[/.test(text)) return { type: 'coco', files: name, images: '.' };
  if (/"sentences"\s*:\s*\[/.test(text)) return { type: 'karpathy', files: name, images: '.' };
  throw new DataError(
    `${name}: neither COCO's captions nor Karpathy's splits. Give the source in JSON, as {"type":"jsonl","files":"${name}"}.`,
  );
}

function parsePlace(text: string): { extension: string; field?: string } {
  const colon = text.indexOf(':');
  if (colon < 0) return { extension: text };
  return { extension: text.slice(0, colon), field: text.slice(colon + 1) };
}

export function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}
