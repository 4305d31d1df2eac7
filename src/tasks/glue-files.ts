// A folder with GLUE in it → the files of one split: the raw folders of gluebenchmark.com, a copy of nyu-mll/glue from
// Hugging Face, or a folder of one task alone. Also what the name of a file says of the split that is in it.

import { type ByteFile, type FileTree, listTree } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { GLUE, type GlueSplit, type GlueTask } from './glue-table.ts';

export interface GlueFiles {
  /** At least one. */
  readonly files: readonly ByteFile[];
  /** Where train and dev of MRPC stand in one file: the pairs that are dev's. */
  readonly devIds?: ByteFile;
}

/** MRPC as Microsoft publishes it. */
const MRPC_TRAIN = /(?:^|\/)msr_paraphrase_train\.txt(?:\.gz)?$/i;
const MRPC_DEV_IDS = /^(?:mrpc_)?dev_ids\.tsv$/i;

/** Whether this is the file that holds train and dev together. */
export function isMrpcTrain({ name }: ByteFile): boolean {
  return MRPC_TRAIN.test(name.replaceAll('\\', '/'));
}

/** @returns undefined where the name does not say it */
export function splitInName(name: string): GlueSplit | undefined {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const found = /(?:^|_)(train|dev|validation|test)(_matched|_mismatched)?(?![a-z])/i.exec(base);
  if (found === null) return undefined;
  const [, split, kind = ''] = found;
  // Put together from the words above.
  return `${split!.toLowerCase().replace('validation', 'dev')}${kind.toLowerCase()}` as GlueSplit;
}

/**
 * @throws DataError when there is no such file
 */
export async function findGlueFiles(
  door: string,
  tree: FileTree,
  task: GlueTask,
  split: GlueSplit,
): Promise<GlueFiles> {
  const paths: string[] = [];
  for await (const path of listTree(tree)) paths.push(path);
  const open = (list: readonly string[]): Promise<ByteFile[]> =>
    Promise.all(list.map((path) => tree.open(path)));
  const folders = [`${GLUE[task].title}/`, `${task}/`, ...(task === 'ax' ? ['diagnostic/'] : []), ''];
  const patterns = patternsOf(task, split);
  for (const folder of folders) {
    const names = paths
      .filter((path) => path.startsWith(folder))
      .map((path) => path.slice(folder.length))
      .filter((name) => !name.includes('/'));
    for (const pattern of patterns) {
      const found = names.filter((name) => pattern.test(name));
      if (found.length === 0) continue;
      const files = await open(found.map((name) => folder + name));
      if (!files.some(isMrpcTrain)) return { files };
      const ids = names.filter((name) => MRPC_DEV_IDS.test(name)).slice(0, 1);
      const [devIds] = await open(ids.map((name) => folder + name));
      return { files, ...(devIds !== undefined && { devIds }) };
    }
  }
  const { title } = GLUE[task];
  throw new DataError(
    `${door}: ${task}: no file of the split ${split} among ${paths.length} files. Looked for ${title}/${split}.tsv, ${task}/${hubSplit(split)}-00000-of-00001.parquet, .jsonl and .csv of these names, and the same without the folder.`,
  );
}

/** Names of files, the raw ones first; all that match one are read together. */
function patternsOf(task: GlueTask, split: GlueSplit): RegExp[] {
  const stem = `(?:${split}|${hubSplit(split)})`;
  const tsv = [new RegExp(`^${split}\\.tsv(?:\\.gz)?$`, 'i')];
  if (task === 'mrpc')
    tsv.push(new RegExp(`^msr_paraphrase_${split === 'test' ? split : 'train'}\\.txt$`, 'i'));
  if (task === 'ax') tsv.push(/^(?:ax|diagnostic)\.tsv$/i);
  const exports = ['jsonl', 'json', 'csv'].map(
    (extension) => new RegExp(`^${stem}\\.${extension}(?:\\.gz)?$`, 'i'),
  );
  return [...tsv, ...exports, new RegExp(`^${stem}(?:-\\d+-of-\\d+)?\\.parquet$`, 'i')];
}

/** As the split is called on Hugging Face. */
function hubSplit(split: GlueSplit): string {
  return split.replace('dev', 'validation');
}
