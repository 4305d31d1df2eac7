// How text goes in, as data: the one thing in which CLIPPO and the models that it is compared with differ. This file says
// which there are; what they are built of lies in text-road.ts.
// Reference: CLIP* is big_vision's `models/proj/image_text/two_towers.py`; the others follow the paper's description.

import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { ResolvedVitConfig } from './config.ts';
import { checkShape, LIMITS, VARIANTS, type VitShape, whole } from './vit-shape.ts';

/** Drawn, or cut into tokens. */
export type TextInput = PixelText | TokenText;

/** Parts of the network that drawn text may have of its own: that of patches, the MAP head, the projection. */
export type SeparatePart = 'embedding' | 'pool' | 'head';

/** Text is drawn and read as pictures are. */
export interface PixelText {
  readonly kind: 'pixels';
  /** Weights that drawn text does not share with pictures, for the ablation of the paper. Default none, which is CLIPPO. */
  readonly separate?: readonly SeparatePart[];
}

/** How tokens of text become one vector: the last, the first, their mean, their largest values, or attention of a probe. */
export type TextPool = 'last' | 'first' | 'mean' | 'max' | 'map';

/** Text is cut into tokens, each with a vector in a table. */
export interface TokenText {
  readonly kind: 'tokens';
  /** V: rows of the table, as many as the tokenizer has pieces. */
  readonly vocabulary: number;
  /** L: tokens that a text has or is filled up to. Default: as many as a picture has patches. */
  readonly length?: number;
  /** `'own'` (default), CLIP*: text has a Transformer of its own. `'shared'`, 1T-CLIP: that of the pictures. */
  readonly tower?: 'own' | 'shared';
  /** Sizes of a tower of its own: a variant, `'B'`, or sizes. Default: those of the pictures' tower. */
  readonly shape?: string | VitShape;
  /** Of a tower of its own. Default `'last'`, the end of the text. */
  readonly pool?: TextPool;
}

export type ResolvedText =
  | { readonly kind: 'pixels'; readonly separate: readonly SeparatePart[] }
  | {
      readonly kind: 'tokens';
      readonly tower: 'shared';
      readonly vocabulary: number;
      readonly length: number;
    }
  | {
      readonly kind: 'tokens';
      readonly tower: 'own';
      readonly vocabulary: number;
      readonly length: number;
      readonly shape: VitShape;
      readonly pool: TextPool;
    };

const PARTS: readonly SeparatePart[] = ['embedding', 'pool', 'head'];
export const TEXT_POOLS: readonly TextPool[] = ['last', 'first', 'mean', 'max', 'map'];
const MAX_VOCABULARY = 2 ** 24;
const FIELDS = {
  pixels: ['kind', 'separate'],
  tokens: ['kind', 'vocabulary', 'length', 'tower', 'shape', 'pool'],
};

/** Whether text is read by exactly the weights that read pictures. */
export function isOneRoad(text: ResolvedText): boolean {
  return text.kind === 'pixels' && text.separate.length === 0;
}

/** What kind of model that is, in words. */
export function describeText(text: ResolvedText): string {
  if (isOneRoad(text)) return 'one tower that reads drawn text (CLIPPO)';
  if (text.kind === 'pixels')
    return `one tower that reads drawn text with its own ${text.separate.join(' and ')}`;
  return text.tower === 'own' ? 'two towers (CLIP*)' : 'one tower with a table of tokens (1T-CLIP)';
}

/** @param tower - that of the pictures @throws ConfigError */
export function resolveText(text: TextInput, tower: ResolvedVitConfig): ResolvedText {
  const kind: unknown = text?.kind;
  if (kind !== 'pixels' && kind !== 'tokens') {
    throw new ConfigError(
      `text: expected { kind: 'pixels' } or { kind: 'tokens', … }, got ${describeKind(text)}.`,
    );
  }
  const other = kind === 'pixels' ? 'tokens' : 'pixels';
  const given = Object.entries(text).filter(([, value]) => value !== undefined);
  const foreign = given
    .map(([name]) => name)
    .filter((name) => name !== 'kind' && FIELDS[other].includes(name));
  if (foreign.length > 0) {
    throw new ConfigError(
      `text: kind '${kind}' and ${foreign.join(', ')}, which is of '${other}', are two text inputs at once; a model has one. Leave ${foreign.length === 1 ? 'it' : 'them'} out, or set kind: '${other}'.`,
    );
  }
  refuseUnknown('text', text, FIELDS[kind]);
  return text.kind === 'pixels' ? resolvePixels(text, tower) : resolveTokens(text, tower);
}

function describeKind(text: unknown): string {
  const isObject = typeof text === 'object' && text !== null && 'kind' in text;
  return isObject ? `kind: ${describeValue(text.kind)}` : describeValue(text);
}

function resolvePixels({ separate = [] }: PixelText, { pool }: ResolvedVitConfig): ResolvedText {
  if (!Array.isArray(separate) || !separate.every((part) => PARTS.includes(part))) {
    const got = Array.isArray(separate)
      ? `[${separate.map(describeValue).join(', ')}]`
      : describeValue(separate);
    throw new ConfigError(`text.separate: expected a list of 'embedding', 'pool' and 'head', got ${got}.`);
  }
  if (separate.includes('pool') && pool !== 'map') {
    throw new ConfigError(
      `text.separate: 'pool' has no weights of its own where pool is '${pool}'. Leave it out, or use pool 'map'.`,
    );
  }
  return { kind: 'pixels', separate: PARTS.filter((part) => separate.includes(part)) };
}

function resolveTokens(text: TokenText, tower: ResolvedVitConfig): ResolvedText {
  const { tower: whose = 'own', shape, pool } = text;
  const patches = (tower.imageSize / tower.patchSize) ** 2;
  const sizes = {
    kind: 'tokens',
    vocabulary: whole('text.vocabulary', text.vocabulary, MAX_VOCABULARY),
    length: whole('text.length', text.length ?? patches, LIMITS.imageSize),
  } as const;
  if (whose !== 'own' && whose !== 'shared') {
    throw new ConfigError(`text.tower: expected 'own' or 'shared', got ${describeValue(whose)}.`);
  }
  if (whose === 'shared') {
    if (shape === undefined && pool === undefined) return { ...sizes, tower: 'shared' };
    throw new ConfigError(
      `text: tower 'shared' is that of the pictures, which has its sizes and its pool already. Leave out ${shape === undefined ? 'pool' : 'shape'}, or set tower: 'own'.`,
    );
  }
  const wanted = pool ?? 'last';
  if (!TEXT_POOLS.includes(wanted)) {
    const known = TEXT_POOLS.map((each) => `'${each}'`).join(', ');
    throw new ConfigError(`text.pool: expected one of ${known}, got ${describeValue(wanted)}.`);
  }
  return { ...sizes, tower: 'own', shape: resolveShape(shape, tower), pool: wanted };
}

function resolveShape(shape: TokenText['shape'], tower: VitShape): VitShape {
  if (typeof shape === 'string') {
    const named = Object.hasOwn(VARIANTS, shape) ? VARIANTS[shape as keyof typeof VARIANTS] : undefined; // just looked
    if (named !== undefined) return { ...named };
    throw new ConfigError(
      `text.shape: ${describeValue(shape)} is not known. Expected one of ${Object.keys(VARIANTS).join(', ')}, or the sizes { width, depth, mlpDim, numHeads }.`,
    );
  }
  const { width, depth, mlpDim, numHeads } = shape ?? tower;
  if (shape !== undefined) checkShape('text.shape', shape);
  return { width, depth, mlpDim, numHeads };
}
