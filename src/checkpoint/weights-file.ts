// A checkpoint as it was published → the file that is kept of it: the weights alone, under their present names, as
// safetensors. Of a training checkpoint of 540 MiB that is 357 MiB, and reading it copies nothing.

import { inferConfig, parameterShapes } from '../model/index.ts';
import { readBigVision } from './big-vision.ts';
import { storedSettings, takeSettings } from './model-settings.ts';
import { parseArrays } from './parse-arrays.ts';
import { safetensorsChunks } from './safetensors.ts';
import { towerWeights } from './tower-weights.ts';
import { assertWeightsUsable } from './weights-fit.ts';

/**
 * @returns the bytes in parts, views of the file's own among them
 * @throws CheckpointError for what is no CLIPPO, or is damaged anywhere
 */
export function weightsFileChunks(bytes: Uint8Array): Iterable<Uint8Array> {
  const arrays = parseArrays(bytes);
  const { textRows = 'all', tokenizer, ...told } = takeSettings(arrays);
  const weights = towerWeights(readBigVision(arrays));
  const config = { ...inferConfig(weights, told), textRows };
  assertWeightsUsable(parameterShapes(config), weights);
  return safetensorsChunks([...storedSettings(config, tokenizer), ...weights]);
}
