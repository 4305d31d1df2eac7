// A stream of chunks, or a file with random access → bytes in the amounts a format asks for. What is skipped in a
// file with random access is never fetched.

import { type RandomAccessFile, readSlice } from './byte-file.ts';

export interface ByteReader {
  /** Bytes from the start. */
  readonly position: number;
  /** The next `count` bytes, fewer at the end. Valid until the next call; memory is taken only for bytes that came. */
  read(count: number): Promise<Uint8Array>;
  /** Goes on by `count` bytes. @returns how many of them there were */
  skip(count: number): Promise<number>;
  close(): Promise<void>;
}

const EMPTY = new Uint8Array(0);

export function streamReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let chunk: Uint8Array = EMPTY;
  let offset = 0;
  let position = 0;

  async function nextChunk(): Promise<boolean> {
    const { done, value } = await iterator.next();
    chunk = done ? EMPTY : value;
    offset = 0;
    return !done;
  }

  function take(count: number): Uint8Array {
    const taken = chunk.subarray(offset, offset + count);
    offset += taken.length;
    position += taken.length;
    return taken;
  }

  async function read(count: number): Promise<Uint8Array> {
    const first = take(count);
    if (first.length === count) return first;
    const parts = [first];
    let missing = count - first.length;
    while (missing > 0 && (await nextChunk())) {
      const part = take(missing);
      parts.push(part);
      missing -= part.length;
    }
    const whole = new Uint8Array(count - missing);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  async function skip(count: number): Promise<number> {
    let missing = count - take(count).length;
    while (missing > 0 && (await nextChunk())) missing -= take(missing).length;
    return count - missing;
  }

  return {
    get position() {
      return position;
    },
    read,
    skip,
    async close() {
      await iterator.return?.();
    },
  };
}

/** Headers of small members lie close together: one request fetches several. */
const WINDOW = 64 * 1024;

export function sliceReader(file: RandomAccessFile): ByteReader {
  let window: Uint8Array = EMPTY;
  let windowStart = 0;
  let position = 0;

  async function read(count: number): Promise<Uint8Array> {
    const end = Math.min(position + count, file.size);
    if (position < windowStart || end > windowStart + window.length) {
      windowStart = position;
      window = await readSlice(file, position, Math.min(Math.max(end, position + WINDOW), file.size));
    }
    const bytes = window.subarray(position - windowStart, end - windowStart);
    position = end;
    return bytes;
  }

  async function skip(count: number): Promise<number> {
    const skipped = Math.min(count, file.size - position);
    position += skipped;
    return skipped;
  }

  return {
    get position() {
      return position;
    },
    read,
    skip,
    async close() {},
  };
}
