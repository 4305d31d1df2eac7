// What a model looks like, as data: the thirteen ViT variants of big_vision, the options a caller gives, and the
// shape of every parameter, computed without allocating any. Names and shapes follow big_vision `models/vit.py`.

import { ConfigError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import { sizeOf } from '../shape.ts';
import type { TextRows } from '../text-rows.ts';

/** The sizes of a Transformer. */
export interface VitShape {
  /** D: size of a token */
  readonly width: number;
  /** number of blocks */
  readonly depth: number;
  /** M: hidden size of the MLP */
  readonly mlpDim: number;
  /** A: attention heads; must divide the width */
  readonly numHeads: number;
}

/** big_vision's named variants (`decode_variant`). */
export const VARIANTS = {
  mu: { width: 32, depth: 1, mlpDim: 128, numHeads: 2 },
  Ti: { width: 192, depth: 12, mlpDim: 768, numHeads: 3 },
  S: { width: 384, depth: 12, mlpDim: 1536, numHeads: 6 },
  M: { width: 512, depth: 12, mlpDim: 2048, numHeads: 8 },
  B: { width: 768, depth: 12, mlpDim: 3072, numHeads: 12 },
  L: { width: 1024, depth: 24, mlpDim: 4096, numHeads: 16 },
  So400m: { width: 1152, depth: 27, mlpDim: 4304, numHeads: 16 },
  H: { width: 1280, depth: 32, mlpDim: 5120, numHeads: 16 },
  g: { width: 1408, depth: 40, mlpDim: 6144, numHeads: 16 },
  'g-opt': { width: 1536, depth: 40, mlpDim: 6144, numHeads: 16 },
  G: { width: 1664, depth: 48, mlpDim: 8192, numHeads: 16 },
  'G-opt': { width: 1536, depth: 48, mlpDim: 8192, numHeads: 16 },
  e: { width: 1792, depth: 56, mlpDim: 15360, numHeads: 16 },
} as const satisfies Record<string, VitShape>;

/** How tokens become one vector: attention of a learned probe, their mean, or a class token. */
export type Pool = 'map' | 'gap' | 'tok';

/** All that {@link buildVit} builds a tower from. */
export interface VitConfig {
  /**
   * A named variant with its patch size, `'B/16'` (16 px if it names none), or the sizes of a variant of your
   * own with `patchSize` in px.
   */
  readonly variant: string | (VitShape & { readonly patchSize: number });
  /** Side of the square picture in px, a multiple of the patch size; default 224. */
  readonly imageSize?: number;
  /** Default `'map'`. */
  readonly pool?: Pool;
  /** Outputs of the head; left out, there is no head and the network ends at `pre_logits` [B, D]. */
  readonly numClasses?: number;
}

/** All that a CLIPPO model is built from. */
export interface ClippoConfig extends Omit<VitConfig, 'numClasses'> {
  /** E: size of an embedding; default 768. */
  readonly embeddingDim?: number;
  /** Start value of the temperature exp(t), which multiplies the cosines in the loss; default 10. */
  readonly temperatureInit?: number;
  /**
   * Which rows of the canvas text is encoded from, the top ones each time: `'all'` as published, `'used'` those that
   * hold a line (1, 2, 4, 8 … lines of 16 px), or a number of lines, beyond which text is cut off. Not the same
   * function of a text: train as you encode. Pictures always have all rows. Default `'all'`.
   */
  readonly textRows?: TextRows;
}

export interface ResolvedVitConfig extends VitShape {
  readonly patchSize: number;
  readonly imageSize: number;
  readonly pool: Pool;
  /** Outputs of the head, 0 for none. */
  readonly outputDim: number;
}

export interface ResolvedClippoConfig extends ResolvedVitConfig {
  readonly temperatureInit: number;
  readonly textRows: TextRows;
}

/** Checks a {@link VitConfig} once and fills in the defaults. @throws ConfigError */
export function resolveVitConfig(config: VitConfig): ResolvedVitConfig {
  refuseUnknown('VitConfig', config, ['variant', 'imageSize', 'pool', 'numClasses']);
  return resolveTower(
    config,
    config.numClasses === undefined ? 0 : whole('numClasses', config.numClasses, MAX_OUTPUTS),
  );
}

/** Checks a {@link ClippoConfig} once and fills in the defaults. @throws ConfigError */
export function resolveClippoConfig(config: ClippoConfig): ResolvedClippoConfig {
  refuseUnknown('ClippoConfig', config, [
    'variant',
    'imageSize',
    'pool',
    'embeddingDim',
    'temperatureInit',
    'textRows',
  ]);
  const { embeddingDim = 768, temperatureInit = 10, textRows = 'all' } = config;
  if (!(temperatureInit > 0 && Number.isFinite(temperatureInit))) {
    throw new ConfigError(`temperatureInit: expected a positive number, got ${temperatureInit}.`);
  }
  const tower = resolveTower(config, whole('embeddingDim', embeddingDim, MAX_OUTPUTS));
  checkTextRows(textRows, tower);
  return { ...tower, temperatureInit, textRows };
}

function checkTextRows(textRows: TextRows, { imageSize, patchSize }: ResolvedVitConfig): void {
  if (textRows === 'all' || textRows === 'used') return;
  const most = Math.floor(imageSize / 16);
  const fits = Number.isSafeInteger(textRows) && textRows >= 1 && textRows <= most;
  if (fits && (16 * textRows) % patchSize === 0) return;
  const remedy = fits ? ` ${16 * textRows} px are not whole patches of ${patchSize} px.` : '';
  throw new ConfigError(
    `textRows: expected 'all', 'used' or a number of lines of 16 px from 1 to ${most}, got ${JSON.stringify(textRows)}.${remedy}`,
  );
}

function resolveTower(config: Omit<VitConfig, 'numClasses'>, outputDim: number): ResolvedVitConfig {
  const { imageSize = 224, pool = 'map' } = config;
  const shape =
    typeof config.variant === 'string' ? decodeVariant(config.variant) : checkShape(config.variant);
  whole('imageSize', imageSize, LIMITS.imageSize);
  if (imageSize % shape.patchSize !== 0) {
    throw new ConfigError(
      `imageSize: ${imageSize} px is not a multiple of the patch size ${shape.patchSize}. Nearest: ${nearestMultiple(imageSize, shape.patchSize)}.`,
    );
  }
  if (pool !== 'map' && pool !== 'gap' && pool !== 'tok') {
    throw new ConfigError(`pool: expected 'map', 'gap' or 'tok', got ${JSON.stringify(pool)}.`);
  }
  return { ...shape, imageSize, pool, outputDim };
}

/** `'B/16'` → its sizes. @throws ConfigError for a name big_vision does not have */
function decodeVariant(variant: string): VitShape & { readonly patchSize: number } {
  const [name = '', patch = '16', ...rest] = variant.split('/');
  if (!Object.hasOwn(VARIANTS, name) || rest.length > 0 || !/^[1-9]\d{0,3}$/.test(patch)) {
    throw new ConfigError(
      `variant: ${JSON.stringify(variant)} is not known. Expected one of ${Object.keys(VARIANTS).join(', ')}, with a patch size as in "B/16", or the sizes { width, depth, mlpDim, numHeads, patchSize }.`,
    );
  }
  return { ...VARIANTS[name as keyof typeof VARIANTS], patchSize: Number(patch) };
}

function checkShape(
  shape: VitShape & { readonly patchSize: number },
): VitShape & { readonly patchSize: number } {
  const fields = ['width', 'depth', 'mlpDim', 'numHeads', 'patchSize'] as const;
  refuseUnknown('variant', shape, fields);
  for (const field of fields) whole(`variant.${field}`, shape[field], LIMITS[field]);
  if (shape.width % shape.numHeads !== 0) {
    throw new ConfigError(`variant: width ${shape.width} cannot be split into ${shape.numHeads} heads.`);
  }
  return { ...shape };
}

/** Far above every model there is; what lies beyond is a slip of the pen that would exhaust the memory. */
const LIMITS = {
  width: 65536,
  depth: 1024,
  mlpDim: 2 ** 20,
  numHeads: 65536,
  patchSize: 4096,
  imageSize: 16384,
};
const MAX_OUTPUTS = 2 ** 20;

function whole(what: string, value: number, limit: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > limit) {
    throw new ConfigError(`${what}: expected an integer from 1 to ${limit}, got ${String(value)}.`);
  }
  return value;
}

