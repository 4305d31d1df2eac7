// The two layouts of a stack of equal blocks in big_vision: "loop", one group of arrays a block (`encoderblock_0/…`),
// and "scan", one group with a leading depth axis (`encoderblock/…`). This library computes in loop layout.

import { CheckpointError } from '../errors.ts';
import { createStoredArray, elementBytes, type NdArray, subArray } from './nd-array.ts';
import { rememberWeakly } from './weak-cache.ts';
import { join } from './zip.ts';

/** Arrays by big_vision's parameter path without `params/`, e.g. `img/Transformer/encoderblock_0/LayerNorm_0/scale`. */
export type NamedWeights = Map<string, NdArray>;

const SCANNED = /^(.*\/)?encoderblock\/(.*)$/;
const LOOPED = /^(.*\/)?encoderblock_(0|[1-9]\d*)\/(.*)$/;
/** Far above every model; a damaged depth must not fill the memory. */
const MAX_DEPTH = 4096;

/**
 * `encoderblock/…` of [depth, …] → `encoderblock_0/…` to `encoderblock_{depth-1}/…`; weights in loop layout pass through.
 * Nothing is copied.
 *
 * @throws CheckpointError when the arrays of one stack differ in depth, or it is there in both layouts
 */
export function toLoopLayout(weights: ReadonlyMap<string, NdArray>): NamedWeights {
  const looped: NamedWeights = new Map();
  const depths = new Map<string, number>();
  for (const [path, array] of weights) {
    const [matched, parent = '', rest] = SCANNED.exec(path) ?? [];
    if (matched === undefined) {
      setOnce(looped, path, array);
      continue;
    }
    const [depth, ...shape] = array.shape;
    const expected = depths.get(parent) ?? depth;
    if (depth === undefined || depth !== expected || depth > MAX_DEPTH) {
      throw new CheckpointError(
        `${path}: expected the same number of blocks (at most ${MAX_DEPTH}) along the first axis of all of ${parent}encoderblock, got [${array.shape.join(', ')}].`,
      );
    }
    depths.set(parent, depth);
    const stride = shape.reduce((product, size) => product * size, 1);
    for (let block = 0; block < depth; block++) {
      setOnce(looped, `${parent}encoderblock_${block}/${rest}`, subArray(array, block * stride, shape));
    }
  }
  return looped;
}

function setOnce(weights: NamedWeights, path: string, array: NdArray): void {
  if (weights.has(path)) {
    throw new CheckpointError(
      `${path} is there twice: as blocks (encoderblock_0) and as one stack (encoderblock). Keep one.`,
    );
  }
  weights.set(path, array);
}

/**
 * `encoderblock_0/…`, `encoderblock_1/…`, … → `encoderblock/…` of [depth, …]; weights in scan layout pass through.
 * The blocks are joined when `data` is read.
 *
 * @throws CheckpointError when a block is missing or differs in shape or dtype from the first
 */
export function toScanLayout(weights: ReadonlyMap<string, NdArray>): NamedWeights {
  const scanned: NamedWeights = new Map();
  const stacks = new Map<string, Map<number, NdArray>>();
  for (const [path, array] of weights) {
    const [matched, parent = '', block, rest] = LOOPED.exec(path) ?? [];
    if (matched === undefined) {
      setOnce(scanned, path, array);
      continue;
    }
    const stackPath = `${parent}encoderblock/${rest}`;
    const stack = stacks.get(stackPath) ?? new Map<number, NdArray>();
    // The place in the order of paths is that of the first block; what stands there is replaced below.
    if (stack.size === 0) setOnce(scanned, stackPath, array);
    stacks.set(stackPath, stack.set(Number(block), array));
  }
  for (const [path, stack] of stacks) scanned.set(path, stackBlocks(path, stack));
  return scanned;
}

function stackBlocks(path: string, stack: ReadonlyMap<number, NdArray>): NdArray {
  const blocks: NdArray[] = [];
  for (let i = 0; i < stack.size; i++) {
    const block = stack.get(i);
    if (block === undefined) {
      throw new CheckpointError(
        `${path}: block ${i} of ${stack.size} is missing; a stack needs every block.`,
      );
    }
    blocks.push(block);
  }
  const { dtype, shape } = blocks[0]!; // a stack is made for its first block
  blocks.forEach((block, i) => {
    if (block.dtype !== dtype || block.shape.join() !== shape.join()) {
      throw new CheckpointError(
        `${path}: block ${i} is ${block.dtype} [${block.shape.join(', ')}], block 0 ${dtype} [${shape.join(', ')}]; a stack needs equal blocks.`,
      );
    }
  });
  const bytes = rememberWeakly(() => join(blocks.map(elementBytes)));
  return createStoredArray(dtype, [blocks.length, ...shape], bytes);
}
