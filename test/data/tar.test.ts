import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRandomAccess } from '../../src/data/byte-file.ts';
import { sliceReader, streamReader } from '../../src/data/byte-reader.ts';
import type { ByteFile } from '../../src/data/index.ts';
import { tarMembers } from '../../src/data/tar.ts';
import { Unreadable } from '../../src/data/unreadable.ts';
import { bytesOf, memoryFile } from '../support/memory-files.ts';
import { join, longName, makeTar, pax, type TarEntry } from '../support/tar-writer.ts';

function readerOf(file: ByteFile) {
  return isRandomAccess(file) ? sliceReader(file) : streamReader(file.stream());
}

/** `path=content` of every member, and the damage at the end. */
async function listTar(file: ByteFile): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const member of tarMembers(file.name, readerOf(file))) {
      if (!isRandomAccess(file)) {
        lines.push(`${member.path}=${new TextDecoder().decode(await member.bytes())}`);
        continue;
      }
      const bytes = await file.slice(member.start, member.start + member.size);
      lines.push(`${member.path}=${new TextDecoder().decode(bytes)}`);
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    lines.push(`! ${error.reason}: ${error.message}`);
  }
  return lines;
}

/** The same by a stream in chunks of `chunk` bytes and by random access. */
async function listBoth(bytes: Uint8Array, chunk = 100): Promise<string[]> {
  const streamed = await listTar(memoryFile('a.tar', bytes, { chunk, seekable: false }));
  const indexed = await listTar(memoryFile('a.tar', bytes));
  const isDamaged = streamed.at(-1)?.startsWith('!');
  // Random access finds a member that is cut short by its header already; a stream only when it reads it.
  if (!isDamaged) expect(indexed).toEqual(streamed);
  return streamed;
}

const LONG = `${'folder/'.repeat(30)}picture.jpg`;

