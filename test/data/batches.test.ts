import { describe, expect, it } from 'vitest';
import { type BatchesOptions, createBatches } from '../../src/data/batches.ts';
import type { BatchSource, BrokenExample, JsonValue, RecordSource } from '../../src/data/index.ts';
import { broken } from '../../src/data/record.ts';
import { renderText } from '../../src/render/index.ts';
import {
  digestsOf,
  greysOf,
  numberedRecord,
  numberedSource,
  recordSource,
  takeBatches,
} from '../support/record-sources.ts';

const SMALL = { batchSize: 8, size: 16 } as const;

async function digests(options: BatchesOptions, count: number): Promise<string[]> {
  const batches = createBatches(options);
  const taken = await takeBatches(batches, count);
  await batches.close();
  return digestsOf(taken);
}

/** Two sources of pictures and one of texts, some examples broken, everything by chance. */
function everything(): BatchesOptions {
  const holed = recordSource('holed', 37, (i) =>
    i % 9 === 4
      ? broken(`holed-${i}`, 'no image', 'a hole')
      : numberedRecord('holed', i, { captions: [`hole ${i}`, 'one', 'two', 'three'] }),
  );
  const texts = recordSource('texts', 11, (i) => ({
    kind: 'text-text',
    key: `texts-${i}`,
    texts: [`first ${i}`, `second ${i}`],
  }));
  return {
    ...SMALL,
    sources: [
      { source: numberedSource('plain', 50), weight: 2 },
      { source: holed, from: 1 },
      { source: texts, until: 9, weight: 0.5 },
    ],
    shuffleBuffer: 20,
    seed: 3,
    maxBroken: 0.5,
    augment: { shift: 0.2, hue: 90, background: 1 },
    augmentRamp: 40,
    distinct: true,
  };
}

