// A file of the web that is kept: what a second reading needs, what is never kept, and what happens when a cache fails.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type DownloadOptions,
  type FetchKeptOptions,
  fetchKept,
  resolveDownloads,
  type WantedFile,
} from '../../src/download/index.ts';
import { CheckpointError, ConfigError } from '../../src/errors.ts';
import { directoryCache } from '../../src/node/index.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { type MemoryCache, memoryCache } from '../support/memory-cache.ts';
import { type ServedFile, unreliableServer } from '../support/unreliable-server.ts';

const path = temporaryFolder();
const serve = unreliableServer();
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The letters of a file are kept in upper case; one that does not begin with an a is none. */
const published = new TextEncoder().encode('abcdefgh'.repeat(1000));
const kept = new TextEncoder().encode('ABCDEFGH'.repeat(1000));

async function start(
  options: DownloadOptions & Pick<FetchKeptOptions, 'pause' | 'partBytes'> = {},
  file: Partial<ServedFile> = {},
) {
  const served: ServedFile = { bytes: published, etag: '"one"', ...file };
  const { url, requests } = await serve({ '/a.txt': served });
  const warnings: string[] = [];
  const wanted: WantedFile = {
    ...{ name: 'the-a', url: new URL('/a.txt', url), kept: 'a.kept', what: 'checkpoint' },
    failure: (message, cause) => new CheckpointError(message, cause),
    prepare: (bytes) => {
      const text = new TextDecoder().decode(bytes);
      if (!text.startsWith('a')) throw new CheckpointError('expected an a.');
      return [new TextEncoder().encode(text.toUpperCase())];
    },
  };
  const read = async (more: DownloadOptions & Pick<FetchKeptOptions, 'pause' | 'partBytes'> = {}) => {
    const { pause = 1, partBytes = 1000, ...given } = { ...options, ...more };
    const onWarning = (message: string) => warnings.push(message);
    const resolved = resolveDownloads('test', { retries: 2, ...given, onWarning } as DownloadOptions);
    return new TextDecoder().decode(await fetchKept(wanted, { ...resolved, pause, partBytes }));
  };
  return { read, warnings, requests, served, url: wanted.url.href };
}
const PUBLISHED = new TextDecoder().decode(published);
const KEPT = new TextDecoder().decode(kept);