describe('tar', () => {
  it.each<[string, readonly TarEntry[], string[]]>([
    ['ustar', [{ path: 'a.txt', content: 'one' }], ['a.txt=one']],
    ['ustar with a prefix', [{ path: 'a', prefix: 'x/y', content: 'one' }], ['x/y/a=one']],
    [
      'a full block',
      [{ path: 'a', content: 'x'.repeat(512) }, { path: 'b' }],
      [`a=${'x'.repeat(512)}`, 'b='],
    ],
    ['v7', [{ path: 'a', magic: 'v7', content: 'one', type: '\0' }], ['a=one']],
    ['a v7 folder', [{ path: 'a/', magic: 'v7', type: '\0', size: 700 }, { path: 'a/b' }], ['a/b=']],
    ['GNU, whose prefix is none', [{ path: 'a', magic: 'gnu', prefix: '123' }], ['a=']],
    [
      'GNU long name',
      [longName(LONG), { path: 'cut', content: 'one' }, { path: 'b' }],
      [`${LONG}=one`, 'b='],
    ],
    ['GNU long link', [longName(LONG), longName('x', 'K'), { path: 'cut' }], [`${LONG}=`]],
    [
      'pax path',
      [pax({ path: 'größe.txt', mtime: '1.5' }), { path: 'g' }, { path: 'b' }],
      ['größe.txt=', 'b='],
    ],
    [
      'pax size',
      [pax({ size: '3' }), { path: 'a', content: 'one', size: 0 }, { path: 'b' }],
      ['a=one', 'b='],
    ],
    [
      'global pax',
      [pax({ path: 'all' }, 'g'), { path: 'a' }, pax({ path: 'b' }), { path: 'c' }],
      ['all=', 'b='],
    ],
    ['base 256', [{ path: 'a', base256: true, content: 'one' }, { path: 'b' }], ['a=one', 'b=']],
    ['signed checksum', [{ path: 'ä', signed: true, content: 'one' }], ['ä=one']],
    [
      'links, folders and devices',
      [
        { path: 'l', type: '1', size: 999 },
        { path: 'd', type: '5' },
        { path: 's', type: '2' },
        { path: 'f' },
      ],
      ['f='],
    ],
    ['an unknown type with data', [{ path: 'v', type: 'V', content: 'label' }, { path: 'f' }], ['f=']],
  ])('reads %s', async (_, entries, expected) => {
    for (const chunk of [1, 7, 511, 512, 513, 100_000]) {
      expect(await listBoth(makeTar(entries), chunk)).toEqual(expected);
    }
  });

  it('ends with two blocks of zeros, or with the file', async () => {
    const entry = { path: 'a', content: 'one' };
    const junk = bytesOf('junk');
    for (const end of [0, 512, 1024]) {
      expect(await listBoth(makeTar([entry], new Uint8Array(end)))).toEqual(['a=one']);
    }
    expect(await listBoth(join([makeTar([entry]), junk]))).toEqual(['a=one']);
    const gap = join([makeTar([entry], new Uint8Array(512)), makeTar([{ path: 'b' }])]);
    expect(await listBoth(gap)).toEqual(['a=one', 'b=']);
    expect(await listBoth(new Uint8Array(0))).toEqual([]);
    // Without the padding of its last member.
    expect(await listBoth(makeTar([entry]).subarray(0, 515))).toEqual(['a=one']);
  });

  it.each<[string, Uint8Array, string]>([
    [
      'a wrong checksum',
      makeTar([{ path: 'a' }]).fill(120, 0, 1),
      'corrupt: a.tar, near byte 512: tar header: the checksum says',
    ],
    [
      'no tar at all',
      bytesOf('<html>'.repeat(200)),
      'corrupt: a.tar, near byte 512: tar header: checksum is "l><html>", expected octal digits.',
    ],
    [
      'a size over 2^53',
      makeTar([{ path: 'a', base256: true, size: 2 ** 60 }]),
      'corrupt: a.tar, near byte 512: tar header: size is negative or over 2^53.',
    ],
    [
      'a size that fits no file',
      makeTar([{ path: 'a', base256: true, size: 2 ** 53 - 1 }]),
      'corrupt: a.tar, near byte 512: tar: a claims 9007199254740991 bytes.',
    ],
    [
      'a hostile size',
      makeTar([{ path: 'a', base256: true, size: 2 ** 50 }]),
      'truncated: a.tar, near byte 1536: tar: breaks off within a, which has 1125899906842624 bytes.',
    ],
    [
      'a hostile long name',
      makeTar([{ path: 'x', type: 'L', size: 2 ** 32 }]),
      'corrupt: a.tar, near byte 512: tar: a long name or pax header claims 4294967296 bytes.',
    ],
    [
      'a pax record of no length',
      makeTar([{ path: 'x', type: 'x', content: 'path=a\n' }]),
      'corrupt: a.tar, near byte 1024: tar: a pax record begins with "path=a".',
    ],
    [
      'a pax record that ends outside',
      makeTar([{ path: 'x', type: 'x', content: '99 path=a\n' }]),
      'corrupt: a.tar, near byte 1024: tar: a pax record begins with "99".',
    ],
    [
      'a pax size that is none',
      makeTar([pax({ size: '-1' }), { path: 'a' }]),
      'corrupt: a.tar, near byte 1536: tar: a pax header says size=-1.',
    ],
    [
      'a sparse file',
      makeTar([{ path: 'a', type: 'S' }]),
      'corrupt: a.tar, near byte 512: tar: a is a sparse file. Write the archive without --sparse.',
    ],
    [
      'half a header',
      makeTar([{ path: 'a' }]).subarray(0, 300),
      'truncated: a.tar, near byte 300: tar: breaks off within a header.',
    ],
    [
      'a pax header of nothing',
      makeTar([pax({ path: 'a' })], new Uint8Array(0)),
      'truncated: a.tar, near byte 1024: tar: breaks off within a header.',
    ],
  ])('says what is wrong with %s', async (_, bytes, message) => {
    const lines = await listBoth(bytes);
    expect(lines.at(-1)).toContain(`! ${message}`);
  });

  it('reads a file with random access by its headers alone', async () => {
    const large = 'x'.repeat(300_000);
    const bytes = makeTar([{ path: 'a', content: large }, { path: 'b', content: large }, { path: 'c' }]);
    const file = memoryFile('a.tar', bytes);
    let fetched = 0;
    const counting = {
      ...file,
      size: bytes.length,
      slice: async (start: number, end: number) => {
        fetched += end - start;
        return bytes.slice(start, end);
      },
    };
    const paths: string[] = [];
    for await (const { path } of tarMembers('a.tar', sliceReader(counting))) paths.push(path);
    expect(paths).toEqual(['a', 'b', 'c']);
    expect(fetched).toBeLessThan(bytes.length / 3);
  });

  it('hands out memory of its own', async () => {
    const file = memoryFile('a.tar', makeTar([{ path: 'a', content: 'one' }]), { seekable: false });
    for await (const member of tarMembers('a.tar', readerOf(file))) {
      expect((await member.bytes()).buffer.byteLength).toBe(3);
    }
  });

  it('ends the stream when nobody reads on', async () => {
    let isEnded = false;
    async function* stream() {
      try {
        yield makeTar([{ path: 'a' }, { path: 'b' }]);
        yield new Uint8Array(1024);
      } finally {
        isEnded = true;
      }
    }
    for await (const _ of tarMembers('a.tar', streamReader(stream()))) break;
    expect(isEnded).toBe(true);
  });

  it('gives a beginning of its members however short it is cut', async () => {
    const whole = makeTar([
      { path: 'a.txt', content: 'one' },
      longName(LONG),
      { path: 'cut', content: 'two' },
      pax({ path: 'c.txt' }),
      { path: 'c', content: 'three' },
    ]);
    const expected = ['a.txt=one', `${LONG}=two`, 'c.txt=three'];
    for (let length = 0; length <= whole.length; length++) {
      const lines = await listBoth(whole.subarray(0, length), 700);
      const damage = lines.filter((line) => line.startsWith('!'));
      const members = lines.filter((line) => !line.startsWith('!'));
      expect(damage.length).toBeLessThanOrEqual(1);
      expect(members).toEqual(expected.slice(0, members.length));
    }
  });

  it('survives any damage', async () => {
    const whole = makeTar([{ path: 'a', content: 'one' }, pax({ path: 'b' }), { path: 'c', base256: true }]);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.integer({ min: 1, max: 1500 }), async (changes, chunk) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        await listTar(memoryFile('a.tar', bytes, { chunk, seekable: false }));
        await listTar(memoryFile('a.tar', bytes));
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('survives headers with a true checksum and hostile fields', async () => {
    const entry = fc.record({
      path: fc.string({ maxLength: 20 }),
      type: fc.constantFrom('0', '\0', '1', '5', '7', 'x', 'g', 'L', 'K', 'S', 'V'),
      size: fc.oneof(fc.nat(3000), fc.nat(2 ** 33 - 1), fc.maxSafeNat()),
      base256: fc.boolean(),
      content: fc.oneof(
        fc.string({ maxLength: 600 }),
        fc.constant('13 path=name\n'),
        fc.constant('9 size=2\n'),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 4 }), async (entries) => {
        // Octal fields hold up to 8 GiB.
        const bytes = makeTar(
          entries.map((one) => ({ ...one, base256: one.base256 || one.size >= 2 ** 33 })),
        );
        await listTar(memoryFile('a.tar', bytes, { chunk: 300, seekable: false }));
        await listTar(memoryFile('a.tar', bytes));
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
