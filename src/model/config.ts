// What a model looks like, as data: the options a caller gives, checked once, with every default filled in.

import { ConfigError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import type { TextRows } from '../text-rows.ts';
import { type ResolvedText, resolveText, type TextInput } from './text-input.ts';
import { checkPatchedShape, decodeVariant, LIMITS, MAX_OUTPUTS, type VitShape, whole } from './vit-shape.ts';

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
  /**
   * How text goes in. Default `{ kind: 'pixels' }`, CLIPPO: drawn, and read by the weights that read pictures. The
   * others are what the paper compares it with.
   */
  readonly text?: TextInput;
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
  readonly text: ResolvedText;
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
    'text',
  ]);
  const { embeddingDim = 768, temperatureInit = 10, textRows = 'all' } = config;
  if (!(temperatureInit > 0 && Number.isFinite(temperatureInit))) {
    throw new ConfigError(`temperatureInit: expected a positive number, got ${temperatureInit}.`);
  }
  const tower = resolveTower(config, whole('embeddingDim', embeddingDim, MAX_OUTPUTS));
  checkTextRows(textRows, tower);
  const text = resolveText(config.text ?? { kind: 'pixels' }, tower);
  if (text.kind === 'tokens' && textRows !== 'all') {
    throw new ConfigError(
      `textRows: ${JSON.stringify(textRows)} says how drawn text is read, text: { kind: 'tokens' } that it is not drawn: a model has one text input. Leave one of them out.`,
    );
  }
  return { ...tower, temperatureInit, textRows, text };
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
    typeof config.variant === 'string' ? decodeVariant(config.variant) : checkPatchedShape(config.variant);
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

function nearestMultiple(value: number, step: number): number {
  return Math.max(step, Math.round(value / step) * step);
}
