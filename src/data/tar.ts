// A tar file → its members, one after the other, in whatever memory the largest header needs: ustar, pax (path and
// size, global ones too), GNU long names and base-256 sizes. Members hand out their bytes on request; what is not
// asked for is skipped, and in a file with random access never read.
// Simplified: links, folders and devices are passed over; sparse files are refused.

import type { ByteReader } from './byte-reader.ts';
import { BLOCK, isZeroBlock, parseLongName, parsePaxRecords, parseTarHeader } from './tar-header.ts';
import { Unreadable } from './unreadable.ts';

export interface TarMember {
  readonly path: string;
  /** Where its bytes begin in the file. */
  readonly start: number;
  readonly size: number;
  /** Its bytes, which are the caller's. Once, and before the next member. @throws Unreadable */
  bytes(): Promise<Uint8Array>;
}

/** Paths and pax records are short; what claims more is no such thing. */
const MAX_EXTENSION = 2 ** 20;

/**
 * The files of an archive in stored order. It ends with two blocks of zeros or with the file.
 *
 * @throws Unreadable, `truncated` or `corrupt`, after the members that can be read
 */
export async function* tarMembers(name: string, reader: ByteReader): AsyncGenerator<TarMember> {
  const locate = (error: unknown): never => {
    if (!(error instanceof Unreadable)) throw error;
    const place = `${name}, near byte ${reader.position}`;
    throw new Unreadable(error.reason, `${place}: ${error.message}`, { cause: error });
  };
  try {
    yield* members(reader, locate);
  } catch (error) {
    locate(error);
  } finally {
    await reader.close();
  }
}

async function* members(reader: ByteReader, locate: (error: unknown) => never): AsyncGenerator<TarMember> {
  let zeroBlocks = 0;
  const ofAll = new Map<string, string>(); // pax records, and the long name of GNU as if it were one
  let ofNext = new Map<string, string>();
  const extended = (key: string): string | undefined => ofNext.get(key) ?? ofAll.get(key);

  for (;;) {
    const block = await reader.read(BLOCK);
    if (block.length < BLOCK) {
      if (block.length === 0 && ofNext.size === 0) return;
      throw new Unreadable('truncated', 'tar: breaks off within a header.');
    }
    if (block[0] === 0 && isZeroBlock(block)) {
      if (++zeroBlocks === 2) return;
      continue;
    }
    zeroBlocks = 0;
    const header = parseTarHeader(block);

    switch (header.type) {
      case 'x':
        parsePaxRecords(await readExtension(reader, header.size), ofNext);
        continue;
      case 'g':
        parsePaxRecords(await readExtension(reader, header.size), ofAll);
        continue;
      case 'L':
        ofNext.set('path', parseLongName(await readExtension(reader, header.size)));
        continue;
      case 'K': // the target of a link
        await readExtension(reader, header.size);
        continue;
    }

    const path = extended('path') ?? header.path;
    if (header.type === 'S' || (extended('GNU.sparse.major') ?? extended('GNU.sparse.size')) !== undefined) {
      throw new Unreadable('corrupt', `tar: ${path} is a sparse file. Write the archive without --sparse.`);
    }
    const isFile = header.type === '0' || header.type === '7';
    const size = isFile ? (paxSize(extended('size')) ?? header.size) : header.size;
    ofNext = new Map();
    const start = reader.position;
    if (!Number.isSafeInteger(start + padded(size))) {
      throw new Unreadable('corrupt', `tar: ${path} claims ${size} bytes.`);
    }
    if (isFile) yield { path, start, size, bytes: () => readData(reader, path, size).catch(locate) };
    const left = start + size - reader.position;
    if ((await reader.skip(left)) < left) throw cutShort(path, size);
    await reader.skip(padded(size) - size); // the last member may lack its padding
  }
}

async function readData(reader: ByteReader, path: string, size: number): Promise<Uint8Array> {
  const bytes = await reader.read(size);
  if (bytes.length < size) throw cutShort(path, size);
  // A view would keep its whole chunk alive for as long as the sample waits in a shuffle buffer.
  return bytes.byteLength < bytes.buffer.byteLength ? bytes.slice() : bytes;
}

async function readExtension(reader: ByteReader, size: number): Promise<Uint8Array> {
  if (size > MAX_EXTENSION) {
    throw new Unreadable('corrupt', `tar: a long name or pax header claims ${size} bytes.`);
  }
  const bytes = await reader.read(padded(size));
  if (bytes.length < size) throw cutShort('a long name or pax header', size);
  return bytes.subarray(0, size);
}

function paxSize(digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined;
  if (!/^\d{1,15}$/.test(digits)) {
    throw new Unreadable('corrupt', `tar: a pax header says size=${digits.slice(0, 40)}.`);
  }
  return Number(digits);
}

function cutShort(path: string, size: number): Unreadable {
  return new Unreadable('truncated', `tar: breaks off within ${path}, which has ${size} bytes.`);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
