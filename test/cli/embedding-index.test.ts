// Index files as parsers: what was written is read, and whatever else comes is refused, not stumbled over.

import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { npyChunks } from '../../src/checkpoint/index.ts';
import { formatRow, readIndex } from '../../src/cli/embedding-index.ts';
import { DataError } from '../../src/errors.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';

const path = temporaryFolder();
const { signal } = new AbortController();
const float = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('JSON lines', () => {
  it('bring back every float32', async () => {
    const row = fc.record({
      input: fc.string({ unit: 'grapheme' }),
      kind: fc.constantFrom('image' as const, 'text' as const),
      embedding: fc.array(float, { minLength: 3, maxLength: 3 }).map((values) => Float32Array.from(values)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        writeFileSync(path('i.jsonl'), rows.map(formatRow).join(''));
        const { inputs, embeddings } = await readIndex(path('i.jsonl'), signal);
        expect(inputs).toEqual(rows.map(({ input, kind }) => ({ input, kind })));
        // JSON has no minus zero.
        const values = rows.flatMap(({ embedding }) => Array.from(embedding, (value) => value + 0));
        expect(Array.from(embeddings.data)).toEqual(values);
      }),
      { seed: 7, numRuns: 50 },
    );
  });

  it('refuse anything else with a DataError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
        writeFileSync(path('i.jsonl'), text);
        await expect(readIndex(path('i.jsonl'), signal)).rejects.toBeInstanceOf(DataError);
      }),
      { seed: 7, numRuns: 100 },
    );
  });
});

describe('.npy', () => {
  function write(rows: number, array: Parameters<typeof npyChunks>[0], length?: number): void {
    const inputs = Array.from({ length: rows }, (_, i) => ({ input: String(i), kind: 'text' }));
    writeFileSync(path('i.npy'), Buffer.concat(npyChunks(array)).subarray(0, length));
    writeFileSync(path('i.json'), JSON.stringify({ model: 'm', inputs }));
  }

  it('brings back every float32', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(float), async (dim, values) => {
        const count = Math.floor(values.length / dim);
        const data = Float32Array.from(values.slice(0, count * dim));
        write(count, { shape: [count, dim], data });
        const { inputs, embeddings, model } = await readIndex(path('i.npy'), signal);
        expect([inputs.length, embeddings.dim, model]).toEqual([count, dim, 'm']);
        expect(embeddings.data).toEqual(data);
      }),
      { seed: 7, numRuns: 50 },
    );
  });

  it('takes what numpy makes of it, too', async () => {
    write(2, { shape: [2, 1], data: Float64Array.of(0.5, 1) });
    expect((await readIndex(path('i.npy'), signal)).embeddings.data).toEqual(Float32Array.of(0.5, 1));
    write(1, { dtype: 'float16', shape: [1, 2], data: Float32Array.of(0.5, 1) });
    expect((await readIndex(path('i.npy'), signal)).embeddings.data).toEqual(Float32Array.of(0.5, 1));
  });

  it.each([
    ['a vector', () => write(2, Float32Array.of(1, 2))],
    ['rows of nothing', () => write(2, { shape: [2, 0], data: new Float32Array(0) })],
    ['integers', () => write(1, { shape: [1, 2], data: Int32Array.of(1, 2) })],
    ['what is cut off', () => write(1, { shape: [1, 2], data: Float32Array.of(1, 2) }, 135)],
    ['no .npy at all', () => write(1, { shape: [1, 2], data: Float32Array.of(1, 2) }, 3)],
  ])('refuses %s', async (_, prepare) => {
    prepare();
    const reading = readIndex(path('i.npy'), signal);
    await expect(reading).rejects.toBeInstanceOf(DataError);
    await expect(reading).rejects.toThrow('i.npy: expected a whole .npy file of a float matrix');
  });
});