describe('createBatches', () => {
  it('leaves texts as they are, for models that do not read them as pictures', async () => {
    const texts = recordSource('texts', 9, (i) => ({
      kind: 'text-text',
      key: `texts-${i}`,
      texts: [`first ${i}`, `second ${i}`],
    }));
    const options = {
      ...SMALL,
      sources: [{ source: numberedSource('s', 20) }, { source: texts }],
      shuffleBuffer: 0,
    };
    const batches = createBatches({ ...options, drawTexts: false });
    const [batch] = await takeBatches(batches as BatchSource, 1);
    await batches.close();
    for (const [i, key] of batch!.keys!.entries()) {
      const number = key.match(/\d+$/)![0];
      if (key.startsWith('texts'))
        expect([batch!.images[i], batch!.texts[i]]).toEqual([`first ${number}`, `second ${number}`]);
      else expect([typeof batch!.images[i], batch!.texts[i]]).toEqual(['object', `s ${number}`]);
    }
    for (const [idle, words] of [
      [
        { text: {} },
        'text: says how texts are drawn, drawTexts: false that they are not; leave one of them out',
      ],
      [{ textRows: 1 }, 'textRows: says how texts are drawn'],
    ] as const) {
      expect(() => createBatches({ ...options, ...idle, drawTexts: false })).toThrow(words);
    }
    // @ts-expect-error: neither
    expect(() => createBatches({ ...options, drawTexts: 'no' })).toThrow(
      'drawTexts: expected true or false, got "no"',
    );
  });

  it('pairs every picture with its own text, at the sizes that were asked for', async () => {
    const sources = [{ source: numberedSource('s', 100) }];
    const batches = createBatches({ sources, batchSize: 5, size: 64, textRows: 2, shuffleBuffer: 10 });
    const [batch] = await takeBatches(batches, 1);
    await batches.close();
    for (const [i, grey] of greysOf(batch!).entries()) {
      expect(batch!.images[i]).toMatchObject({ width: 64, height: 64 });
      const text = await renderText(`s ${grey}`, { size: { width: 64, height: 32 } });
      expect(batch!.texts[i]).toEqual({ width: 64, height: 32, channels: text.channels, data: text.data });
    }
    expect(new Set(greysOf(batch!)).size).toBe(5);
  });

  it('draws texts on the rows that they use', async () => {
    const words = ['a', 'a word and another one'];
    const source = recordSource('long', 2, (k) => numberedRecord('long', k, { captions: [words[k]!] }));
    const sources = [{ source }];
    const options = { sources, batchSize: 2, size: 64, textRows: 'used', shuffleBuffer: 0 } as const;
    const batches = createBatches(options);
    const [batch] = await takeBatches(batches, 1);
    await batches.close();
    expect(batch!.texts.map(({ width, height }) => [width, height])).toEqual([
      [64, 16],
      [64, 64], // three lines
    ]);
    const rows = createBatches({ ...options, patchSize: 32 });
    const [coarse] = await takeBatches(rows, 1);
    await rows.close();
    expect(coarse!.texts.map(({ height }) => height)).toEqual([32, 64]);
  });

  it('is the same however far ahead it works', async () => {
    const first = await digests({ ...everything(), prefetch: 0 }, 20);
    expect(new Set(first).size).toBe(20);
    expect(await digests({ ...everything(), prefetch: 5 }, 20)).toEqual(first);
  });

  it('is another for another seed', async () => {
    const [first] = await digests(everything(), 1);
    expect(await digests({ ...everything(), seed: 4 }, 1)).not.toEqual([first]);
  });

  it.each([0, 1, 6, 13, 19])('goes on after batch %d as if it had never stopped', async (stop) => {
    const all = await digests(everything(), 25);
    const before = createBatches(everything());
    await takeBatches(before, stop);
    // As it comes back from a checkpoint.
    const position: JsonValue = JSON.parse(JSON.stringify(before.position()));
    await before.close();
    expect(await digests({ ...everything(), position }, 25 - stop)).toEqual(all.slice(stop));
  });

  it('tells the position after the last batch, whatever is made ahead', async () => {
    const positions = await Promise.all(
      [0, 4].map(async (prefetch) => {
        const batches = createBatches({ ...everything(), prefetch });
        await takeBatches(batches, 12);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await batches.close();
        return batches.position();
      }),
    );
    expect(positions[0]).toEqual(positions[1]);
    expect(positions[0]).toMatchObject({ batches: 12 });
  });

  it('loads only what it hands out when it goes on', async () => {
    const source = numberedSource('s', 100);
    const first = createBatches({ ...SMALL, sources: [{ source }] });
    await takeBatches(first, 9);
    await first.close();
    source.loaded.length = 0;
    const second = createBatches({
      ...SMALL,
      sources: [{ source }],
      position: first.position(),
      prefetch: 0,
    });
    await takeBatches(second, 1);
    await second.close();
    expect(source.loaded).toHaveLength(8);
  });

  it('draws captions by their weights', async () => {
    const source = recordSource('s', 10, (i) =>
      numberedRecord('s', i, { captions: ['a', 'b', 'c'], captionWeights: [3, 0, 1] }),
    );
    const batches = createBatches({ ...SMALL, batchSize: 400, sources: [{ source }] });
    const [{ texts } = { texts: [] }] = await takeBatches(batches, 1);
    await batches.close();
    const a = await renderText('a', { size: 16 });
    const b = await renderText('b', { size: 16 });
    const share = texts.filter(({ data }) => a.data.every((value, i) => value === data[i])).length / 400;
    expect(share).toBeGreaterThan(0.68);
    expect(share).toBeLessThan(0.82);
    expect(texts.some(({ data }) => b.data.every((value, i) => value === data[i]))).toBe(false);
  });

  it('lets changes grow from none', async () => {
    const sources = [{ source: numberedSource('s', 64) }];
    const options = { ...SMALL, sources, shuffleBuffer: 0 };
    const [plain] = await digests(options, 1);
    const changed = { ...options, augment: { brightness: 1 } };
    expect(await digests(changed, 1)).not.toEqual([plain]);
    expect(await digests({ ...changed, augmentRamp: Number.MAX_SAFE_INTEGER }, 1)).toEqual([plain]);
    const [, full] = await digests(changed, 2);
    const [, late] = await digests({ ...changed, augmentRamp: 8 }, 2);
    expect(late).toBe(full);
  });

  it('draw batch: one source a batch', async () => {
    const sources = ['a', 'b'].map((name) => ({
      source: recordSource(name, 40, (i) => numberedRecord(name, name === 'a' ? i : 200)),
    }));
    const batches = createBatches({ ...SMALL, sources, draw: 'batch' });
    const kinds = (await takeBatches(batches, 12)).map((batch) => {
      const isB = greysOf(batch).map((grey) => grey === 200);
      expect(new Set(isB).size).toBe(1);
      return isB[0];
    });
    await batches.close();
    expect(new Set(kinds).size).toBe(2);
  });
});

