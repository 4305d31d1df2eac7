import { rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchSource } from '../../src/data/index.ts';
import { createWorkerBatches, encodePng } from '../../src/node/index.ts';
import { type WorkerBatchesOptions, workerBatches } from '../../src/node/worker-batches.ts';
import { createRandom } from '../../src/random.ts';
import { buildDataWorker } from '../support/data-worker.ts';
import { digestsOf, takeBatches } from '../support/record-sources.ts';
import { makeTar, type TarEntry } from '../support/tar-writer.ts';
import { temporaryFolder } from './temporary-folder.ts';

let url: URL;
beforeAll(async () => {
  url = await buildDataWorker();
});
afterAll(() => rmSync(dirname(fileURLToPath(url)), { recursive: true }));

const path = temporaryFolder();

/** Two shards, one text file of pairs; one picture in ten is none. */
function writeData(): WorkerBatchesOptions {
  const random = createRandom(1);
  const noise = (): Uint8Array => Uint8Array.from({ length: 12 * 9 * 3 }, () => random.integer(256));
  for (const shard of ['a', 'b']) {
    const entries = Array.from({ length: 30 }, (_, i): TarEntry[] => [
      {
        path: `${shard}${i}.png`,
        content:
          i % 10 === 7 ? 'no picture' : encodePng({ width: 12, height: 9, channels: 3, data: noise() }),
      },
      {
        path: `${shard}${i}.json`,
        content: JSON.stringify({ captions: [`${shard} ${i}`, `twin ${i}`, 'x'] }),
      },
    ]);
    writeFileSync(path(`${shard}.tar`), makeTar(entries.flat()));
  }
  writeFileSync(path('names.tsv'), Array.from({ length: 9 }, (_, i) => `one ${i}\tuno ${i}\n`).join(''));
  return {
    folder: path(),
    sources: [
      { source: { type: 'webdataset', files: '*.tar' }, weight: 3 },
      { source: { type: 'parallel-text', kind: 'tsv', files: 'names.tsv' }, from: 2 },
    ],
    batchSize: 7,
    size: 16,
    shuffleBuffer: 25,
    seed: 5,
    augment: { rotate: 20, hue: 60, blur: 0.5 },
    augmentRamp: 50,
    distinct: true,
    maxBroken: 0.5,
  };
}

async function run(options: WorkerBatchesOptions, count: number) {
  const batches = workerBatches(options, url);
  try {
    const digests = digestsOf(await takeBatches(batches, count));
    return { digests, position: batches.position() };
  } finally {
    await batches.close();
  }
}

