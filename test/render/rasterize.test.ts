import { expect, it } from 'vitest';
import { fillEdges, flattenPath, type PathCommand } from '../../src/render/rasterize.ts';

const box = (left: number, bottom: number, right: number, top: number): PathCommand[] => [
  { type: 'M', x: left, y: bottom },
  { type: 'L', x: left, y: top },
  { type: 'L', x: right, y: top },
  { type: 'L', x: right, y: bottom },
  { type: 'Z' },
];

/** Coverage of a 4 x 4 cell, y upwards from its lower edge. */
const fill = (commands: PathCommand[], shift = 0) => [...fillEdges(flattenPath(commands, 1, 4), shift, 4, 4)];

it('is exact on the grid, and proportional off it', () => {
  expect(fill(box(1, 1, 3, 3))).toEqual([0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0]);
  expect(fill(box(0.25, 0, 1.5, 1)).slice(12)).toEqual([191, 128, 0, 0]);
  expect(fill(box(0, 0, 1, 0.5)).slice(12)).toEqual([128, 0, 0, 0]);
  // Thinner than a pixel.
  expect(fill(box(2.2, 0, 2.4, 1)).slice(12)).toEqual([0, 0, 51, 0]);
});

it('cuts off what lies outside the cell, and shifts', () => {
  expect(fill(box(-9, -9, 9, 9))).toEqual(new Array(16).fill(255));
  expect(fill(box(-2, 0, -1, 4), 2)).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0]);
  expect(fill(box(7, 7, 9, 9))).toEqual(new Array(16).fill(0));
});

it('knows inside by the nonzero rule: overlaps stay filled, a hole runs the other way', () => {
  expect(fill([...box(0, 0, 2, 1), ...box(1, 0, 3, 1)]).slice(12)).toEqual([255, 255, 255, 0]);
  const hole = box(1, 0, 2, 1);
  expect(fill([...box(0, 0, 3, 1), hole[0]!, hole[3]!, hole[2]!, hole[1]!]).slice(12)).toEqual([
    255, 0, 255, 0,
  ]);
});

it('closes open contours', () => {
  expect(fill(box(1, 1, 3, 3).slice(0, 4))).toEqual(fill(box(1, 1, 3, 3)));
});

it('draws nothing of nothing', () => {
  expect(flattenPath([], 1, 4)).toEqual({ points: [], left: 0, right: 0 });
  expect(flattenPath([{ type: 'M', x: 5, y: 5 }, { type: 'Z' }], 1, 4)).toEqual({
    points: [],
    left: 0,
    right: 0,
  });
});

it('flattens a quadratic curve and the cubic that is the same curve to the same coverage', () => {
  const quadratic: PathCommand[] = [
    { type: 'M', x: 0, y: 0 },
    { type: 'Q', x1: 0, y1: 4, x: 4, y: 4 },
  ];
  const cubic: PathCommand[] = [
    { type: 'M', x: 0, y: 0 },
    { type: 'C', x1: 0, y1: 8 / 3, x2: 4 / 3, y2: 4, x: 4, y: 4 },
  ];
  expect(fill(quadratic)).toEqual(fill(cubic));
  // Between the chord and the parabola lie 2/3 of the triangle of 8 px².
  const area = fill(quadratic).reduce((sum, value) => sum + value, 0) / 255;
  expect(area).toBeCloseTo(16 / 3, 1);
});

it('refuses coordinates that are no numbers', () => {
  expect(() => flattenPath([{ type: 'L', x: Number.NaN, y: 0 }], 1, 4)).toThrow(
    'a coordinate is not a finite number',
  );
  expect(() => flattenPath([{ type: 'Q', x1: Number.POSITIVE_INFINITY, y1: 0, x: 1, y: 1 }], 1, 4)).toThrow(
    'a coordinate is not a finite number',
  );
});
