// Rasters → tensor → embedding: one Vision Transformer for pictures and drawn text.

export {
  buildHead,
  type HeadConfig,
  headLayerNames,
  headParameterShapes,
  headValues,
} from './classifier-head.ts';
export { buildClippoNetworks, type ClippoNetworks, clippoParameters, networkFor } from './clippo-network.ts';
export {
  type ClippoConfig,
  type Pool,
  type ResolvedClippoConfig,
  resolveClippoConfig,
  type VitConfig,
} from './config.ts';
export { assertSameKind, inferConfig } from './infer-config.ts';
export { initialValues, type ParameterSource } from './initial-values.ts';
export { groupInputs, type InputGroup, type NetworkInput, toInputTensor } from './network-input.ts';
export { countParameters, parameterShapes } from './parameter-shapes.ts';
export {
  describeText,
  isOneRoad,
  type PixelText,
  type ResolvedText,
  type SeparatePart,
  TEXT_POOLS,
  type TextInput,
  type TextPool,
  type TokenText,
} from './text-input.ts';
export { type ToTensorOptions, toTensor } from './to-tensor.ts';
export { buildVit, layerOutput, networkParameters } from './vit.ts';
export { VARIANTS, type VitShape } from './vit-shape.ts';