describe('distinct', () => {
  const repeated = recordSource('s', 60, (i) =>
    numberedRecord('s', i, {
      key: `key ${i % 30}`,
      captions: [i % 2 === 0 ? `Text ${i % 20}` : `text ${i}`],
    }),
  );

  it('puts neither a key nor a text twice into a batch', async () => {
    const sources = [{ source: repeated }];
    const batches = createBatches({ ...SMALL, batchSize: 16, sources, distinct: true });
    for (const batch of await takeBatches(batches, 20)) {
      const greys = greysOf(batch);
      expect(new Set(greys.map((i) => i % 30)).size).toBe(16);
      expect(new Set(greys.map((i) => (i % 2 === 0 ? i % 20 : i))).size).toBe(16);
    }
    const { skippedByCause, broken, examples } = batches.report();
    await batches.close();
    expect(Object.keys(skippedByCause).sort()).toEqual(['same key', 'same text']);
    expect([broken, examples]).toEqual([0, 320]);
  });

  it('otherwise does', async () => {
    const batches = createBatches({ ...SMALL, batchSize: 60, sources: [{ source: repeated }] });
    const [batch] = await takeBatches(batches, 1);
    await batches.close();
    expect(new Set(greysOf(batch!).map((i) => i % 30)).size).toBe(30);
    expect(batches.report().skipped).toBe(0);
  });

  it('says so when a batch cannot be filled', async () => {
    const source = recordSource('few', 10, (i) => numberedRecord('few', i, { captions: [`text ${i % 4}`] }));
    const batches = createBatches({ ...SMALL, sources: [{ source }], distinct: true });
    await expect(takeBatches(batches, 1)).rejects.toThrow(
      /few: none of 10\d\d examples in a row can be used for batch 0 \(same \w+: \d+, same \w+: \d+\)/,
    );
  });
});

describe('broken examples', () => {
  const everyThird = (count: number): RecordSource =>
    recordSource('s', count, (i) =>
      i % 3 === 0 ? broken(`s-${i}`, 'truncated', 'half') : numberedRecord('s', i),
    );

  it('are left out, counted by cause, and told of first and every thousandth', async () => {
    const told: BrokenExample[] = [];
    const batches = createBatches({
      ...SMALL,
      batchSize: 100,
      sources: [{ source: everyThird(3000) }],
      maxBroken: 1,
      onBroken: (example) => told.push(example),
    });
    for (const batch of await takeBatches(batches, 25)) {
      expect(greysOf(batch)).toHaveLength(100);
    }
    await batches.close();
    const report = batches.report();
    expect(report.examples).toBe(2500);
    expect(report.sources[0]?.brokenByCause.truncated).toBeGreaterThanOrEqual(1000);
    expect(report.brokenByCause.truncated).toBe(report.sources[0]?.broken);
    expect(told.map(({ source, cause, count }) => [source, cause, count])).toEqual([
      ['s', 'truncated', 1],
      ['s', 'truncated', 1000],
    ]);
  });

  it('end the run when there are too many', async () => {
    const batches = createBatches({ ...SMALL, batchSize: 100, sources: [{ source: everyThird(1000) }] });
    await takeBatches(batches, 1);
    await expect(takeBatches(batches, 5)).rejects.toThrow(
      /^data: \d+ of the first 20\d examples are broken, more than maxBroken = 0\.05 allows \(truncated: \d+\)\. The last was s-\d+: half\./,
    );
    // It stays ended.
    const { done } = await batches[Symbol.asyncIterator]().next();
    expect(done).toBe(true);
  });

  it('end the run when nothing else is there, whatever is allowed', async () => {
    const source = recordSource('s', 7, (i) => broken(`s-${i}`, 'empty caption', 'blank'));
    const batches = createBatches({ ...SMALL, sources: [{ source }], maxBroken: 1 });
    await expect(takeBatches(batches, 1)).rejects.toThrow(
      /s: none of 10\d\d examples in a row can be used .*empty caption: \d+/,
    );
  });
});

