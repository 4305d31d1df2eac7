// Index files as parsers: what was written is read, and whatever else comes is refused, not stumbled over.

import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRow, readIndex } from '../../src/cli/embedding-index.ts';
import { npyChunks, parseNpyMatrix } from '../../src/cli/npy-file.ts';
import { DataError } from '../../src/errors.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';

const path = temporaryFolder();
const { signal } = new AbortController();
const float = fc.float({ noNaN: true, noDefaultInfinity: true });

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(chunks));
}

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
  it('brings back every float32', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(float), (dim, values) => {
        const count = Math.floor(values.length / dim);
        const data = Float32Array.from(values.slice(0, count * dim));
        const bytes = join(npyChunks(data, count, dim));
        expect((bytes.length - data.byteLength) % 64).toBe(0);
        expect(parseNpyMatrix(bytes, 'x')).toEqual({ data, dim });
      }),
      { seed: 7 },
    );
  });

  it('refuses damage with a DataError or reads a matrix', () => {
    const whole = join(npyChunks(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3));
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(127), fc.integer({ min: 1, max: 255 }), (length, at, flip) => {
        const damaged = whole.slice(0, length);
        if (at < length) damaged[at]! ^= flip;
        try {
          expect(parseNpyMatrix(damaged, 'x').data.length).toBe(6);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
