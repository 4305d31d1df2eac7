import { expect, it } from 'vitest';
import { createRaster, pasteRaster, toRgb } from '../../src/raster/index.ts';

it('makes a filled Raster', () => {
  expect(createRaster(2, 1, 1, 7)).toEqual({ width: 2, height: 1, channels: 1, data: Uint8Array.of(7, 7) });
  // Nothing is allocated before the size is checked.
  for (const width of [0, -1, 1.5, Number.NaN, 2 ** 20]) {
    expect(() => createRaster(width, 2 ** 20)).toThrow(
      `createRaster: width must be an integer from 1 to 16384 px, got ${width}.`,
    );
  }
  expect(() => createRaster(1, 1, 4 as 3)).toThrow('createRaster: channels must be 1 or 3, got 4.');
});

it('repeats grey, and leaves RGB alone', () => {
  const grey = { width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 2) } as const;
  expect([...toRgb(grey).data]).toEqual([1, 1, 1, 2, 2, 2]);
  const rgb = createRaster(1, 1, 3);
  expect(toRgb(rgb)).toBe(rgb);
});

it('pastes, and cuts off what falls outside', () => {
  const source = { width: 2, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4) } as const;
  for (const [left, top, expected] of [
    [0, 0, [1, 2, 3, 4]],
    [1, 1, [0, 0, 0, 1]],
    [-1, 0, [2, 0, 4, 0]],
    [0, -1, [3, 4, 0, 0]],
    [2, 0, [0, 0, 0, 0]],
    [-5, -5, [0, 0, 0, 0]],
  ] as const) {
    const target = createRaster(2, 2, 1, 0);
    pasteRaster(target, source, left, top);
    expect([...target.data], `${left}, ${top}`).toEqual(expected);
  }
  expect(() => pasteRaster(createRaster(1, 1, 1), createRaster(1, 1, 3), 0, 0)).toThrow(
    'a picture of 3 channels does not fit into one of 1.',
  );
});
