// Axes as tfjs's kernels get them: negative ones count from the end.

/** The axis counted from the start. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
