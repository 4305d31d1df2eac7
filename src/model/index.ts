// Rasters → tensor → embedding: one Vision Transformer for pictures and drawn text.

export {
  buildHead,
  type HeadConfig,
  headLayerNames,
  headParameterShapes,
  headValues,
} from './classifier-head.ts';
export { buildClippoNetwork } from './clippo-network.ts';
export {
  type ClippoConfig,
  countParameters,
  type Pool,
  parameterShapes,
  type ResolvedClippoConfig,
  resolveClippoConfig,
  VARIANTS,
  type VitConfig,
  type VitShape,
} from './config.ts';
export { inferConfig } from './infer-config.ts';
export { initialValues, type ParameterSource } from './initial-values.ts';
export { groupBySize, type RasterGroup } from './raster-groups.ts';
export { type ToTensorOptions, toTensor } from './to-tensor.ts';
export { buildVit, networkParameters } from './vit.ts';
