// CLIPPO on one screen: a Vision Transformer, a linear head, L2 normalisation. Pictures and drawn text go through
// the same weights. Reference: big_vision `models/proj/clippo/one_tower.py`.

import { type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { ResolvedClippoConfig } from './config.ts';
import type { ParameterSource } from './initial-values.ts';
import { L2Normalization } from './layers.ts';
import { applyVit, imageInput } from './vit.ts';

/**
 * Images [B, H, W, 3] in [-1, 1] → unit embeddings [B, E]. Named on the way: `pre_logits` [B, D], `head` [B, E].
 */
export function buildClippoNetwork(config: ResolvedClippoConfig, source: ParameterSource): LayersModel {
  const images = imageInput(config);
  const logits = applyVit(images, config, source);
  const embedding = new L2Normalization({ name: 'normalized', settings: {} }).apply(logits) as SymbolicTensor; // one in, one out
  return model({ inputs: images, outputs: embedding, name: 'clippo' });
}
