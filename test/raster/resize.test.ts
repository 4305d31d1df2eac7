// resize and centralCrop against golden/image.

import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { centralCrop, createRaster, type Raster, resize } from '../../src/raster/index.ts';

const folder = new URL('../golden/image/', import.meta.url);
const sizes: Record<string, { input: [number, number]; output: [number, number] }> = JSON.parse(
  readFileSync(new URL('image.json', folder), 'utf8'),
);
const entries = unzipSync(readFileSync(new URL('image.npz', folder)));

/** A uint8 array of an npz file; enough of the format for these files. */
function bytesOf(name: string): { shape: number[]; data: Uint8Array } {
  const npy = entries[`${name}.npy`]!;
  const start = 10 + npy[8]! + 256 * npy[9]!;
  const header = new TextDecoder().decode(npy.subarray(10, start));
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)![1]!
    .split(',')
    .filter((size) => size.trim() !== '');
  expect(header).toContain('u1');
  return { shape: shape.map(Number), data: npy.subarray(start) };
}

function rasterOf(name: string): Raster {
  const { shape, data } = bytesOf(name);
  return { width: shape[1]!, height: shape[0]!, channels: 3, data };
}

const cases = Object.keys(entries)
  .filter((name) => name.endsWith('/output.npy'))
  .map((name) => name.replace('/output.npy', ''));

describe('golden/image', () => {
  it('has a case for each size', () => {
    expect(cases.sort()).toEqual(Object.keys(sizes).sort());
  });

  it.each(cases)('%s', (name) => {
    const expected = rasterOf(`${name}/output`);
    const ambiguous = bytesOf(`${name}/ambiguous`).data;
    const { data, width, height } = resize(rasterOf(`${name}/input`), expected.width, expected.height);
    expect([width, height]).toEqual([expected.width, expected.height]);
    data.forEach((value, i) => {
      const difference = Math.abs(value - expected.data[i]!);
      expect(difference, `value ${i}`).toBeLessThanOrEqual(ambiguous[i]!);
    });
  });
});

describe('resize', () => {
  it('treats grey as it treats each channel', () => {
    const rgb = rasterOf(`${cases[0]}/input`);
    const red: Raster = { ...rgb, channels: 1, data: rgb.data.filter((_, i) => i % 3 === 0) };
    expect(resize(red, 9, 11).data).toEqual(resize(rgb, 9, 11).data.filter((_, i) => i % 3 === 0));
  });

  it('returns a picture that has the size already, and takes one number for a square', () => {
    const raster = createRaster(8, 8, 3, 9);
    expect(resize(raster, 8)).toBe(raster);
    expect(resize(raster, 5)).toMatchObject({ width: 5, height: 5, data: new Uint8Array(75).fill(9) });
  });

  it('refuses sizes and pictures that are none', () => {
    const raster = createRaster(8, 8);
    for (const size of [0, -1, 1.5, Number.NaN]) {
      expect(() => resize(raster, size)).toThrow(
        `resize: width must be an integer from 1 to 16384 px, got ${size}.`,
      );
    }
    expect(() => resize({ ...raster, width: 9 }, 4)).toThrow('resize: 9 x 8 x 3 needs 216 bytes, got 192.');
  });
});

describe('centralCrop', () => {
  it.each([12, 13])('golden crop of %i', (size) => {
    const names = Object.keys(entries).filter((name) => name.startsWith('crop/'));
    const input = names.find((name) => name.includes('input'))!.replace('.npy', '');
    const output = names
      .find((name) => name.includes(`${size}`) && !name.includes('ambiguous'))!
      .replace('.npy', '');
    const cropped = centralCrop(resize(rasterOf(input), 16), size);
    expect([cropped.width, cropped.height]).toEqual([size, size]);
    expect(cropped.data).toEqual(rasterOf(output).data);
  });

  it('refuses a crop larger than the picture', () => {
    expect(() => centralCrop(createRaster(8, 8), 9)).toThrow(
      'centralCrop: a crop of 9 x 9 does not fit into a picture of 8 x 8. Resize it first.',
    );
  });
});
