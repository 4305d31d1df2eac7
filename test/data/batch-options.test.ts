import { describe, expect, it } from 'vitest';
import { createBatches } from '../../src/data/batches.ts';
import type { BatchesOptions, JsonValue } from '../../src/data/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { numberedSource, takeBatches } from '../support/record-sources.ts';

function complaintOf(options: unknown): string {
  try {
    createBatches(options as BatchesOptions);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'nothing';
}

const sources = [{ source: numberedSource('s', 9) }];

describe('the options of createBatches', () => {
  it('are checked all at once', () => {
    const message = complaintOf({
      sources: [{ source: 'x.tar' }, { source: sources[0]!.source, weight: -1, shuffle: true }],
      batchSize: 1.5,
      size: 5000,
      textRows: 0,
      draw: 'even',
      fit: 'contain',
      augment: { rotate: 999 },
      distinct: 'yes',
      text: { size: 3 },
      onBroken: 1,
      maxBroken: 2,
      seed: 0.5,
      workers: 2,
    });
    for (const part of [
      'createBatches: ',
      'sources[0].source: expected a RecordSource, got "x.tar"',
      'sources[1].weight: expected a number of at least 0, got -1',
      'sources[1]: unknown shuffle; known are source, weight, from, until, pair',
      'batchSize: expected a whole number from 1 to 1048576, got 1.5',
      'size: expected a whole number from 1 to 4096, got 5000',
      "textRows: expected 'all', 'used' or a whole number",
      "draw: expected 'random' or 'exact' or 'batch', got \"even\"",
      "fit: expected 'squash' or 'crop', got \"contain\"",
      'augment: rotate: expected a number from 0 to 180, got 999',
      'distinct: expected true or false, got "yes"',
      'text: expected render options without a size',
      'onBroken: expected a function, got 1',
      'maxBroken: expected a number from 0 to 1, got 2',
      'seed: expected a whole number',
      'unknown workers; known are sources, size, ',
    ]) {
      expect(message).toContain(part);
    }
  });

  it.each<[unknown, string]>([
    [undefined, 'expected an options object, got undefined'],
    [{ batchSize: 2 }, 'sources: expected a list of { source, weight }, got undefined'],
    [{ batchSize: 2, sources: [] }, 'sources: expected a list'],
    [{ batchSize: 2, sources: [null] }, 'sources[0].source: expected a RecordSource'],
    [{ batchSize: 2, sources: [{ ...sources[0], weight: 0 }] }, 'sources: nothing can be drawn for batch 0'],
    [{ batchSize: 2, sources: [{ ...sources[0], until: 7 }] }, 'nothing can be drawn for batch 7'],
    [{ batchSize: 2, sources, augmentRamp: 9 }, 'augmentRamp: there is nothing to grow without augment'],
    [{ batchSize: 2, sources, position: 7 }, 'position: expected what position() of version 1 gave, got 7'],
  ])('%#: %s', (options, message) => {
    expect(complaintOf(options)).toContain(message);
  });
});

describe('a position', () => {
  async function positionAfter(count: number): Promise<Record<string, JsonValue>> {
    const batches = createBatches({ sources, batchSize: 4, size: 16, seed: 1 });
    await takeBatches(batches, count);
    await batches.close();
    return batches.position() as Record<string, JsonValue>;
  }

  it('is small, and tells the length of an epoch once it is needed', async () => {
    expect(await positionAfter(1)).toEqual({
      version: 1,
      seed: 1,
      shuffleBuffer: 50_000,
      batches: 1,
      sources: [{ name: 's', taken: 4 }],
    });
    expect(await positionAfter(3)).toMatchObject({
      batches: 3,
      sources: [{ name: 's', taken: 12, length: 9 }],
    });
  });

  it('of other data is refused, with all that differs', async () => {
    const position = await positionAfter(3);
    const others = [{ source: numberedSource('t', 9) }, ...sources];
    expect(complaintOf({ sources: others, batchSize: 4, seed: 2, shuffleBuffer: 3, position })).toBe(
      'createBatches: position: it belongs to other data: seed was 1 and is now 2; shuffleBuffer was 50000 and is now 3; the sources were s and are now t, s. Give the same sources (only their weights may change), or leave position out to begin anew.',
    );
    for (const damaged of [
      { ...position, sources: [{ name: 's', taken: -1 }] },
      { ...position, sources: [{ name: 's', taken: 1, length: 0.5 }] },
    ]) {
      expect(complaintOf({ sources, batchSize: 4, seed: 1, position: damaged })).toContain(
        'its counts are damaged',
      );
    }
    for (const damaged of [
      { ...position, version: 2 },
      { ...position, batches: 'x' },
      { ...position, sources: {} },
      null,
      [],
    ]) {
      expect(complaintOf({ sources, batchSize: 4, seed: 1, position: damaged })).toContain(
        'position: expected what',
      );
    }
  });
});