describe('pairs', () => {
  const several = recordSource('s', 40, (i) =>
    numberedRecord('s', i, {
      images: numberedRecord('s', i).images.concat(i % 2 === 0 ? numberedRecord('s', i + 100).images : []),
      captions: i % 4 < 2 ? [`one ${i}`, `two ${i}`] : [`same ${i}`, `same ${i}`],
    }),
  );

  async function first(pair: 'image-text' | 'image-image' | 'text-text', more: Partial<BatchesOptions> = {}) {
    const batches = createBatches({ ...SMALL, batchSize: 20, sources: [{ source: several, pair }], ...more });
    const [batch] = await takeBatches(batches, 1);
    await batches.close();
    return { batch: batch!, report: batches.report() };
  }

  it('image-image: two different pictures of a record', async () => {
    const { batch, report } = await first('image-image');
    const others = batch.texts.map(({ data }) => data[0]!);
    for (const [i, grey] of greysOf(batch).entries()) expect(Math.abs(grey - others[i]!)).toBe(100);
    expect(report.skippedByCause).toEqual({ 'one picture': report.skipped });
    expect(report.broken).toBe(0);
  });

  it('image-image: one picture twice where it is changed', async () => {
    const { batch, report } = await first('image-image', { augment: { brightness: 0.5 } });
    expect(report.skipped).toBe(0);
    expect(greysOf(batch)).not.toEqual(batch.texts.map(({ data }) => data[0]));
  });

  it('text-text: two different captions', async () => {
    const { batch, report } = await first('text-text');
    for (const [i, { data }] of batch.images.entries()) expect(data).not.toEqual(batch.texts[i]!.data);
    expect(report.skippedByCause).toEqual({ 'one caption': report.skipped });
    expect(report.skipped).toBeGreaterThan(0);
  });

  it('pictures cannot be made of texts', async () => {
    const source = recordSource('t', 5, (i) => ({ kind: 'text-text', key: `${i}`, texts: ['a', 'b'] }));
    const batches = createBatches({ ...SMALL, sources: [{ source, pair: 'image-text' }] });
    await expect(takeBatches(batches, 1)).rejects.toThrow(/no picture: \d+/);
  });
});

describe('report', () => {
  it('counts batches, examples and waiting', async () => {
    const batches = createBatches({ ...SMALL, sources: [{ source: numberedSource('s', 10) }] });
    expect(batches.report()).toMatchObject({ batches: 0, examples: 0, waitingShare: 0 });
    await takeBatches(batches, 3);
    await batches.close();
    const report = batches.report();
    expect(report).toMatchObject({ batches: 3, examples: 24, broken: 0, skipped: 0 });
    expect(report.sources).toMatchObject([{ name: 's', examples: 24, length: 10 }]);
    expect(report.waitingShare).toBe(report.waitedMs / report.elapsedMs);
    expect(report.waitingShare).toBeLessThanOrEqual(1);
  });
});

describe('the end', () => {
  const endless = (): { source: RecordSource }[] => [{ source: numberedSource('s', 100) }];

  it('comes with close, also for one who waits', async () => {
    const never: RecordSource = {
      name: 'never',
      async *references(signal) {
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
        yield* [];
      },
    };
    const batches = createBatches({ ...SMALL, sources: [{ source: never }] });
    const waiting = batches[Symbol.asyncIterator]().next();
    await batches.close();
    expect((await waiting).done).toBe(true);
    await batches.close();
  });

  it('comes with the signal, as its reason', async () => {
    const controller = new AbortController();
    const batches = createBatches({ ...SMALL, sources: endless(), signal: controller.signal });
    await takeBatches(batches, 1);
    controller.abort(new Error('enough'));
    await expect(takeBatches(batches, 1)).rejects.toThrow('enough');
  });

  it('comes with break', async () => {
    const batches: BatchSource = createBatches({ ...SMALL, sources: endless() });
    for await (const batch of batches) {
      expect(batch.images).toHaveLength(8);
      break;
    }
    expect((await batches[Symbol.asyncIterator]().next()).done).toBe(true);
    expect(batches.position()).toMatchObject({ batches: 1 });
  });

  it('comes with an error of the source', async () => {
    const source: RecordSource = {
      name: 's',
      // biome-ignore lint/correctness/useYield: it fails first
      async *references() {
        throw new Error('a bug');
      },
    };
    await expect(takeBatches(createBatches({ ...SMALL, sources: [{ source }] }), 1)).rejects.toThrow('a bug');
  });
});
