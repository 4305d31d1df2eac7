// A folder that keeps downloads: where it lies unless told otherwise, and the FileCache contract over its files. Every
// file is written beside its place and renamed, so processes may share the folder and be killed at any time.

import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../errors.ts';
import type { FileCache } from '../file-cache.ts';
import { describeValue } from '../options.ts';
import { readFile, writeFile } from './files.ts';

/** Of a file that was being written when its process ended; nobody writes one file for that long. */
const ABANDONED_MS = 3_600_000;

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The folder of `CLIPPO_CACHE`, else the one that the system has for caches: never one that an installation empties. */
export function cacheFolder({ platform, env, home }: Surroundings): string {
  if (env.CLIPPO_CACHE) return env.CLIPPO_CACHE;
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'clippo-ts');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'clippo-ts');
  // A relative one is to be ignored, says its specification.
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.cache'), 'clippo-ts');
}

/**
 * Keeps downloads in a folder, which is made when the first file comes.
 *
 * @param path - default: `$CLIPPO_CACHE`, else `clippo-ts` in `$XDG_CACHE_HOME` or `~/.cache`, in `~/Library/Caches`, or
 *   in `%LOCALAPPDATA%`
 * @throws ConfigError for what is no path, or a name that would lead out of the folder
 * @example const model = await ClippoModel.fromPretrained('clippo_b16_100c4', { cache: directoryCache('models') });
 */
export function directoryCache(path?: string | URL): FileCache {
  if (path !== undefined && typeof path !== 'string' && !(path instanceof URL)) {
    throw new ConfigError(`directoryCache: expected the path of a folder, got ${describeValue(path)}.`);
  }
  const place =
    path === undefined
      ? cacheFolder({ platform: process.platform, env: process.env, home: homedir() })
      : path instanceof URL
        ? fileURLToPath(path)
        : path;

  function pathOf(name: string): string {
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new ConfigError(
        `directoryCache: ${describeValue(name)} is no name of a file in it. Use letters, digits, '.', '_' and '-'.`,
      );
    }
    return join(place, name);
  }

  async function list(): Promise<string[]> {
    const entries = await readdir(place).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return [];
      throw cause;
    });
    return entries.filter((name) => !/\.[0-9a-f]{12}\.tmp$/.test(name)).sort();
  }

  return {
    place,
    list,
    async read(name, options) {
      const file = pathOf(name);
      const found = await stat(file).catch(() => undefined);
      return found?.isFile() ? readFile(file, options) : undefined;
    },
    async write(name, chunks, options) {
      const file = pathOf(name);
      await mkdir(place, { recursive: true });
      await writeFile(file, chunks, options);
      await removeAbandoned(place, name);
    },
    async remove(name) {
      await rm(pathOf(name), { force: true });
    },
  };
}

/** What processes that were killed while they wrote the file have left beside it. */
async function removeAbandoned(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(`${name}.`) || !/^\.[0-9a-f]{12}\.tmp$/.test(entry.slice(name.length))) continue;
    const file = join(folder, entry);
    const age = Date.now() - ((await stat(file).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > ABANDONED_MS) await rm(file, { force: true });
  }
}
