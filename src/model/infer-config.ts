// Arrays of a checkpoint → the configuration they were made with. Nothing but names and shapes is needed, so a
// published file loads without a config beside it.

import { CheckpointError } from '../errors.ts';
import { type ClippoConfig, type Pool, VARIANTS, type VitShape } from './config.ts';

type Shaped = { readonly shape: readonly number[] };

/**
 * Reads variant, patch and picture size, pool, heads and embedding size off the arrays of a CLIPPO.
 *
 * @param arrays - big_vision path (`img/…`) → anything with a shape
 * @returns a config for which `parameterShapes(config)` names the same arrays, if the checkpoint is whole
 * @throws CheckpointError when the arrays that tell are missing or make no sense
 */
export function inferConfig(arrays: ReadonlyMap<string, Shaped>): ClippoConfig {
  const block = 'img/Transformer/encoderblock_0';
  const [patchSize, , channels, width] = shapeOf(arrays, 'img/embedding/kernel', 4);
  const [, positions] = shapeOf(arrays, 'img/pos_embedding', 3);
  const [, numHeads] = shapeOf(arrays, `${block}/MultiHeadDotProductAttention_0/query/kernel`, 3);
  const [, mlpDim] = shapeOf(arrays, `${block}/MlpBlock_0/Dense_0/kernel`, 2);
  const [, embeddingDim] = shapeOf(arrays, 'img/head/kernel', 2);
  const grid = Math.sqrt(positions!);

  if (channels !== 3)
    throw new CheckpointError(`img/embedding/kernel: expected 3 colour channels, got ${channels}.`);
  if (!Number.isInteger(grid) || grid === 0) {
    throw new CheckpointError(`img/pos_embedding: ${positions} positions do not make a square grid.`);
  }
  const sizes = { width: width!, depth: depthOf(arrays), mlpDim: mlpDim!, numHeads: numHeads! };
  return {
    variant: nameOf(sizes, patchSize!) ?? { ...sizes, patchSize: patchSize! },
    imageSize: grid * patchSize!,
    pool: poolOf(arrays),
    embeddingDim: embeddingDim!,
  };
}

function shapeOf(arrays: ReadonlyMap<string, Shaped>, path: string, rank: number): readonly number[] {
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

function depthOf(arrays: ReadonlyMap<string, Shaped>): number {
  const blocks = new Set<string>();
  for (const path of arrays.keys()) {
    const block = /^img\/Transformer\/encoderblock_(\d+)\//.exec(path)?.[1];
    if (block !== undefined) blocks.add(block);
  }
  return blocks.size;
}

function poolOf(arrays: ReadonlyMap<string, Shaped>): Pool {
  if (arrays.has('img/MAPHead_0/probe')) return 'map';
  return arrays.has('img/cls') ? 'tok' : 'gap';
}

function nameOf(sizes: VitShape, patchSize: number): string | undefined {
  const fields = ['width', 'depth', 'mlpDim', 'numHeads'] as const;
  const found = Object.entries(VARIANTS).find(([, known]) =>
    fields.every((field) => known[field] === sizes[field]),
  );
  return found && `${found[0]}/${patchSize}`;
}
