// Shape checks for public doors. Inside the library shapes are trusted.

import { ShapeError } from './errors.ts';

/** A dimension of an expected shape: a size, or a letter (`'B'`) that accepts any size. */
export type Dimension = number | string;

/**
 * Throws a {@link ShapeError} unless `shape` fits `expected`. The same letter must stand for the same size.
 *
 * @param what - name of the argument, as the caller knows it
 * @param shape - the shape that came
 * @param expected - sizes, or letters for free dimensions
 * @param remedy - one sentence that says how to mend it
 * @example assertShape('images', [4, 224, 224, 3], ['B', 224, 224, 3]);
 */
export function assertShape(
  what: string,
  shape: readonly number[],
  expected: readonly Dimension[],
  remedy?: string,
): void {
  const letters = new Map<string, number>();
  const fits =
    shape.length === expected.length &&
    expected.every((dimension, axis) => {
      const size = shape[axis]!;
      if (typeof dimension === 'number') return dimension === size;
      const bound = letters.get(dimension) ?? size;
      letters.set(dimension, bound);
      return bound === size;
    });
  if (fits) return;
  const tail = remedy === undefined ? '' : ` ${remedy}`;
  throw new ShapeError(`${what}: expected [${expected.join(', ')}], got [${shape.join(', ')}].${tail}`);
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
