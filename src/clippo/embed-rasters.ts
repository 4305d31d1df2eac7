// Rasters of one batch → their rows of numbers: those of one size go through the network together, in tfjs or in ONNX
// Runtime, whichever encodes.

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { groupBySize, toTensor } from '../model/index.ts';
import type { Raster } from '../raster/index.ts';
import type { CompiledEncoder, EncoderOutput } from './compiled-encoder.ts';

export interface Encoder {
  readonly network: LayersModel;
  /** The network in ONNX Runtime, if that encodes. */
  readonly compiled: CompiledEncoder | undefined;
}

/**
 * @param dim - numbers of a row of what is wanted
 * @returns B · dim numbers, in the order of the rasters
 */
export async function embedRasters(
  encoder: Encoder,
  rasters: readonly Raster[],
  wanted: EncoderOutput,
  dim: number,
): Promise<Float32Array> {
  const groups = groupBySize(rasters, 'inputs');
  if (groups.length === 1) return embedGroup(encoder, rasters, wanted);
  const rows = new Float32Array(rasters.length * dim);
  for (const { rasters: group, places } of groups) {
    const embedded = await embedGroup(encoder, group, wanted);
    places.forEach((place, i) => {
      rows.set(embedded.subarray(i * dim, (i + 1) * dim), place * dim);
    });
  }
  return rows;
}

async function embedGroup(
  { network, compiled }: Encoder,
  rasters: readonly Raster[],
  wanted: EncoderOutput,
): Promise<Float32Array> {
  if (compiled !== undefined) {
    const images = toTensor(rasters);
    try {
      return await compiled.encode(images, wanted);
    } finally {
      images.dispose();
    }
  }
  const cut = wanted === 'embedding' ? network : cutAt(network, wanted);
  const rows = tf.tidy(() => cut.apply(toTensor(rasters)) as tf.Tensor);
  try {
    return (await rows.data()) as Float32Array;
  } finally {
    rows.dispose();
  }
}

/** The network up to a layer, sharing the weights. */
function cutAt(network: LayersModel, layer: string): LayersModel {
  return cutModel({ inputs: network.inputs, outputs: network.getLayer(layer).output });
}
