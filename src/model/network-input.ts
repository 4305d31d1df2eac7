// What goes into the networks, one input each → groups that go in together, because a tensor holds one size and one kind.
// Which input of the list a row of a group belongs to is kept beside it.

import * as tf from '@tensorflow/tfjs-core';
import { assertRaster, type Raster } from '../raster/index.ts';
import { toGreyTensor, toTensor } from './to-tensor.ts';

/** Drawn text that has weights of its own. */
export interface DrawnText {
  readonly drawn: Raster;
}

/** Text as int32 [L]. */
export interface TokenSequence {
  readonly tokens: Int32Array;
}

/** A picture, or text: a picture too in CLIPPO itself, else what its own road takes. */
export type NetworkInput = Raster | DrawnText | TokenSequence;

/** Inputs of one kind and size, in the order of the list they come from. */
export interface InputGroup {
  readonly inputs: readonly NetworkInput[];
  /** The place of each in that list. */
  readonly places: readonly number[];
}

/**
 * Groups inputs by kind, width and height: pictures before texts, the tallest first, so that the order of groups does not
 * depend on that of the inputs.
 *
 * @param what - name of the list, as the caller knows it
 * @throws DataError for what is no Raster
 */
export function groupInputs(inputs: readonly NetworkInput[], what = 'inputs'): InputGroup[] {
  const groups = new Map<string, { rank: Rank; inputs: NetworkInput[]; places: number[] }>();
  for (const [place, input] of inputs.entries()) {
    const rank = rankOf(input, `${what}[${place}]`);
    const key = rank.join(' ');
    const group = groups.get(key) ?? { rank, inputs: [], places: [] };
    group.inputs.push(input);
    group.places.push(place);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => {
    const axis = a.rank.findIndex((value, i) => value !== b.rank[i]);
    return a.rank[axis]! - b.rank[axis]!; // groups differ
  });
}

type Rank = readonly [kind: number, height: number, width: number];

function rankOf(input: NetworkInput, what: string): Rank {
  if (isTokens(input)) return [2, 0, -input.tokens.length];
  const raster = isDrawn(input) ? input.drawn : input;
  assertRaster(raster, what);
  return [isDrawn(input) ? 1 : 0, -raster.height, -raster.width];
}

function isTokens(input: NetworkInput): input is TokenSequence {
  return typeof input === 'object' && input !== null && 'tokens' in input;
}

function isDrawn(input: NetworkInput): input is DrawnText {
  return typeof input === 'object' && input !== null && 'drawn' in input;
}

/**
 * @param inputs - of one group, at least one
 * @returns float32 [B, H, W, 3], float32 [B, H, W, 1] or int32 [B, L]; the caller disposes it
 */
export function toInputTensor(inputs: readonly NetworkInput[]): tf.Tensor {
  const tokens = inputs.filter(isTokens);
  if (tokens.length > 0) {
    const length = tokens[0]!.tokens.length; // there is one
    const ids = new Int32Array(tokens.length * length);
    for (const [i, { tokens: row }] of tokens.entries()) ids.set(row, i * length);
    return tf.tensor2d(ids, [tokens.length, length], 'int32');
  }
  const drawn = inputs.filter(isDrawn);
  return drawn.length > 0
    ? toGreyTensor(drawn.map((text) => text.drawn))
    : toTensor(inputs as readonly Raster[]); // what is left
}
