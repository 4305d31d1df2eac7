// What `encode` is asked for, checked once, with every default filled in, and how many numbers a row will have.

import { ConfigError } from '../errors.ts';
import type { ResolvedClippoConfig } from '../model/index.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';

/** How `ClippoModel.encode` goes through its inputs. */
export interface EncodeOptions {
  /** Inputs that go through the network together, default 32. */
  readonly batchSize?: number;
  /** Scale every vector to length 1, default true; false gives the layer's output as it is. */
  readonly normalize?: boolean;
  /** `'pre_logits'`: what the head reads, D numbers, which linear transfer builds on. Default `'head'`, E numbers. */
  readonly layer?: 'head' | 'pre_logits';
  /** Default true; false takes pictures as they are, which is for those of `ClippoModel.toRaster`. */
  readonly resize?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface ResolvedEncodeOptions extends EncodeOptions {
  readonly batchSize: number;
  readonly normalize: boolean;
  readonly layer: 'head' | 'pre_logits';
}

/** @throws ConfigError */
export function resolveEncodeOptions(options: EncodeOptions): ResolvedEncodeOptions {
  refuseUnknown('encode', options, ['batchSize', 'normalize', 'layer', 'resize', 'signal', 'onProgress']);
  const { batchSize = 32, normalize = true, layer = 'head', ...rest } = options;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new ConfigError(`batchSize: expected a positive integer, got ${batchSize}.`);
  }
  if (layer !== 'head' && layer !== 'pre_logits') {
    throw new ConfigError(`layer: expected 'head' or 'pre_logits', got ${describeValue(layer)}.`);
  }
  return { batchSize, normalize, layer, ...rest };
}

/** @throws ConfigError for pictures and texts together where their towers differ in width */
export function rowSize(
  { outputDim, width, text }: ResolvedClippoConfig,
  layer: ResolvedEncodeOptions['layer'],
  inputs: readonly unknown[],
): number {
  if (layer === 'head') return outputDim;
  const textWidth = text.kind === 'tokens' && text.tower === 'own' ? text.shape.width : width;
  const texts = inputs.filter((input) => typeof input === 'string').length;
  if (textWidth !== width && texts > 0 && texts < inputs.length) {
    throw new ConfigError(
      `layer: 'pre_logits' has ${width} numbers for a picture and ${textWidth} for a text in this model. Encode pictures and texts one after the other.`,
    );
  }
  return texts > 0 ? textWidth : width;
}
