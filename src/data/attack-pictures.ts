// Published sets of typographic attacks → pictures with two classes each: what is to be seen, and what is written on it.
// Two layouts: labels in the names of the files (RTA-100, Azuma and Matsui 2023; PAINT, Ilharco et al. 2022), and tables
// beside a folder of pictures (Materzyńska et al. 2022). Classes are sorted: the authors' own code puts those of the first
// layout into a set of Python, whose order changes from run to run.

import { ConfigError, DataError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { listTree, openAt, readImageAt, readWhole } from './byte-file.ts';
import { assertTree } from './file-source.ts';
import { isObject, type JsonObject, parseJsonObject } from './json.ts';
import type { LabelledReference, LabelledSource } from './labelled.ts';
import { type BrokenRecord, broken } from './record.ts';
import { IMAGE_EXTENSIONS, MAX_IMAGE_BYTES } from './sample.ts';
import type { FileTree } from './source.ts';
import { recordOrBroken, Unreadable } from './unreadable.ts';

/** A picture that has been found but not been read; its label is what is to be seen. */
export interface AttackReference extends LabelledReference {
  /** Index of the class that is written on it, another than `label`; undefined: nothing, the picture is clean. */
  readonly written: number | undefined;
}

export interface AttackSource extends LabelledSource {
  /**
   * At least one picture, and what was left out, with its cause. `bad name`: a file not called `label=…_text=….png`;
   * `same name`: another of that name came before, or is named twice; `text is label`: no attack; `bad row`: an
   * annotation without labels; `no image`, `no label`: only one of picture and annotation is there; `unknown label`,
   * `unknown text`: not a class.
   */
  references(signal?: AbortSignal): AsyncIterable<AttackReference | BrokenRecord>;
}

/** How pictures with a wrong word are read from a folder. */
export interface AttackFolderOptions {
  /** Larger pictures are not read, 1 … 2^31 bytes, default 64 MiB. */
  readonly maxImageBytes?: number;
}

/** How pictures with a wrong word are read that a table names. */
export interface AttackAnnotationsOptions extends AttackFolderOptions {
  /** Folder of the tree with the pictures; `''` is its root. Default `'images'`. */
  readonly folder?: string;
  /**
   * Written words that are not in the class list: `'skip'` (default) leaves such pictures out, `'add'` makes classes of
   * them, so that there are more to choose from than the authors' list has.
   */
  readonly otherWords?: 'skip' | 'add';
}

const MAX_JSON_BYTES = 64 * 2 ** 20;

/** A picture whose classes have not got numbers yet. */
interface Found {
  readonly key: string;
  readonly path: string;
  readonly label: string;
  /** Blank: nothing is written. */
  readonly text: string;
}

/**
 * RTA-100 and PAINT: pictures called `label=<what is seen>_text=<what is written>.png`, in folders of any depth. Labels
 * may hold spaces and underscores; the classes are all labels and all texts. A blank text means a clean picture.
 *
 * @param tree - nothing else in it: what has another name is told as broken
 * @param options - a limit for the size of pictures
 * @throws DataError when the tree cannot be listed or holds no such picture
 * @throws ConfigError when an option is wrong
 * @example const attacks = await readAttackFolder(diskFolder('rta100'));
 */
export async function readAttackFolder(
  tree: FileTree,
  options: AttackFolderOptions = {},
): Promise<AttackSource> {
  const door = 'readAttackFolder';
  assertTree(door, 'tree', tree);
  refuseUnknown(door, options, ['maxImageBytes']);
  const { maxImageBytes = MAX_IMAGE_BYTES } = options;
  assertNumber(door, 'maxImageBytes', maxImageBytes, 1, 2 ** 31);
  const entries: (Found | BrokenRecord)[] = [];
  const classes = new Set<string>();
  const pathOf = new Map<string, string>();
  for await (const path of listTree(tree)) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const key = name.slice(0, name.lastIndexOf('.'));
    const isPicture = IMAGE_EXTENSIONS.includes(name.slice(key.length + 1).toLowerCase());
    const [label = '', text = ''] = (/^label=(.+?)_text=(.*)$/is.exec(key) ?? []).slice(1).map(plain);
    const before = pathOf.get(key);
    if (!isPicture || label === '') {
      entries.push(broken(path, 'bad name', 'expected label=<seen>_text=<written>.<picture>'));
    } else if (before !== undefined) {
      entries.push(broken(path, 'same name', `${before} is called so too`));
    } else {
      entries.push({ key, path, label, text });
      pathOf.set(key, path);
      classes.add(label);
      if (text !== '') classes.add(text);
    }
  }
  return createSource(door, 'pictures with words', tree, entries, classes, maxImageBytes);
}

