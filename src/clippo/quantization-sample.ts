// Inputs on which the loss of int8 is measured: drawn text, which every CLIPPO reads, and noise, in which every patch is
// busy; for a network of text, text alone.

import type * as tf from '@tensorflow/tfjs-core';
import { type ResolvedClippoConfig, toInputTensor, toTensor } from '../model/index.ts';
import { createRandom } from '../random.ts';
import type { Raster } from '../raster/index.ts';
import { createRenderer } from '../render/index.ts';
import { createTextReader, type TextReaderOptions } from './text-reader.ts';

const TEXTS = ['a photo of a dog', 'two red cars', 'Das ist ein Haus.', '木の上の猫'];

/** @param shape - of an input, as the network takes it */
export async function quantizationSample(
  config: ResolvedClippoConfig,
  options: TextReaderOptions,
  shape: readonly number[],
): Promise<tf.Tensor> {
  const [height = 0, width = 0, channels] = shape;
  if (shape.length === 1) {
    const read = await createTextReader(config, options);
    return toInputTensor(TEXTS.map(read));
  }
  const renderer = await createRenderer({ ...options.render, size: { width, height } });
  const drawn = TEXTS.map((text) => renderer.render(text));
  if (channels === 1) return toInputTensor(drawn.map((text) => ({ drawn: text })));
  const noise = TEXTS.map((_, seed): Raster => {
    const random = createRandom(seed);
    const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
    return { width, height, channels: 3, data };
  });
  return toTensor([...drawn, ...noise]);
}
