// A part of a run's folder that looks like a folder of its own: its files bear a name in front. Folders are flat, so that
// a browser can keep them anywhere.

import type { RunFolder } from './run-folder.ts';

/** @param name - stands before the names of its files, `name.metrics.jsonl`. The whole folder is open meanwhile. */
export function subFolder(folder: RunFolder, name: string): RunFolder {
  const within = (file: string): string => `${name}.${file}`;
  return {
    name: `${folder.name} ${name}`,
    async open() {},
    async close() {},
    async list() {
      const prefix = within('');
      const files = await folder.list();
      return files.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length));
    },
    read: (file) => folder.read(within(file)),
    write: (file, chunks) => folder.write(within(file), chunks),
    append: (file, bytes) => folder.append(within(file), bytes),
    remove: (file) => folder.remove(within(file)),
  };
}
