import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { gunzip, gunzipByFflate, gunzipByPlatform } from '../../src/data/gzip.ts';
import { Unreadable } from '../../src/data/unreadable.ts';
import { createRandom } from '../../src/random.ts';
import { memoryFile } from '../support/memory-files.ts';
import { join } from '../support/tar-writer.ts';

const random = createRandom(4, 'gzip');
const TEXT = Uint8Array.from({ length: 5000 }, () => 97 + random.integer(4));
const PACKED = join([gzipSync(TEXT.subarray(0, 2000)), gzipSync(TEXT.subarray(2000))]);

const WAYS = { gunzip, gunzipByPlatform, gunzipByFflate };

/** What comes out, and the damage at the end. */
async function unpack(way: typeof gunzip, bytes: Uint8Array, chunk = 100): Promise<[Uint8Array, string]> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of way('a.gz', memoryFile('a.gz', bytes, { chunk }).stream())) parts.push(part);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return [join(parts), error.reason];
  }
  return [join(parts), ''];
}

describe.each(Object.entries(WAYS))('%s', (_, way) => {
  it('reads all members, in chunks of any size', async () => {
    for (const chunk of [1, 13, 1000, 10_000]) {
      expect(await unpack(way, PACKED, chunk)).toEqual([TEXT, '']);
    }
  });

  it('tells a file that breaks off from one that is no gzip', async () => {
    const [beginning, reason] = await unpack(way, PACKED.subarray(0, PACKED.length - 20));
    expect(reason).toBe('truncated');
    expect(TEXT.subarray(0, beginning.length)).toEqual(beginning);
    expect((await unpack(way, new TextEncoder().encode('no gzip at all')))[1]).toBe('corrupt');
  });

  it('survives any damage', async () => {
    for (let run = 0; run < 100; run++) {
      const bytes = PACKED.slice(0, run % 2 === 0 ? random.integer(PACKED.length) : PACKED.length);
      for (let i = random.integer(4); i > 0 && bytes.length > 0; i--)
        bytes[random.integer(bytes.length)] = random.integer(256);
      const [, reason] = await unpack(way, bytes, 300);
      expect(['', 'truncated', 'corrupt']).toContain(reason);
    }
  });

  it('hands on the failure of what it reads, and ends it when nobody reads on', async () => {
    let isEnded = false;
    async function* failing() {
      try {
        yield PACKED.slice(0, 50);
        throw new Unreadable('shard missing', 'a.gz: gone');
      } finally {
        isEnded = true;
      }
    }
    const read = async () => {
      for await (const _ of way('a.gz', failing()));
    };
    await expect(read()).rejects.toThrow('a.gz: gone');
    expect(isEnded).toBe(true);
  });

  it('unpacks little at a time', async () => {
    const bomb = gzipSync(new Uint8Array(2 ** 25));
    let largest = 0;
    let size = 0;
    for await (const part of way('a.gz', memoryFile('a.gz', bomb).stream())) {
      largest = Math.max(largest, part.length);
      size += part.length;
    }
    expect(size).toBe(2 ** 25);
    expect(largest).toBeLessThanOrEqual(2 ** 24 + 2 ** 15); // and the window
  });
});

it('reads an empty file as nothing where fflate does it', async () => {
  expect(await unpack(gunzipByFflate, new Uint8Array(0))).toEqual([new Uint8Array(0), '']);
});
