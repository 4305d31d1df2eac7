import { describe, expect, it } from 'vitest';
import { createReferenceStream, type ReferenceStreamOptions } from '../../src/data/shuffle.ts';
import { type CountedSource, numberedSource, recordSource } from '../support/record-sources.ts';

function streamOf(source: CountedSource, options: Partial<ReferenceStreamOptions> = {}) {
  const defaults = { seed: 0, shuffleBuffer: 100, label: 'source 0', epochLength: undefined };
  return createReferenceStream({ source, ...defaults, ...options });
}

async function keys(source: CountedSource, count: number, options?: Partial<ReferenceStreamOptions>) {
  const references = await streamOf(source, options).take(0, count);
  return references.map(({ key }) => key);
}

describe('createReferenceStream', () => {
  it.each([2, 7, 20, 1000])(
    'with a buffer of %d, every epoch holds everything, each in another order',
    async (shuffleBuffer) => {
      const stored = Array.from({ length: 20 }, (_, i) => `s-${i}`);
      const drawn = await keys(numberedSource('s', 20), 60, { shuffleBuffer });
      const epochs = [drawn.slice(0, 20), drawn.slice(20, 40), drawn.slice(40)];
      for (const epoch of epochs) {
        expect(epoch).not.toEqual(stored);
        expect([...epoch].sort()).toEqual([...stored].sort());
      }
      expect(epochs[0]).not.toEqual(epochs[1]);
    },
  );

  it.each([0, 1])('with a buffer of %d, the stored order', async (shuffleBuffer) => {
    const drawn = await keys(numberedSource('s', 3), 7, { shuffleBuffer });
    expect(drawn).toEqual(['s-0', 's-1', 's-2', 's-0', 's-1', 's-2', 's-0']);
  });

  it('has another order for another seed and another source', async () => {
    const drawn = await keys(numberedSource('s', 20), 20);
    expect(await keys(numberedSource('s', 20), 20)).toEqual(drawn);
    expect(await keys(numberedSource('s', 20), 20, { seed: 1 })).not.toEqual(drawn);
    expect(await keys(numberedSource('s', 20), 20, { label: 'source 1' })).not.toEqual(drawn);
  });

  it.each([1, 7, 50, 1000])('goes on anywhere without loading anything, buffer %d', async (shuffleBuffer) => {
    const all = await keys(numberedSource('s', 23), 100, { shuffleBuffer });
    for (const from of [0, 1, 22, 23, 24, 46, 70]) {
      for (const epochLength of [undefined, 23]) {
        const source = numberedSource('s', 23);
        const stream = streamOf(source, { shuffleBuffer, epochLength });
        const references = await stream.take(from, 30);
        expect(references.map(({ key }) => key)).toEqual(all.slice(from, from + 30));
        expect(source.loaded).toEqual([]);
      }
    }
  });

  it('skips whole epochs at once when it knows their length', async () => {
    let opened = 0;
    const source = numberedSource('s', 10);
    const counting = {
      ...source,
      references: (signal?: AbortSignal) => {
        opened++;
        return source.references(signal);
      },
    };
    const stream = createReferenceStream({
      source: counting,
      seed: 0,
      shuffleBuffer: 4,
      label: 'l',
      epochLength: 10,
    });
    await stream.take(1e9, 5);
    expect(opened).toBe(1);
  });

  it('keeps epochs as long as the first: what has gone is broken, what came is left out', async () => {
    for (const now of [3, 9]) {
      const stream = streamOf(numberedSource('s', now), { epochLength: 5, shuffleBuffer: 0 });
      const records = await Promise.all((await stream.take(0, 10)).map((reference) => reference.load()));
      const causes = records.map((record) => (record.kind === 'broken' ? record.cause : record.key));
      const epoch =
        now === 3
          ? ['s-0', 's-1', 's-2', 'shard missing', 'shard missing']
          : [0, 1, 2, 3, 4].map((i) => `s-${i}`);
      expect(causes).toEqual([...epoch, ...epoch]);
    }
  });

  it('ends when the source is empty, and when it is told to', async () => {
    const empty = recordSource('void', 0, () => {
      throw new Error('unreachable');
    });
    await expect(streamOf(empty).take(0, 1)).rejects.toThrow('void: holds no examples.');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(streamOf(numberedSource('s', 5)).take(0, 1, signal)).rejects.toThrow('enough');
  });
});
