// A folder of folders, one a class, as ImageNet and torchvision's ImageFolder have it → labelled pictures. The index of
// a class is the place of its folder in sorted order; names in words come from whichever list the data set ships.

import { DataError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import { listTree, readImageAt, readWhole } from './byte-file.ts';
import { assertTree } from './file-source.ts';
import { isObject } from './json.ts';
import { assertClasses, type LabelledReference, type LabelledSource } from './labelled.ts';
import { type BrokenRecord, broken } from './record.ts';
import { IMAGE_EXTENSIONS, MAX_IMAGE_BYTES, MAX_TEXT_BYTES } from './sample.ts';
import type { ByteFile, FileTree } from './source.ts';
import { recordOrBroken } from './unreadable.ts';

/** How {@link readClassFolder} names the classes. */
export interface ClassFolderOptions {
  /**
   * Names of the classes, where the folders have others: a list in the order of the sorted folders; names by folder; or a
   * file of either: lines (`classnames.txt`), lines of folder and name (`LOC_synset_mapping.txt`), JSON of any of
   * these or ImageNet's `{"0": ["n01440764", "tench"]}`. Default: the folders' names.
   */
  readonly names?: readonly string[] | Readonly<Record<string, string>> | ByteFile;
}

/**
 * Pictures of any depth below their class's folder. Folders that the names tell of are classes even when they are not
 * there; what lies beside the folders, or is no picture, is told as broken.
 *
 * @throws DataError when there is no folder, or names and folders do not fit
 * @example await readClassFolder(diskFolder('imagenet/val'), { names: diskFile('LOC_synset_mapping.txt') });
 */
export async function readClassFolder(
  tree: FileTree,
  options: ClassFolderOptions = {},
): Promise<LabelledSource> {
  const door = 'readClassFolder';
  assertTree(door, 'tree', tree);
  refuseUnknown(door, options, ['names']);
  const paths: string[] = [];
  for await (const path of listTree(tree)) paths.push(path);
  const present = [...new Set(paths.filter((path) => path.includes('/')).map(folderOf))].sort();
  if (present.length === 0) {
    throw new DataError(`${door}: expected a folder for each class, found none among ${paths.length} files.`);
  }
  const { folders, classes } = await nameFolders(door, present, options.names);
  assertClasses(door, classes);
  const labels = new Map(folders.map((folder, i) => [folder, i]));

  async function* references(): AsyncGenerator<LabelledReference | BrokenRecord> {
    for (const path of paths) {
      const label = path.includes('/') ? labels.get(folderOf(path)) : undefined;
      const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
      if (!IMAGE_EXTENSIONS.includes(extension)) yield broken(path, 'no image', 'its ending is no picture’s');
      else if (label === undefined) yield broken(path, 'unknown label', 'lies in no folder of a class');
      else
        yield {
          key: path,
          label,
          load: (signal) => recordOrBroken(path, () => readImageAt(tree, path, MAX_IMAGE_BYTES, signal)),
        };
    }
  }

  return { name: 'class folders', classes, count: paths.length, references };
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

interface NamedFolders {
  /** In the order of the classes. */
  readonly folders: readonly string[];
  readonly classes: readonly string[];
}

async function nameFolders(
  door: string,
  present: readonly string[],
  names: ClassFolderOptions['names'],
): Promise<NamedFolders> {
  if (names === undefined) return { folders: present, classes: present };
  const given = isFile(names) ? await readNames(door, names) : names;
  if (Array.isArray(given)) {
    if (given.length === present.length) return { folders: present, classes: given };
    throw new DataError(
      `${door}: names: ${given.length} names for ${present.length} folders. A list goes by the order of the sorted folders; name them by folder, as {"n01440764": "tench"}.`,
    );
  }
  const byFolder = new Map(Object.entries(given));
  const unnamed = present.filter((folder) => !byFolder.has(folder));
  if (unnamed.length > 0) {
    throw new DataError(
      `${door}: names: ${unnamed.length} of ${present.length} folders have no name: ${unnamed.slice(0, 5).join(', ')}${unnamed.length > 5 ? ', …' : ''}.`,
    );
  }
  const folders = [...byFolder.keys()].sort();
  return { folders, classes: folders.map((folder) => byFolder.get(folder)!) };
}

function isFile(names: NonNullable<ClassFolderOptions['names']>): names is ByteFile {
  return typeof (names as Partial<ByteFile>).stream === 'function'; // asked for here
}

/** A file of names → a list, or names by folder. */
async function readNames(door: string, file: ByteFile): Promise<readonly string[] | Record<string, string>> {
  const bytes = await readWhole(file, { bytes: MAX_TEXT_BYTES, reason: 'bad row' });
  const text = new TextDecoder().decode(bytes).replace(/^\ufeff/, '');
  const wrong = (why: string): DataError =>
    new DataError(`${door}: names: ${file.name}: ${why}. Expected a name a line, or JSON.`);
  if (/\.json$/i.test(file.name)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw wrong(String(cause));
    }
    const parsed = namesInJson(value);
    if (parsed === undefined) throw wrong('neither a list of names nor an object of them');
    return parsed;
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) throw wrong('it is empty');
  const pairs = lines.map((line) => /^(\S+?)[\t ]+(\S.*)$/.exec(line));
  const isMapping = pairs.every(
    (pair) => pair !== null && (/^n\d{8}$/.test(pair[1]!) || pair[0].includes('\t')),
  );
  if (!isMapping) return lines.map((line) => line.trim());
  return Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!.trim()]));
}

function namesInJson(value: unknown): readonly string[] | Record<string, string> | undefined {
  const isName = (each: unknown): each is string => typeof each === 'string';
  if (Array.isArray(value)) return value.every(isName) ? value : undefined;
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.every(([, each]) => Array.isArray(each) && each.length === 2 && each.every(isName))) {
    return Object.fromEntries(entries.map(([, pair]) => pair as [string, string])); // just checked
  }
  return entries.every(([, each]) => isName(each)) ? (value as Record<string, string>) : undefined; // just checked
}
