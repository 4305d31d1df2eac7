// The folder that keeps downloads: where it is, what it takes, and what a process that was killed leaves in it.

import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/errors.ts';
import { cacheFolder } from '../../src/node/directory-cache.ts';
import { directoryCache } from '../../src/node/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const path = temporaryFolder();
const bytes = Uint8Array.of(1, 2, 3);

describe('directoryCache', () => {
  it('keeps files in a folder that it makes', async () => {
    const cache = directoryCache(path('a', 'b'));
    expect([cache.place, await cache.list(), await cache.read('x')]).toEqual([path('a', 'b'), [], undefined]);
    await cache.write('x.bin', [bytes, bytes]);
    expect(await cache.list()).toEqual(['x.bin']);
    expect(await cache.read('x.bin')).toEqual(Uint8Array.of(1, 2, 3, 1, 2, 3));
    await cache.remove('x.bin');
    await cache.remove('x.bin');
    expect(await cache.list()).toEqual([]);
    expect(directoryCache(pathToFileURL(path('a'))).place).toBe(path('a'));
  });

  it.each(['../x', 'a/b', '', '.hidden', 'a\\b'])('refuses %j as a name', async (name) => {
    const writing = directoryCache(path('a')).write(name, [bytes]);
    await expect(writing).rejects.toBeInstanceOf(ConfigError);
    await expect(writing).rejects.toThrow('is no name of a file in it');
  });

  it('refuses what is no path', () => {
    // As JavaScript users may call it.
    expect(() => directoryCache(7 as unknown as string)).toThrow('expected the path of a folder, got 7.');
  });

  it('keeps the old file when the new one does not come to an end', async () => {
    const cache = directoryCache(path('a'));
    await cache.write('x', [bytes]);
    function* breaking(): Generator<Uint8Array> {
      yield bytes;
      throw new Error('broken');
    }
    await expect(cache.write('x', breaking())).rejects.toBeInstanceOf(DataError);
    expect(await cache.read('x')).toEqual(bytes);
    expect(readdirSync(path('a'))).toEqual(['x']);
  });

  it('does not list what is being written, and removes what was abandoned', async () => {
    mkdirSync(path('a'));
    const [old, young] = ['x.0123456789ab.tmp', 'x.ba9876543210.tmp'];
    for (const name of [old, young]) writeFileSync(path('a', name), 'half');
    const long = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(path('a', old), long, long);
    const cache = directoryCache(path('a'));
    expect(await cache.list()).toEqual([]);
    await cache.write('x', [bytes]);
    expect([existsSync(path('a', old)), existsSync(path('a', young))]).toEqual([false, true]);
  });
});

describe('the folder', () => {
  const home = '/home/ada';
  it.each<[NodeJS.Platform, Record<string, string>, string]>([
    ['linux', {}, '/home/ada/.cache/clippo-ts'],
    ['linux', { XDG_CACHE_HOME: '/var/ada' }, '/var/ada/clippo-ts'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/ada/.cache/clippo-ts'],
    ['darwin', { XDG_CACHE_HOME: '/var/ada' }, '/home/ada/Library/Caches/clippo-ts'],
    ['win32', { LOCALAPPDATA: '/local' }, '/local/clippo-ts'],
    ['win32', {}, '/home/ada/AppData/Local/clippo-ts'],
    ['darwin', { CLIPPO_CACHE: '/models' }, '/models'],
    ['linux', { CLIPPO_CACHE: '' }, '/home/ada/.cache/clippo-ts'],
  ])('of %s with %j is %s', (platform, env, expected) => {
    expect(cacheFolder({ platform, env, home })).toBe(expected);
  });
});