describe('a file that is kept', () => {
  it('is fetched once, with a record of what it was and what it is', async () => {
    const cache = directoryCache(path('cache'));
    const { read, requests, warnings, url } = await start({ cache });
    expect(await read()).toBe(KEPT);
    expect(await read()).toBe(KEPT);
    expect([requests.length, warnings]).toEqual([1, []]);
    expect(readdirSync(path('cache')).sort()).toEqual(['a.kept', 'a.kept.json']);
    expect(JSON.parse(readFileSync(path('cache', 'a.kept.json'), 'utf8'))).toEqual({
      ...{ url, etag: '"one"', total: 8000, bytes: 8000, sha256: digest(published) },
      ...{ keptBytes: 8000, keptSha256: digest(kept) },
    });
  });

  it.each<[string, (file: string) => void]>([
    ['a byte is another', (file) => writeFileSync(file, KEPT.replace('C', 'X'))],
    ['it was cut', (file) => writeFileSync(file, KEPT.slice(9))],
    ['it is empty', (file) => writeFileSync(file, '')],
  ])('is fetched again when %s', async (_, damage) => {
    const cache = directoryCache(path('cache'));
    const { read, requests, warnings } = await start({ cache });
    await read();
    damage(path('cache', 'a.kept'));
    expect(await read()).toBe(KEPT);
    expect(requests).toHaveLength(2);
    expect(warnings).toEqual([`the-a: a.kept in ${path('cache')} is damaged: not the bytes that were kept.`]);
    expect(readFileSync(path('cache', 'a.kept'), 'utf8')).toBe(KEPT);
  });

  it.each(['not JSON', '{}', 'null', '{"sha256":1,"keptSha256":2,"keptBytes":3}'])(
    'is fetched again when its record is %s',
    async (record) => {
      const cache = memoryCache();
      const { read, requests } = await start({ cache });
      await read();
      cache.files.set('a.kept.json', new TextEncoder().encode(record));
      expect(await read()).toBe(KEPT);
      expect(requests).toHaveLength(2);
    },
  );

  it('goes on in another process where one ended', async () => {
    const cache = memoryCache();
    const { read, requests } = await start({ cache, retries: 0 }, { behaviours: [{ cutAfter: 5500 }] });
    await expect(read()).rejects.toThrow('the connection broke after 5500 bytes. Load it again.');
    expect([...cache.files.keys()].filter((name) => name.includes('.part.'))).toHaveLength(6);
    await expect(read({ offline: true })).rejects.toThrow(
      'the-a: offline, and memory does not have it but for 5000 of 8000 bytes, from a download that was cut. Fetch it once where there is a network (clippo download the-a), or leave offline out.',
    );
    expect(await read()).toBe(KEPT);
    expect(requests[1]).toMatchObject({ range: 'bytes=5000-', ifRange: '"one"' });
    expect([...cache.files.keys()].sort()).toEqual(['a.kept', 'a.kept.json']);
  });

  it.each<[string, (cache: MemoryCache) => void]>([
    ['the record', (cache) => cache.files.set('a.kept.part.json', Uint8Array.of(1))],
    ['the first', (cache) => cache.files.set(firstPart(cache), Uint8Array.of(1))],
    ['one in between', (cache) => cache.files.delete(firstPart(cache).replace(/0$/, '2'))],
    ['the bytes of one', (cache) => cache.files.get(firstPart(cache))!.fill(64)],
  ])('comes whole when of its parts %s is damaged', async (_, damage) => {
    const cache = memoryCache();
    const { read } = await start({ cache, retries: 0 }, { behaviours: [{ cutAfter: 5500 }] });
    await expect(read()).rejects.toThrow(CheckpointError);
    damage(cache);
    expect(await read({ retries: 1, sha256: digest(published) })).toBe(KEPT);
    expect([...cache.files.keys()].sort()).toEqual(['a.kept', 'a.kept.json']);
  });

  it('drops the parts of a version that is gone', async () => {
    const cache = memoryCache();
    const { read, served } = await start({ cache, retries: 0 }, { behaviours: [{ cutAfter: 5500 }] });
    await expect(read()).rejects.toThrow(CheckpointError);
    Object.assign(served, { etag: '"two"', bytes: new TextEncoder().encode(`a${PUBLISHED}`) });
    expect(await read()).toBe(`A${KEPT}`);
    expect([...cache.files.keys()].sort()).toEqual(['a.kept', 'a.kept.json']);
  });

  it('is the same for two that fetch it at once', async () => {
    const cache = directoryCache(path('cache'));
    const { read, warnings } = await start(
      { cache },
      { behaviours: [{ cutAfter: 2500 }, { cutAfter: 4500 }] },
    );
    expect(await Promise.all([read(), read(), read()])).toEqual([KEPT, KEPT, KEPT]);
    expect(await read({ offline: true })).toBe(KEPT);
    expect(warnings.filter((line) => !line.includes('Trying again'))).toEqual([]);
  });
});

describe('what is not what it should be', () => {
  it('is refused and not kept', async () => {
    const cache = memoryCache();
    const { read, url } = await start({ cache }, { bytes: new TextEncoder().encode('<html>') });
    await expect(read()).rejects.toThrow(
      `the-a: what came from ${url} is not usable: expected an a. Nothing of it was kept.`,
    );
    expect(cache.files.size).toBe(0);
  });

  it('is told by a hash that was given', async () => {
    const cache = memoryCache();
    const { read } = await start({ cache });
    const sha256 = digest(kept);
    await expect(read({ sha256 })).rejects.toThrow(
      `its SHA-256 is ${digest(published)}, expected ${sha256}. It is another version, or was changed on its way. Nothing of it was kept.`,
    );
    expect(cache.files.size).toBe(0);
    expect(await read({ sha256: digest(published).toUpperCase() })).toBe(KEPT);
  });

  it('is told by that hash also when it lies in the cache', async () => {
    const cache = memoryCache();
    const { read, served, warnings } = await start({ cache });
    await read();
    const other = new TextEncoder().encode('another');
    Object.assign(served, { bytes: other, etag: '"two"' });
    expect(await read({ sha256: digest(other) })).toBe('ANOTHER');
    expect(warnings[0]).toContain(
      `memory has another file, of SHA-256 ${digest(published)}. It is not used.`,
    );
  });
});

