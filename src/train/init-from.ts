// The weights of another model as the start of this one: whole, or with parts left out that are to be learnt anew.
// Reference: big_vision `models/common.py` (merge_params with dont_load).

import * as tf from '@tensorflow/tfjs-core';
import {
  type NdArray,
  parseArrays,
  readBigVision,
  resamplePositionEmbedding,
  takeSettings,
  toFloat32,
  towerWeights,
} from '../checkpoint/index.ts';
import type { ClippoModel } from '../clippo-model.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { resolveClippoConfig } from '../model/index.ts';
import { refuseUnknown } from '../options.ts';

/** How {@link initFrom} takes over the weights of another model. */
export interface InitFromOptions {
  /** Regular expressions that match whole paths: these parameters keep the values they have. Default none. */
  readonly leaveOut?: readonly string[];
}

/**
 * Sets a model's weights to those of a checkpoint: of a CLIPPO, or of a bare Vision Transformer, whose head and
 * temperature a CLIPPO does not share. Position embeddings of another picture size are resampled.
 *
 * @param bytes - npz or safetensors
 * @returns paths that were set, and those that were left as they are
 * @throws CheckpointError that lists everything that does not fit; the model is then as it was
 * @example initFrom(model, await readFile('vit_b16.npz'), { leaveOut: ['img/head/.*', 't'] });
 */
export function initFrom(
  model: ClippoModel,
  bytes: Uint8Array,
  options: InitFromOptions = {},
): { readonly taken: readonly string[]; readonly left: readonly string[] } {
  refuseUnknown('initFrom', options, ['leaveOut']);
  const isLeft = matcher(options.leaveOut ?? []);
  const arrays = parseArrays(bytes);
  takeSettings(arrays);
  const weights = towerWeights(readBigVision(arrays));
  const { imageSize, patchSize } = resolveClippoConfig(model.config);
  const problems: string[] = [];
  const wanted: [tf.Variable, NdArray][] = [];
  const [taken, left]: [string[], string[]] = [[], []];
  for (const [path, variable] of model.parameters()) {
    if (isLeft(path)) {
      left.push(path);
      continue;
    }
    const stored = weights.get(path);
    const array = stored && path === 'img/pos_embedding' ? onGrid(stored, imageSize / patchSize) : stored;
    if (array?.shape.join() === variable.shape.join()) {
      wanted.push([variable, array]);
      taken.push(path);
    } else {
      const found = array === undefined ? 'it has none' : `it has [${array.shape.join(', ')}]`;
      problems.push(`${path}: expected [${variable.shape.join(', ')}], ${found}`);
    }
  }
  if (problems.length > 0) {
    throw new CheckpointError(
      `initFrom: ${problems.length} of ${problems.length + taken.length} parameters do not fit:\n  ${problems.slice(0, 20).join('\n  ')}\nUse the variant, patch size and pool of the checkpoint, or name in leaveOut what is to be learnt anew.`,
    );
  }
  const decoded = wanted.map(([variable, array]) => [variable, toFloat32(array).slice()] as const);
  for (const [variable, values] of decoded) {
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return { taken, left };
}

function onGrid(array: NdArray, grid: number): NdArray {
  const from = Math.sqrt(array.shape.at(-2) ?? 0);
  if (from === grid || !Number.isInteger(from) || from === 0) return array;
  return resamplePositionEmbedding(array, from, grid);
}

/** @throws ConfigError for what is no regular expression */
function matcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => {
    try {
      return new RegExp(`^(?:${pattern})$`);
    } catch (cause) {
      throw new ConfigError(
        `initFrom: leaveOut: ${JSON.stringify(pattern)} is no regular expression. Write a path, or such as "img/head/.*".`,
        { cause },
      );
    }
  });
  return (path) => expressions.some((expression) => expression.test(path));
}
