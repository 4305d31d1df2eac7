// Central differences of a scalar function, to hold analytic gradients against.

/**
 * d f / d x[i] for the given indices.
 *
 * @param f - evaluates the function; reads `x` afresh on every call
 * @param x - the point, changed and put back
 * @param step - half the distance of the two evaluations
 */
export function finiteDifferences(
  f: () => number,
  x: Float32Array,
  indices: readonly number[],
  step: number,
): number[] {
  return indices.map((i) => {
    const held = x[i]!;
    x[i] = held + step;
    const [above, right] = [f(), x[i]!];
    x[i] = held - step;
    const [below, left] = [f(), x[i]!];
    x[i] = held;
    return (above - below) / (right - left);
  });
}

/** `count` indices spread over an array. */
export function spread(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count));
}
