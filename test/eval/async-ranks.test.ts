// Ranks by tfjs and by ONNX Runtime: those that sorting gives, no tensor or session left behind, progress and aborting.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEmbeddings, type Embeddings } from '../../src/embeddings.ts';
import { retrievalRanksAsync } from '../../src/eval/async-ranks.ts';
import type { RetrievalRanks } from '../../src/eval/rank-tally.ts';
import { retrievalRanks } from '../../src/eval/ranks.ts';
import type { ProgressEvent } from '../../src/progress.ts';
import { createRandom } from '../../src/random.ts';
import { BACKENDS, expectNoLeaks, useBackend } from '../support/backends.ts';
import { countingRuntime } from '../support/counting-runtime.ts';
import { type Retrieval, ranksBySorting, smallRetrievals } from '../support/retrievals.ts';

const runtime = countingRuntime();

type Rank = (retrieval: Retrieval) => Promise<RetrievalRanks>;
const byRuntime: Rank = ({ images, texts, imageOfText }) =>
  retrievalRanksAsync(images, texts, imageOfText, { runtime });
const byBackend: Rank = ({ images, texts, imageOfText }) => retrievalRanksAsync(images, texts, imageOfText);

const engines: (readonly [name: string, rank: Rank])[] = [
  ['ONNX Runtime', byRuntime],
  ...BACKENDS.map((backend): [string, Rank] => [
    `tfjs ${backend}`,
    async (retrieval) => {
      await useBackend(backend);
      return byBackend(retrieval);
    },
  ]),
];

/** Two columns and two rows of blocks. */
function largeRetrieval(value: (dim: number) => number): Retrieval {
  const random = createRandom(2, 'async ranks test');
  const rows = (count: number): Embeddings =>
    createEmbeddings(
      Float32Array.from({ length: 3 * count }, () => value(random.integer(9))),
      3,
    );
  const [images, texts] = [rows(259), rows(2051)];
  return { images, texts, imageOfText: Array.from({ length: 2051 }, () => random.integer(250)) };
}

describe.each(engines)('retrievalRanksAsync by %s', (_name, rank) => {
  expectNoLeaks();

  it('gives the ranks that sorting gives, ties and doubles included', async () => {
    await fc.assert(
      fc.asyncProperty(smallRetrievals, async (retrieval) => {
        expect(await rank(retrieval)).toEqual(ranksBySorting(retrieval));
      }),
      { seed: 2, numRuns: 15 },
    );
  });

  it('gives the same in many blocks', async () => {
    const retrieval = largeRetrieval((integer) => integer - 4);
    expect(await rank(retrieval)).toEqual(ranksBySorting(retrieval));
  });

  it.each([0.1, 1 / Math.sqrt(768)])(
    'gives the last ranks where every vector holds %d only',
    async (value) => {
      const rows = (count: number) => createEmbeddings(new Float32Array(count * 768).fill(value), 768);
      const all = { images: rows(5), texts: rows(7), imageOfText: [0, 1, 2, 3, 4, 0, 0] };
      const { imageToText, textToImage, ties } = await rank(all);
      expect([...textToImage]).toEqual(Array(7).fill(4));
      expect([...imageToText]).toEqual([4, 6, 6, 6, 6]);
      expect(ties).toEqual({ imageToText, textToImage });
    },
  );

  it('agrees with the one that does not wait', async () => {
    const retrieval = largeRetrieval((integer) => Math.sin(integer + 0.1));
    const { images, texts, imageOfText } = retrieval;
    expect(await rank(retrieval)).toEqual(retrievalRanks(images, texts, imageOfText));
  });
});

describe('retrievalRanksAsync', () => {
  expectNoLeaks();
  const { images, texts, imageOfText } = largeRetrieval((integer) => integer - 4);

  it('closes its sessions, opened once a size of block', async () => {
    const before = runtime.opened();
    await retrievalRanksAsync(images, texts, imageOfText, { runtime });
    expect(runtime.opened() - before).toBe(4);
    expect(runtime.open()).toBe(0);
  });

  it('closes them when the runtime fails', async () => {
    runtime.failNext.run = new Error('out of memory');
    await expect(retrievalRanksAsync(images, texts, imageOfText, { runtime })).rejects.toThrow(
      'ONNX Runtime failed: out of memory',
    );
    expect(runtime.open()).toBe(0);
  });

  it('tells how far it is', async () => {
    const events: ProgressEvent[] = [];
    await retrievalRanksAsync(images, texts, imageOfText, { onProgress: (event) => events.push(event) });
    expect(events).toEqual([
      { stage: 'rank', done: 1026, total: 2051, unit: 'texts' },
      { stage: 'rank', done: 2051, total: 2051, unit: 'texts' },
    ]);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const stopped = new Error('enough');
    const onProgress = () => controller.abort(stopped);
    const { signal } = controller;
    await expect(
      retrievalRanksAsync(images, texts, imageOfText, { runtime, signal, onProgress }),
    ).rejects.toBe(stopped);
    expect(runtime.open()).toBe(0);
    await expect(retrievalRanksAsync(images, texts, imageOfText, { signal })).rejects.toBe(stopped);
  });

  it('refuses what it does not know, and what retrievalRanks refuses', async () => {
    const refused = (options: object) => retrievalRanksAsync(images, texts, imageOfText, options);
    await expect(refused({ batch: 1 })).rejects.toThrow('retrievalRanksAsync: unknown option batch');
    await expect(refused({ runtime: {} })).rejects.toThrow('runtime: expected ONNX Runtime, got an object');
    await expect(retrievalRanksAsync(images, texts, [0])).rejects.toThrow(
      'retrievalRanksAsync: imageOfText: expected the row of an image for each of 2051 texts, got 1',
    );
  });
});
