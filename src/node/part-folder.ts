// The finished parts of an evaluation on the disk.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartStore } from '../eval/index.ts';
import { readFile, writeFile } from './files.ts';

/**
 * @param path - of the folder; made when the first part is written
 * @example await zeroShot({ model, source, parts: partFolder('out/pets') }); // and again, after an interruption
 */
export function partFolder(path: string): PartStore {
  return {
    async read(name) {
      // One that is not there, or cannot be read, is made anew.
      return readFile(join(path, name)).catch(() => undefined);
    },
    async write(name, bytes) {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, name), [bytes]);
    },
  };
}