describe('createWorkerBatches', () => {
  it('gives the same batches and positions with any number of threads', async () => {
    const options = writeData();
    const inline = await run({ ...options, workers: 0 }, 20);
    expect(new Set(inline.digests).size).toBe(20);
    expect(await run({ ...options, workers: 1 }, 20)).toEqual(inline);
    expect(await run({ ...options, workers: 2, prefetch: 4 }, 20)).toEqual(inline);
  });

  it('sends texts that are not drawn as they are', async () => {
    const options = { ...writeData(), drawTexts: false } as const;
    const texts = async (workers: number) => {
      const batches = workerBatches({ ...options, workers }, url);
      const [batch] = await takeBatches(batches as BatchSource, 1);
      await batches.close();
      return batch!.texts;
    };
    const inline = await texts(0);
    expect(inline.every((text) => typeof text === 'string')).toBe(true);
    expect(await texts(1)).toEqual(inline);
  });

  it('goes on where another number of threads stopped', async () => {
    const options = writeData();
    const { digests } = await run({ ...options, workers: 0 }, 25);
    for (const [stop, before, after] of [
      [4, 2, 1],
      [11, 1, 2],
      [17, 0, 2],
    ] as const) {
      const { position } = await run({ ...options, workers: before }, stop);
      const rest = await run({ ...options, workers: after, position }, 25 - stop);
      expect(rest.digests).toEqual(digests.slice(stop));
    }
  });

  it('gives the pixels of a batch as views of few buffers', async () => {
    const batches = workerBatches({ ...writeData(), workers: 1, distinct: false, maxBroken: 1 }, url);
    const [batch] = await takeBatches(batches, 1);
    await batches.close();
    const buffers = new Set([...batch!.images, ...batch!.texts].map(({ data }) => data.buffer));
    expect(buffers.size).toBeLessThanOrEqual(2); // what replaces broken ones comes in a second one
  });

  it('counts what is broken in the threads', async () => {
    const causes: string[] = [];
    const batches = workerBatches(
      { ...writeData(), workers: 2, onBroken: ({ cause }) => causes.push(cause) },
      url,
    );
    await takeBatches(batches, 12);
    await batches.close();
    expect(causes).toEqual(['bad image']);
    expect(batches.report()).toMatchObject({ batches: 12, examples: 84 });
    expect(batches.report().brokenByCause['bad image']).toBeGreaterThan(1);
  });

  it('hands on errors of the threads as they are', async () => {
    writeFileSync(path('empty.tsv'), '');
    const source = { type: 'parallel-text', kind: 'tsv', files: 'empty.tsv' } as const;
    const batches = workerBatches({ ...writeData(), sources: [{ source }], workers: 2 }, url);
    await expect(takeBatches(batches, 1)).rejects.toMatchObject({
      name: 'DataError',
      message: expect.stringContaining('empty.tsv: holds no examples.'),
    });
  });

  it('says so when a thread dies, and leaves nobody waiting', async () => {
    const missing = workerBatches({ ...writeData(), workers: 2 }, new URL('missing.mjs', url));
    await expect(takeBatches(missing, 1)).rejects.toThrow(
      /A thread that prepares data has crashed: Cannot find module/,
    );
    writeFileSync(path('crash.mjs'), 'setTimeout(() => process.exit(7), 10);');
    const crash = workerBatches({ ...writeData(), workers: 1 }, new URL(`file://${path('crash.mjs')}`));
    await expect(takeBatches(crash, 1)).rejects.toThrow(/has ended with code 7/);
  });

  it('ends its threads with the signal and with close, also while they work', async () => {
    const controller = new AbortController();
    const batches = workerBatches({ ...writeData(), workers: 2, signal: controller.signal }, url);
    const waiting = takeBatches(batches, 1000);
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await expect(waiting).rejects.toThrow('enough');
    await batches.close();
  });

  it('names all wrong options at once', () => {
    const options = {
      batchSize: 0,
      size: 16,
      textRows: 2,
      sources: [
        { source: { type: 'webdataset', files: 'a.tar', captoins: [] } },
        { source: { type: 'tar', files: 'a.tar' }, wieght: 2 },
        { source: { type: 'coco', files: 'a.json' }, weight: -1 },
      ],
      workers: 99,
      folder: path(),
      foo: 1,
      text: { font: {} },
    } as unknown as WorkerBatchesOptions;
    const complaint = (): unknown => createWorkerBatches(options);
    for (const part of [
      /^createWorkerBatches: /,
      /batchSize: expected a whole number/,
      /textRows: expected 'all', 'used' or a whole number from 1 to 1/,
      /sources\[0\]: readWebDataset: unknown option captoins/,
      /sources\[1\]: unknown wieght; known are source, weight, from, until, pair/,
      /sources\[1\]: source: type: expected one of webdataset, .*, got "tar"/,
      /sources\[2\]\.weight: expected a number of at least 0, got -1/,
      /sources\[2\]: readCocoCaptions: images: expected a FileTree/,
      /workers: expected a whole number from 0 to 64, got 99/,
      /text\.font: a font cannot be sent to another thread/,
      /unknown foo; known are sources, workers, folder, size/,
    ]) {
      expect(complaint).toThrow(part);
    }
  });
});