function nearestMultiple(value: number, step: number): number {
  return Math.max(step, Math.round(value / step) * step);
}

/** Path → shape of every parameter of a ViT, in big_vision's names, without the `img/` of CLIPPO. */
export function vitParameterShapes(config: ResolvedVitConfig): Map<string, readonly number[]> {
  const { width: D, depth, mlpDim: M, numHeads: A, patchSize: P, imageSize, pool, outputDim } = config;
  const shapes = new Map<string, readonly number[]>();
  const grid = imageSize / P;

  const layerNorm = (path: string): void => {
    shapes.set(`${path}/scale`, [D]).set(`${path}/bias`, [D]);
  };
  const dense = (path: string, inputs: number, outputs: number): void => {
    shapes.set(`${path}/kernel`, [inputs, outputs]).set(`${path}/bias`, [outputs]);
  };
  const attention = (path: string): void => {
    for (const name of ['query', 'key', 'value']) {
      shapes.set(`${path}/${name}/kernel`, [D, A, D / A]).set(`${path}/${name}/bias`, [A, D / A]);
    }
    shapes.set(`${path}/out/kernel`, [A, D / A, D]).set(`${path}/out/bias`, [D]);
  };
  const mlp = (path: string): void => {
    dense(`${path}/Dense_0`, D, M);
    dense(`${path}/Dense_1`, M, D);
  };

  shapes.set('embedding/kernel', [P, P, 3, D]).set('embedding/bias', [D]);
  shapes.set('pos_embedding', [1, grid * grid, D]);
  if (pool === 'tok') shapes.set('cls', [1, 1, D]);
  for (let i = 0; i < depth; i++) {
    const block = `Transformer/encoderblock_${i}`;
    layerNorm(`${block}/LayerNorm_0`);
    attention(`${block}/MultiHeadDotProductAttention_0`);
    layerNorm(`${block}/LayerNorm_1`);
    mlp(`${block}/MlpBlock_0`);
  }
  layerNorm('Transformer/encoder_norm');
  if (pool === 'map') {
    shapes.set('MAPHead_0/probe', [1, 1, D]);
    attention('MAPHead_0/MultiHeadDotProductAttention_0');
    layerNorm('MAPHead_0/LayerNorm_0');
    mlp('MAPHead_0/MlpBlock_0');
  }
  if (outputDim > 0) dense('head', D, outputDim);
  return shapes;
}

/**
 * Path → shape of every parameter of a CLIPPO, as a published checkpoint names them (`img/…` and `t`).
 *
 * @example parameterShapes({ variant: 'B/16' }).get('img/head/kernel') // [768, 768]
 */
export function parameterShapes(config: ClippoConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const [path, shape] of vitParameterShapes(resolveClippoConfig(config)))
    shapes.set(`img/${path}`, shape);
  return shapes.set('t', [1]);
}

/**
 * How many parameters a CLIPPO has, without allocating any.
 *
 * @example countParameters({ variant: 'B/16' }) // 93474817
 */
export function countParameters(config: ClippoConfig): number {
  let count = 0;
  for (const shape of parameterShapes(config).values()) count += sizeOf(shape);
  return count;
}
