// big-vision weights → the weights of a CLIPPO: the names a ClippoModel expects, at the picture size it wants.

import { type ClippoConfig, resolveClippoConfig } from '../model/index.ts';
import { toFloat32 } from './nd-array.ts';
import { resamplePositionEmbedding } from './position-embedding.ts';
import type { NamedWeights } from './scan-layout.ts';

/** Canonical names of a CLIPPO; a bare ViT is taken for its tower, with the temperature still at its start. */
export function towerWeights(weights: NamedWeights): NamedWeights {
  const t = weights.get('t');
  // A scalar is as good as the vector of one that big_vision stores.
  if (t?.shape.length === 0) weights.set('t', { dtype: 'float32', shape: [1], data: toFloat32(t) });
  if (!weights.has('embedding/kernel')) return weights;
  const tower: NamedWeights = new Map();
  for (const [path, array] of weights) tower.set(`img/${path}`, array);
  return tower.set('t', { dtype: 'float32', shape: [1], data: Float32Array.of(Math.log(10)) });
}

/** The weights for pictures of another size: the position embedding is resampled to the new grid. */
export function fitImageSize(
  weights: NamedWeights,
  stored: ClippoConfig,
  wanted: ClippoConfig,
): NamedWeights {
  if (stored.imageSize === wanted.imageSize) return weights;
  const { patchSize } = resolveClippoConfig(wanted);
  const path = 'img/pos_embedding';
  const resampled = resamplePositionEmbedding(
    weights.get(path)!,
    stored.imageSize! / patchSize,
    wanted.imageSize! / patchSize,
  );
  return new Map(weights).set(path, resampled);
}
