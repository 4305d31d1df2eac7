// gzip (RFC 1952) → bytes, by streaming. A file may be several members in a row, as parallel writers and `cat` make
// them. Node's own decompressor goes on from member to member and checks sums; that of the browsers stops after the
// first, so there fflate does it, without the sums.

import { Gunzip } from 'fflate';
import { Unreadable, wordsOf } from './unreadable.ts';

/** @throws Unreadable: `truncated` or `corrupt` */
export async function* gunzip(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* (await platformReadsMembers()) ? gunzipByPlatform(name, chunks) : gunzipByFflate(name, chunks);
}

/** Two members, `a` and `b`, deflated without compression. */
const TWO_MEMBERS = Uint8Array.of(
  ...[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 75, 4, 0, 67, 190, 183, 232, 1, 0, 0, 0],
  ...[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 75, 2, 0, 249, 239, 190, 113, 1, 0, 0, 0],
);
let probe: Promise<boolean> | undefined;

function platformReadsMembers(): Promise<boolean> {
  probe ??= (async () => {
    let size = 0;
    try {
      for await (const chunk of gunzipByPlatform('probe', [TWO_MEMBERS])) size += chunk.length;
    } catch {}
    return size === 2;
  })();
  return probe;
}

export async function* gunzipByPlatform(
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let failure: { readonly error: unknown } | undefined; // of the chunks, which the pipe may report in words of its own
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  const reader = streamOf(watched()).pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw failure?.error ?? damaged(name, cause);
  } finally {
    reader.cancel().catch(() => {}); // ends the transfer when nobody reads on
  }
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>); // no reader here hands out shared memory
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

/** Bytes handed over at once: they become up to a thousand times as many, which all lie in memory. */
const PACKED = 16 * 1024;

export async function* gunzipByFflate(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let unpacked: Uint8Array[] = [];
  const stream = new Gunzip((chunk) => void unpacked.push(chunk));
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    for (let at = 0; at < chunk.length; at += PACKED) {
      push(chunk.subarray(at, at + PACKED), false);
      yield* unpacked;
      unpacked = [];
    }
  }
  if (size === 0) return;
  push(new Uint8Array(0), true);
  yield* unpacked;

  function push(chunk: Uint8Array, final: boolean): void {
    try {
      stream.push(chunk, final);
    } catch (cause) {
      throw damaged(name, cause);
    }
  }
}

function damaged(name: string, cause: unknown): Unreadable {
  const words = wordsOf(cause);
  const reason = /unexpected e(nd|of)|truncated/i.test(words) ? 'truncated' : 'corrupt';
  return new Unreadable(reason, `${name}: gzip: ${words}`, { cause });
}
