// Bytes → lines, by streaming. A line ends with \n or \r\n; the last one need not.

import { concatenate } from './byte-file.ts';
import { Unreadable } from './unreadable.ts';

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Where it begins in the stream, in bytes. */
  readonly start: number;
  /** Without its end; UTF-8. To be decoded before the next line is asked for. */
  readonly bytes: Uint8Array;
}

/** A picture of 64 MiB in base64, and room. */
const MAX_LINE = 100 * 2 ** 20;

/** @throws Unreadable when a line is longer than 100 MiB, which no line is */
export async function* readLines(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 1;
  let start = 0;
  let held: Uint8Array[] = []; // the beginning of a line that goes on in the next chunk
  let heldSize = 0;
  for await (const chunk of chunks) {
    let at = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, at)) {
      const rest = chunk.subarray(at, end);
      const bytes = heldSize > 0 ? concatenate([...held, rest], heldSize + rest.length) : rest;
      yield { number, start, bytes: withoutReturn(bytes) };
      number++;
      start += bytes.length + 1;
      held = [];
      heldSize = 0;
      at = end + 1;
    }
    if (at === chunk.length) continue;
    held.push(chunk.subarray(at));
    heldSize += chunk.length - at;
    if (heldSize > MAX_LINE) {
      throw new Unreadable('corrupt', `${name}: line ${number} is longer than ${MAX_LINE} bytes.`);
    }
  }
  if (heldSize > 0) yield { number, start, bytes: withoutReturn(concatenate(held, heldSize)) };
}

function withoutReturn(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
}
