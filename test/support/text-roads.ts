// The models that CLIPPO is compared with, tiny, and a tokenizer for those of them that need one.

import { ClippoModel } from '../../src/clippo-model.ts';
import type { TextInput } from '../../src/model/index.ts';
import { trainTokenizer } from '../../src/tokens/index.ts';

export const TEXTS = ['a red cat', 'two dogs', 'the green bird sings', ''];

export const tokenizer = trainTokenizer([...TEXTS, 'red green dogs cat'], { vocabulary: 48, name: 'tiny' });

const TOKENS = { kind: 'tokens', vocabulary: tokenizer.vocabulary, length: 6 } as const;

/** By name. */
export const TEXT_ROADS = {
  'CLIP*': { ...TOKENS, shape: { width: 24, depth: 2, mlpDim: 40, numHeads: 3 } },
  'CLIP*, mean': { ...TOKENS, pool: 'mean' },
  'CLIP*, map': { ...TOKENS, pool: 'map' },
  '1T-CLIP': { ...TOKENS, tower: 'shared' },
  'separate embedding': { kind: 'pixels', separate: ['embedding'] },
  'separate pool and head': { kind: 'pixels', separate: ['pool', 'head'] },
} as const satisfies Record<string, TextInput>;

export type TextRoadName = keyof typeof TEXT_ROADS;
export const TEXT_ROAD_NAMES = Object.keys(TEXT_ROADS) as TextRoadName[];

/** mu, 32 px, 4 patches, embeddings of 16 numbers. */
export function createTextRoad(name: TextRoadName, seed = 1): Promise<ClippoModel> {
  const text: TextInput = TEXT_ROADS[name];
  const config = { variant: 'mu/16', imageSize: 32, embeddingDim: 16, text };
  return ClippoModel.create(config, { seed, ...(text.kind === 'tokens' && { tokenizer }) });
}
