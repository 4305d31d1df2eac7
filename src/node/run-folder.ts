// A training run's folder on the disk. One process at a time: a file with its number says who is at work.

import { appendFile, mkdir, readdir, rm, writeFile as write } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../errors.ts';
import type { RunFolder } from '../train/index.ts';
import { readFile, reasonOf, writeFile } from './files.ts';

const LOCK = 'run.lock';

/**
 * @param path - of the folder; made when the run begins
 * @example await train({ model, batches, steps: 10_000, run: runFolder('runs/first') });
 */
export function runFolder(path: string): RunFolder {
  let isOpen = false;
  const at = (name: string): string => join(path, name);

  async function takeLock(): Promise<void> {
    const owner = Number(new TextDecoder().decode(await readFile(at(LOCK)).catch(() => new Uint8Array())));
    if (owner !== process.pid && isAlive(owner)) {
      throw new DataError(
        `run: process ${owner} is training in ${path}. Wait for it, end it, or use another folder; if it is something else, delete ${LOCK}.`,
      );
    }
    await write(at(LOCK), String(process.pid));
  }

  return {
    name: path,
    async open() {
      try {
        await mkdir(path, { recursive: true });
        await takeLock();
        isOpen = true;
        // What a process that was killed had not finished.
        for (const name of await readdir(path))
          if (name.endsWith('.tmp')) await rm(at(name), { force: true });
      } catch (cause) {
        if (cause instanceof DataError) throw cause;
        throw new DataError(`Cannot use ${path} for a run: ${reasonOf(cause)}`, { cause });
      }
    },
    async close() {
      if (isOpen) await rm(at(LOCK), { force: true });
      isOpen = false;
    },
    async list() {
      const names = await readdir(path);
      return names.filter((name) => !name.endsWith('.tmp') && name !== LOCK).sort();
    },
    read: (name) => readFile(at(name)),
    write: (name, chunks) => writeFile(at(name), chunks),
    async append(name, bytes) {
      await appendFile(at(name), bytes).catch((cause: unknown) => {
        throw new DataError(`Cannot write ${at(name)}: ${reasonOf(cause)}`, { cause });
      });
    },
    remove: (name) => rm(at(name), { force: true }),
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0); // asks, and sends nothing
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // it is somebody else's
  }
}