/**
 * The set of Materzyńska et al.: `annotations.json` (or `annotation.json`) with `{ "IMG_1.JPG": { "true object": "cup",
 * "typographic attack label": "good" } }`, `classes.json` whose keys are the classes, and the pictures in `images/`.
 * A blank attack label means a clean picture.
 *
 * @param tree - with these files at its root
 * @param options - where the pictures are, and what becomes of written words that are no class
 * @throws DataError when the tree cannot be listed, a table is missing or damaged, or no picture is left
 * @throws ConfigError when an option is wrong
 * @example const set = await readAttackAnnotations(diskFolder('typographic_attack_dataset'), { otherWords: 'add' });
 */
export async function readAttackAnnotations(
  tree: FileTree,
  options: AttackAnnotationsOptions = {},
): Promise<AttackSource> {
  const door = 'readAttackAnnotations';
  assertTree(door, 'tree', tree);
  refuseUnknown(door, options, ['folder', 'otherWords', 'maxImageBytes']);
  const { folder = 'images', otherWords = 'skip', maxImageBytes = MAX_IMAGE_BYTES } = options;
  assertNumber(door, 'maxImageBytes', maxImageBytes, 1, 2 ** 31);
  if (typeof folder !== 'string') {
    throw new ConfigError(`${door}: folder: expected a path in the tree, got ${describeValue(folder)}.`);
  }
  if (otherWords !== 'skip' && otherWords !== 'add') {
    throw new ConfigError(`${door}: otherWords: expected 'skip' or 'add', got ${describeValue(otherWords)}.`);
  }
  const paths = new Set<string>();
  for await (const path of listTree(tree)) paths.add(path);
  const table = ['annotations.json', 'annotation.json'].find((path) => paths.has(path)) ?? 'annotations.json';
  const missing = [table, 'classes.json'].find((path) => !paths.has(path));
  if (missing !== undefined) {
    throw new DataError(
      `${door}: ${missing} is not there. Expected it at the root of the tree, which begins with ${[...paths].slice(0, 3).join(', ')}.`,
    );
  }
  const { entries: listed } = await readTable(door, tree, 'classes.json');
  const classes = new Set(Object.keys(listed).map(plain));
  const { json, entries: annotations } = await readTable(door, tree, table);

  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const repeated = repeatedNames(json).filter((name) => Object.hasOwn(annotations, name));
  const entries: (Found | BrokenRecord)[] = repeated.map((name) =>
    broken(name, 'same name', `${table} names it more than once, and the last time stands`),
  );
  for (const [key, annotation] of Object.entries(annotations)) {
    const path = prefix + key;
    const labels = labelsOf(annotation);
    if (labels === undefined) {
      const got = JSON.stringify(annotation).slice(0, 80);
      entries.push(
        broken(key, 'bad row', `expected "true object" and "typographic attack label", got ${got}`),
      );
    } else if (!paths.has(path)) {
      entries.push(broken(key, 'no image', `${table} names it, and ${path} is not there`));
    } else if (!classes.has(labels.label)) {
      entries.push(broken(key, 'unknown label', `classes.json has no ${describeValue(labels.label)}`));
    } else if (otherWords === 'skip' && labels.text !== '' && !classes.has(labels.text)) {
      entries.push(broken(key, 'unknown text', `classes.json has no ${describeValue(labels.text)}`));
    } else {
      entries.push({ key, path, ...labels });
    }
  }
  for (const entry of entries) if ('text' in entry && entry.text !== '') classes.add(entry.text);
  for (const path of paths) {
    const isTable = path === table || path === 'classes.json';
    if (isTable || !path.startsWith(prefix) || Object.hasOwn(annotations, path.slice(prefix.length)))
      continue;
    entries.push(broken(path, 'no label', `${table} does not name it`));
  }
  return createSource(door, 'annotated pictures with words', tree, entries, classes, maxImageBytes);
}

