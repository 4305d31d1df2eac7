// CLIPPO on one screen: a Vision Transformer, a linear head, L2 normalisation. Pictures and drawn text go through
// the same weights. Reference: big_vision `models/proj/clippo/one_tower.py`.
// What it is compared with has a second road for text, which meets the first one where both share weights.

import type * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { ResolvedClippoConfig } from './config.ts';
import type { ParameterSource } from './initial-values.ts';
import { L2Normalization } from './layers.ts';
import { isOneRoad } from './text-input.ts';
import { textRoad } from './text-road.ts';
import { imageRoad, layerParameters, type Road, through, walk } from './vit.ts';

/** Which network reads what; of a CLIPPO both are the same one. */
export interface ClippoNetworks {
  /** Images [B, H, W, 3] in [-1, 1] → unit embeddings [B, E]. Named on the way: `pre_logits` [B, D], `head` [B, E]. */
  readonly images: LayersModel;
  /** What text is made to → unit embeddings [B, E]: drawn, and an image; or see text-road.ts. */
  readonly texts: LayersModel;
}

/** @param source - values by big_vision path, `img/…` and `txt/…` */
export function buildClippoNetworks(config: ResolvedClippoConfig, source: ParameterSource): ClippoNetworks {
  const below =
    (prefix: string): ParameterSource =>
    (path, shape) =>
      source(`${prefix}/${path}`, shape);
  const normalize = through(new L2Normalization({ name: 'normalized', settings: {} }));
  const network = (road: Road, name: string): LayersModel =>
    model({ inputs: road.input, outputs: normalize(walk(road)) as SymbolicTensor, name });

  const road = imageRoad(config, below('img'));
  const images = network(road, 'clippo');
  if (isOneRoad(config.text)) return { images, texts: images };
  return { images, texts: network(textRoad(road, config, below('txt')), 'clippo_text') };
}

/** Path → variable of all weights: below `img/` what pictures go through, below `txt/` what text alone does. */
export function clippoParameters({ images, texts }: ClippoNetworks): Map<string, tf.Variable> {
  const ofImages = new Set(images.layers);
  const parameters = new Map<string, tf.Variable>();
  for (const layer of [...images.layers, ...texts.layers.filter((each) => !ofImages.has(each))]) {
    const prefix = ofImages.has(layer) ? 'img' : 'txt';
    for (const [path, variable] of layerParameters(layer)) parameters.set(`${prefix}/${path}`, variable);
  }
  return parameters;
}

/** The network that reads a tensor: pictures have three colours, drawn text of its own road one, tokens no pixels. */
export function networkFor({ images, texts }: ClippoNetworks, { rank, shape }: tf.Tensor): LayersModel {
  return rank === 4 && shape[3] === 3 ? images : texts;
}
