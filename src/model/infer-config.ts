// Arrays of a checkpoint → the configuration they were made with. Nothing but names and shapes is needed, so a
// published file loads without a config beside it.

import { CheckpointError } from '../errors.ts';
import { depthOf, type Shaped, shapeOf } from './array-shapes.ts';
import type { ClippoConfig, Pool, ResolvedClippoConfig } from './config.ts';
import { inferText } from './infer-text.ts';
import { describeText, type ResolvedText, resolveText, type TextPool } from './text-input.ts';
import { VARIANTS, type VitShape } from './vit-shape.ts';

/**
 * Reads variant, patch and picture size, pool, heads, embedding size and how text goes in off the arrays of a model.
 *
 * @param arrays - big_vision path (`img/…`, `txt/…`) → anything with a shape
 * @param saved - what the arrays do not tell: how a tower of text pools, default the last token
 * @returns a config for which `parameterShapes(config)` names the same arrays, if the checkpoint is whole
 * @throws CheckpointError when the arrays that tell are missing or make no sense
 */
export function inferConfig(
  arrays: ReadonlyMap<string, Shaped>,
  { textPool }: { readonly textPool?: TextPool } = {},
): ClippoConfig {
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
  const text = inferText(arrays, textPool);
  const sizes = {
    width: width!,
    depth: depthOf(arrays, 'img/Transformer'),
    mlpDim: mlpDim!,
    numHeads: numHeads!,
  };
  return {
    variant: nameOf(sizes, patchSize!) ?? { ...sizes, patchSize: patchSize! },
    imageSize: grid * patchSize!,
    pool: poolOf(arrays),
    embeddingDim: embeddingDim!,
    ...(text === undefined ? {} : { text }),
  };
}

/**
 * @param door - who loads the arrays
 * @throws CheckpointError for arrays of another kind of model than the one they are for
 */
export function assertSameKind(
  door: string,
  arrays: ReadonlyMap<string, Shaped>,
  { text: own, ...tower }: ResolvedClippoConfig,
): void {
  const found: ResolvedText = resolveText(inferText(arrays) ?? { kind: 'pixels' }, tower);
  const [theirs, ours] = [describeText(found), describeText(own)];
  if (theirs === ours) return;
  throw new CheckpointError(
    `${door}: the checkpoint is of ${theirs}, the model is ${ours}. ClippoModel.load makes a model of the kind that the checkpoint is of.`,
  );
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
