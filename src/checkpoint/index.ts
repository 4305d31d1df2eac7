// The door of the room: weights ↔ bytes.

export { type BigVisionOptions, readBigVision } from './big-vision.ts';
export type { Bytes } from './bytes.ts';
export type { DType, TypedArray } from './dtype.ts';
export { type ModelSettings, storedSettings, takeSettings } from './model-settings.ts';
export type { NamedArrays } from './named-arrays.ts';
export { type NdArray, type NdArrayLike, toFloat32, toOwnFloat32 } from './nd-array.ts';
export { npyChunks, parseNpy } from './npy.ts';
export { type NpzOptions, npzChunks, parseNpz, writeNpz } from './npz.ts';
export { parseArrays } from './parse-arrays.ts';
export { type Grid, resamplePositionEmbedding } from './position-embedding.ts';
export {
  isPretrainedName,
  isShippedName,
  type PretrainedName,
  PUBLISHED_MODELS,
  type PublishedName,
  publishedFileName,
  readPretrained,
  requirePretrainedName,
} from './pretrained.ts';
export {
  parseSafetensors,
  type SafetensorsOptions,
  safetensorsChunks,
  safetensorsMetadata,
  writeSafetensors,
} from './safetensors.ts';
export { type NamedWeights, toScanLayout } from './scan-layout.ts';
export { sha256 } from './sha256.ts';
export { type CheckpointSource, readSource, type SourceOptions } from './source.ts';
export { fitImageSize, towerWeights } from './tower-weights.ts';
export { assertWeightsFit, assertWeightsUsable } from './weights-fit.ts';
export { writeChunks } from './write-chunks.ts';