/** Names → indices of the sorted classes. @throws DataError when no picture is left */
function createSource(
  door: string,
  name: string,
  tree: FileTree,
  entries: readonly (Found | BrokenRecord)[],
  names: ReadonlySet<string>,
  maxImageBytes: number,
): AttackSource {
  const classes = [...names].sort();
  const indices = new Map(classes.map((each, k) => [each, k]));
  const found = entries.map((entry): AttackReference | BrokenRecord => {
    if ('kind' in entry) return entry;
    const { key, path, label, text } = entry;
    if (label === text) return broken(key, 'text is label', `${describeValue(text)} is what is seen, too`);
    const read = async (signal?: AbortSignal): Promise<Uint8Array | BrokenRecord> => {
      const bytes = await readImageAt(tree, path, maxImageBytes, signal);
      return bytes.length > 0 ? bytes : broken(key, 'empty image', `${path}: has 0 bytes`);
    };
    return {
      key,
      label: indices.get(label)!, // the callers made sure that both are classes
      written: text === '' ? undefined : indices.get(text)!,
      load: (signal) => recordOrBroken(key, () => read(signal)),
    };
  });
  const left = found.filter((each) => 'kind' in each);
  if (left.length === found.length) {
    const causes = [...new Set(left.map(({ cause }) => cause))].map((cause) => {
      const [first, ...more] = left.filter((each) => each.cause === cause);
      return `${1 + more.length} ${cause} (${first!.key}: ${first!.detail})`; // there is one of each cause
    });
    throw new DataError(
      `${door}: no picture can be used of ${left.length} that were found. ${causes.join('; ') || 'The tree is empty'}.`,
    );
  }
  return {
    name,
    classes,
    async *references() {
      yield* found;
    },
  };
}

/** Letters with accents come in two spellings, and file systems differ in which they keep. */
function plain(label: string): string {
  return label.normalize('NFC').trim();
}

function labelsOf(annotation: unknown): { label: string; text: string } | undefined {
  if (!isObject(annotation)) return undefined;
  const { 'true object': label, 'typographic attack label': text } = annotation;
  if (typeof label !== 'string' || typeof text !== 'string') return undefined;
  return { label: plain(label), text: plain(text) };
}

/** @returns as it stands in the file, too: a JsonObject does not tell what was named twice @throws DataError */
async function readTable(
  door: string,
  tree: FileTree,
  path: string,
): Promise<{ json: string; entries: JsonObject }> {
  try {
    const file = await openAt(tree, path, 'shard missing');
    const bytes = await readWhole(file, { bytes: MAX_JSON_BYTES, reason: 'corrupt' });
    const json = new TextDecoder().decode(bytes);
    const entries = parseJsonObject(json);
    if (Object.keys(entries).length > 0) return { json, entries };
    throw new Unreadable('bad row', 'expected a JSON object with entries, got {}');
  } catch (cause) {
    if (!(cause instanceof Unreadable)) throw cause;
    throw new DataError(`${door}: ${path} is damaged: ${cause.message}. Fetch it again.`, { cause });
  }
}

/** Names that head more than one object of the file: of such, JSON.parse silently keeps the last. */
function repeatedNames(json: string): string[] {
  const seen = new Set<string>();
  // Every string is matched as a whole, so that none begins within another.
  const strings = json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:\s*\{)?/g);
  const names = [...strings]
    .filter(([, , head]) => head !== undefined)
    .map(([, name]) => String(JSON.parse(name!)));
  return names.filter((name) => seen.size === seen.add(name).size);
}