describe('a cache that fails', () => {
  it('is said once, and done without', async () => {
    const cache = memoryCache();
    cache.fail(new Error('blocked'));
    const { read, warnings } = await start({ cache });
    expect(await read()).toBe(PUBLISHED);
    expect(warnings).toEqual(['the-a: going on without memory: blocked']);
  });

  it('may be full', async () => {
    const cache = memoryCache();
    cache.failWriting(/./, new Error('full'));
    const { read, warnings } = await start({ cache });
    expect(await read()).toBe(PUBLISHED);
    expect(warnings).toEqual([
      'the-a: parts are not kept on the way: full',
      'the-a: going on without memory: full',
    ]);
  });

  it('may lose what was written', async () => {
    const cache = memoryCache();
    cache.failWriting(/json$/, new Error('full'));
    const { read, warnings, requests } = await start({ cache });
    expect(await read()).toBe(PUBLISHED);
    expect(warnings.at(-1)).toBe('the-a: going on without memory: full');
    expect(requests).toHaveLength(2);
  });

  it('is the error when there is nothing else', async () => {
    const cache = memoryCache();
    cache.fail(new Error('blocked'));
    const { read } = await start({ cache, offline: true });
    await expect(read()).rejects.toThrow('blocked');
  });
});

describe('without a network', () => {
  it('what is kept is there, and what is not is named', async () => {
    const cache = memoryCache();
    const { read, requests } = await start({ cache });
    await expect(read({ offline: true })).rejects.toThrow(
      'the-a: offline, and memory does not have it. Fetch it once where there is a network (clippo download the-a), or leave offline out.',
    );
    await read();
    expect(await read({ offline: true })).toBe(KEPT);
    expect(requests).toHaveLength(1);
  });

  it('nothing is kept with cache: false', async () => {
    const { read, requests } = await start({ cache: false });
    expect([await read(), await read()]).toEqual([PUBLISHED, PUBLISHED]);
    expect(requests).toHaveLength(2);
  });
});

describe('the options', () => {
  it.each<[object, string]>([
    [{ cache: 'folder' }, 'cache: expected true, false, directoryCache(path), or an object with read, write'],
    [{ mirror: 'clippo.example' }, 'mirror: expected an http or https address of a folder'],
    [{ mirror: 'file:///models' }, 'mirror: expected an http or https address of a folder'],
    [{ offline: 'yes' }, 'offline: expected true or false, got "yes"'],
    [{ offline: true, cache: false }, 'offline takes everything from the cache, and cache is false.'],
    [{ sha256: 'abc' }, 'sha256: expected 64 hex digits, got "abc"'],
    [{ retries: -1 }, 'retries: expected a number from 0 to 100, got -1'],
    [{ stallSeconds: 0 }, 'stallSeconds: expected a number from 0.01 to 3600, got 0'],
  ])('%j is refused', (options, message) => {
    expect(() => resolveDownloads('here', options)).toThrow(ConfigError);
    expect(() => resolveDownloads('here', options)).toThrow(`here: ${message}`);
  });

  it('may stand in the environment', () => {
    const before = { ...process.env };
    Object.assign(process.env, { CLIPPO_MIRROR: 'https://example.org/m', CLIPPO_OFFLINE: '1' });
    process.env.CLIPPO_CACHE = path('elsewhere');
    try {
      const { mirror, offline, cache } = resolveDownloads('here', {});
      expect([mirror?.href, offline, cache?.place]).toEqual([
        'https://example.org/m/',
        true,
        path('elsewhere'),
      ]);
      process.env.CLIPPO_OFFLINE = '0';
      expect(resolveDownloads('here', { mirror: 'http://a.org/' })).toMatchObject({ offline: false });
    } finally {
      process.env = before;
    }
  });
});

function firstPart(cache: MemoryCache): string {
  return [...cache.files.keys()].find((name) => name.endsWith('.0'))!;
}
