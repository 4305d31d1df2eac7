// Reading and writing files: what is whole, what is told, and what survives when it goes wrong.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CheckpointError, DataError } from '../../src/errors.ts';
import { readFile, writeFile } from '../../src/node/index.ts';
import type { ProgressEvent } from '../../src/progress.ts';
import { temporaryFolder } from './temporary-folder.ts';

const path = temporaryFolder();
const isRoot = process.getuid?.() === 0;
const chunk = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('readFile', () => {
  it.each([
    ['a path', (file: string) => file],
    ['a file URL', (file: string) => pathToFileURL(file)],
    ['a file URL as text', (file: string) => pathToFileURL(file).href],
  ])('takes %s', async (_, locate) => {
    writeFileSync(path('ä b.bin'), chunk(1, 2, 3));
    expect(await readFile(locate(path('ä b.bin')))).toEqual(chunk(1, 2, 3));
  });

  it('reads an empty file', async () => {
    writeFileSync(path('empty'), '');
    expect(await readFile(path('empty'))).toEqual(chunk());
  });

  it('reports progress up to the end', async () => {
    writeFileSync(path('large'), new Uint8Array(65 * 2 ** 20));
    const events: ProgressEvent[] = [];
    const bytes = await readFile(path('large'), { onProgress: (event) => events.push(event) });
    expect(bytes.length).toBe(65 * 2 ** 20);
    expect(events.at(-1)).toEqual({ stage: 'read', done: bytes.length, total: bytes.length, unit: 'bytes' });
    expect(events.length).toBeGreaterThan(1);
    const counts = events.map(({ done }) => done);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
  });

  it('stops when it is aborted, with the reason of the signal', async () => {
    writeFileSync(path('large'), new Uint8Array(65 * 2 ** 20));
    const reason = new Error('enough');
    await expect(readFile(path('large'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const reading = readFile(path('large'), {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(reading).rejects.toBe(reason);
  });

  it('tells what cannot be read', async () => {
    writeFileSync(path('file'), '');
    await expect(readFile(path('no'))).rejects.toThrow(
      `Cannot read ${path('no')}: there is no such file or folder.`,
    );
    await expect(readFile(path())).rejects.toThrow('it is a folder. Give the path of a readable file.');
    await expect(readFile(path('file', 'x'))).rejects.toThrow('a part of its path is not a folder.');
    await expect(readFile('a\0b')).rejects.toBeInstanceOf(DataError);
  });

  it.skipIf(isRoot)('tells what may not be read', async () => {
    writeFileSync(path('secret'), '');
    chmodSync(path('secret'), 0);
    await expect(readFile(path('secret'))).rejects.toThrow('permission denied.');
  });

  it.skipIf(process.platform === 'win32')('reads a pipe, which has no size', async () => {
    execFileSync('mkfifo', [path('pipe')]);
    const reading = readFile(path('pipe'));
    await writeFile(path('pipe'), [chunk(1, 2), chunk(3)]);
    expect(new Uint8Array(await reading)).toEqual(chunk(1, 2, 3));
    expect(lstatSync(path('pipe')).isFIFO()).toBe(true);
  });
});

describe('writeFile', () => {
  it('writes the chunks one after the other and leaves nothing else', async () => {
    await writeFile(path('a'), [chunk(1, 2), chunk(), chunk(3)]);
    await writeFile(pathToFileURL(path('b')), []);
    expect(new Uint8Array(readFileSync(path('a')))).toEqual(chunk(1, 2, 3));
    expect(readFileSync(path('b')).length).toBe(0);
    expect(readdirSync(path()).sort()).toEqual(['a', 'b']);
  });

  it('asks for a chunk when the one before is written', async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield chunk(1);
      const [temporary] = readdirSync(path());
      expect(readFileSync(path(temporary!)).length).toBe(1);
      yield chunk(2);
    }
    await writeFile(path('a'), chunks());
    expect(new Uint8Array(readFileSync(path('a')))).toEqual(chunk(1, 2));
  });

  it('replaces a file, keeps its mode, and follows a link to it', async () => {
    writeFileSync(path('a'), 'old');
    chmodSync(path('a'), 0o600);
    symlinkSync(path('a'), path('link'));
    await writeFile(path('link'), [chunk(7)]);
    expect(new Uint8Array(readFileSync(path('a')))).toEqual(chunk(7));
    expect(lstatSync(path('link')).isSymbolicLink()).toBe(true);
    if (process.platform !== 'win32') expect(statSync(path('a')).mode & 0o777).toBe(0o600);
  });

  function* failing(error: Error): Generator<Uint8Array> {
    yield chunk(1, 2, 3);
    throw error;
  }

  const full = Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' });
  it.each([
    ['a full disk', full, 'the disk is full. What was there before is unchanged.'],
    ['any error', new Error('out of chunks'), 'out of chunks. What was there before is unchanged.'],
    [
      'an error of ours, as it is',
      new CheckpointError('the checksum is wrong.'),
      /^the checksum is wrong\.$/,
    ],
  ])('keeps the old file on %s', async (_, error, message) => {
    writeFileSync(path('a'), 'old');
    await expect(writeFile(path('a'), failing(error))).rejects.toThrow(message);
    expect(readFileSync(path('a'), 'utf8')).toBe('old');
    expect(readdirSync(path())).toEqual(['a']);
  });

  it('leaves nothing where nothing was', async () => {
    await expect(writeFile(path('a'), failing(full))).rejects.toThrow(
      /^Cannot write .*a: the disk is full\.$/,
    );
    expect(readdirSync(path())).toEqual([]);
  });

  it('keeps the old file when it is aborted, before and between chunks', async () => {
    writeFileSync(path('a'), 'old');
    const reason = new Error('enough');
    await expect(writeFile(path('a'), [chunk(1)], { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    let closed = false;
    function* chunks(): Generator<Uint8Array> {
      try {
        yield chunk(1);
        controller.abort(reason);
        yield chunk(2);
      } finally {
        closed = true;
      }
    }
    await expect(writeFile(path('a'), chunks(), { signal: controller.signal })).rejects.toBe(reason);
    expect(closed).toBe(true);
    expect(readFileSync(path('a'), 'utf8')).toBe('old');
    expect(readdirSync(path())).toEqual(['a']);
  });

  it('keeps the old file when the abort comes with the last chunk', async () => {
    writeFileSync(path('a'), 'old');
    const controller = new AbortController();
    function* chunks(): Generator<Uint8Array> {
      yield chunk(1);
      controller.abort();
    }
    await expect(writeFile(path('a'), chunks(), { signal: controller.signal })).rejects.toThrow('aborted');
    expect(readFileSync(path('a'), 'utf8')).toBe('old');
    expect(readdirSync(path())).toEqual(['a']);
  });

  it('tells a target that cannot be', async () => {
    mkdirSync(path('folder'));
    writeFileSync(path('file'), '');
    await expect(writeFile(path('folder'), [])).rejects.toThrow(/^Cannot write .*folder: it is a folder\.$/);
    await expect(writeFile(path('no', 'a'), [])).rejects.toThrow('there is no such file or folder.');
    await expect(writeFile(path('file', 'a'), [])).rejects.toThrow('a part of its path is not a folder.');
    expect(readdirSync(path()).sort()).toEqual(['file', 'folder']);
  });

  it.skipIf(isRoot || process.platform === 'win32')('tells a folder that may not be written', async () => {
    mkdirSync(path('locked'));
    writeFileSync(path('locked', 'a'), 'old');
    chmodSync(path('locked'), 0o500);
    await expect(writeFile(path('locked', 'a'), [chunk(1)])).rejects.toThrow('permission denied.');
    chmodSync(path('locked'), 0o700);
    expect(readdirSync(path('locked'))).toEqual(['a']);
    expect(readFileSync(path('locked', 'a'), 'utf8')).toBe('old');
  });

  it.skipIf(!existsSync('/dev/full'))('writes a device as it is and tells that it is full', async () => {
    await expect(writeFile('/dev/full', [chunk(1)])).rejects.toThrow(
      /^Cannot write \/dev\/full: the disk is full\.$/,
    );
    expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
    await writeFile('/dev/null', [chunk(1)]);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});
