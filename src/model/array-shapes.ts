// What the names and shapes of a checkpoint's arrays tell, one by one.

import { CheckpointError } from '../errors.ts';

export type Shaped = { readonly shape: readonly number[] };

/** @throws CheckpointError when the array is missing or has another number of axes */
export function shapeOf(arrays: ReadonlyMap<string, Shaped>, path: string, rank: number): readonly number[] {
  const shape = arrays.get(path)?.shape;
  if (shape === undefined) {
    const some = [...arrays.keys()].slice(0, 5).join(', ');
    throw new CheckpointError(
      `This is not a CLIPPO checkpoint: it has no ${path}. It holds ${arrays.size} arrays: ${some}${arrays.size > 5 ? ', …' : ''}.`,
    );
  }
  if (shape.length !== rank || shape.some((size) => size < 1)) {
    throw new CheckpointError(`${path}: expected ${rank} axes of at least 1, got [${shape.join(', ')}].`);
  }
  return shape;
}

/** Blocks below `path`. */
export function depthOf(arrays: ReadonlyMap<string, Shaped>, path: string): number {
  const blocks = new Set<string>();
  for (const name of arrays.keys()) {
    const block = name.startsWith(`${path}/encoderblock_`)
      ? /^\d+(?=\/)/.exec(name.slice(path.length + 14))
      : null;
    if (block !== null) blocks.add(block[0]);
  }
  return blocks.size;
}
