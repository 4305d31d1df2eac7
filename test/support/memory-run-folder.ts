// A run folder in memory, whose disk can be full.

import { DataError } from '../../src/errors.ts';
import type { RunFolder } from '../../src/train/index.ts';

export interface MemoryRunFolder extends RunFolder {
  readonly files: Map<string, Uint8Array>;
  /** Whether nothing more can be written. */
  isFull: boolean;
  /** Whether a run is at work in it. */
  readonly isOpen: () => boolean;
}

export function memoryRunFolder(): MemoryRunFolder {
  const files = new Map<string, Uint8Array>();
  let isOpen = false;
  const refuse = (name: string): never => {
    throw new DataError(`Cannot write ${name}: the disk is full.`);
  };
  const folder: MemoryRunFolder = {
    name: 'memory',
    files,
    isFull: false,
    isOpen: () => isOpen,
    async open() {
      isOpen = true;
    },
    async close() {
      isOpen = false;
    },
    list: async () => [...files.keys()].sort(),
    async read(name) {
      return files.get(name)!.slice();
    },
    async write(name, chunks) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk.slice());
      if (folder.isFull) refuse(name);
      files.set(name, new Uint8Array(Buffer.concat(parts)));
    },
    async append(name, bytes) {
      if (folder.isFull) refuse(name);
      files.set(name, new Uint8Array(Buffer.concat([files.get(name) ?? new Uint8Array(), bytes])));
    },
    async remove(name) {
      files.delete(name);
    },
  };
  return folder;
}
