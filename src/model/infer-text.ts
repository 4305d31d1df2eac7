// Arrays of a checkpoint → how text goes in. How a tower of text pools is not among what arrays tell, but for a MAP head.

import { CheckpointError } from '../errors.ts';
import { depthOf, type Shaped, shapeOf } from './array-shapes.ts';
import type { PixelText, SeparatePart, TextInput, TextPool } from './text-input.ts';

/** What each part of its own is found by. */
const PARTS: readonly (readonly [part: SeparatePart, path: string])[] = [
  ['embedding', 'txt/embedding/kernel'],
  ['pool', 'txt/MAPHead_0/probe'],
  ['head', 'txt/head/kernel'],
];

/**
 * @param pool - of a tower of text, where it is known
 * @returns undefined for a CLIPPO, which has no weights for text
 * @throws CheckpointError for a tower of a kind that is not known
 */
export function inferText(arrays: ReadonlyMap<string, Shaped>, pool?: TextPool): TextInput | undefined {
  const own = [...arrays.keys()].filter((path) => path.startsWith('txt/'));
  if (own.length === 0) return undefined;
  if (arrays.has('txt/Embed_0/embedding')) return inferTokens(arrays, pool);
  const separate = PARTS.filter(([, path]) => arrays.has(path)).map(([part]) => part);
  if (separate.length > 0) return { kind: 'pixels', separate } satisfies PixelText;
  throw new CheckpointError(
    `The checkpoint has weights of its own for text, ${own.slice(0, 3).join(', ')}${own.length > 3 ? ', …' : ''}, of a kind that is not known: neither a table of tokens (txt/Embed_0/embedding) nor parts for drawn text (${PARTS.map(([, path]) => path).join(', ')}).`,
  );
}

function inferTokens(arrays: ReadonlyMap<string, Shaped>, saved: TextPool = 'last'): TextInput {
  const [vocabulary, width] = shapeOf(arrays, 'txt/Embed_0/embedding', 2) as [number, number];
  const [, length] = shapeOf(arrays, 'txt/pos_embedding', 3) as [number, number, number];
  const depth = depthOf(arrays, 'txt/Encoder_0');
  if (depth === 0) return { kind: 'tokens', tower: 'shared', vocabulary, length };
  const block = 'txt/Encoder_0/encoderblock_0';
  const [, numHeads] = shapeOf(arrays, `${block}/MultiHeadDotProductAttention_0/query/kernel`, 3);
  const [, mlpDim] = shapeOf(arrays, `${block}/MlpBlock_0/Dense_0/kernel`, 2);
  const pool = arrays.has('txt/MAPHead_0/probe') ? 'map' : saved;
  const shape = { width, depth, mlpDim: mlpDim!, numHeads: numHeads! }; // of that rank
  return { kind: 'tokens', tower: 'own', vocabulary, length, shape, pool };
}
