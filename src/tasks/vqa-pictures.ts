// A folder of COCO's pictures → the path of each by its number. Names are `COCO_train2014_000000000042.jpg`, those of
// COCO 2017 `000000000042.jpg`, and some test pictures have another year in theirs: the number at the end decides.

import { type FileTree, IMAGE_EXTENSIONS, listTree } from '../data/index.ts';

/**
 * @param folder - of the tree, `''` for all of it
 * @param subtypes - `'train2014'`, `'test2015'`, …: where several pictures have one number, that with such a name is
 *   taken, or else the first one listed
 * @throws DataError when the tree cannot be listed
 */
export async function findPictures(
  tree: FileTree,
  folder: string,
  subtypes: readonly string[],
): Promise<ReadonlyMap<number, string>> {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const isOfficial = (path: string): boolean => subtypes.some((subtype) => path.includes(`COCO_${subtype}_`));
  const paths = new Map<number, string>();
  for await (const path of listTree(tree)) {
    if (!path.startsWith(prefix)) continue;
    const [, digits, extension] = /(\d+)\.(\w+)$/.exec(path) ?? [];
    if (digits === undefined || !IMAGE_EXTENSIONS.includes(extension!.toLowerCase())) continue;
    const number = Number(digits);
    const known = paths.get(number);
    if (known === undefined || (isOfficial(path) && !isOfficial(known))) paths.set(number, path);
  }
  return paths;
}

/** How a picture is called where it is not there, for messages. */
export function pictureName(number: number, subtype: string | undefined): string {
  const digits = String(number).padStart(12, '0');
  return subtype === undefined ? `${digits}.jpg` : `COCO_${subtype}_${digits}.jpg`;
}
