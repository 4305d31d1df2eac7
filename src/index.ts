// The main door: text to pixels, the model, checkpoints. `clippo-ts/render` gives the first without tfjs.

export {
  type BigVisionOptions,
  type Bytes,
  type CheckpointSource,
  type DType,
  type Grid,
  type NamedArrays,
  type NamedWeights,
  type NdArray,
  type NdArrayLike,
  type NpzOptions,
  type PretrainedName,
  PUBLISHED_MODELS,
  type PublishedName,
  parseNpz,
  parseSafetensors,
  readBigVision,
  resamplePositionEmbedding,
  type SafetensorsOptions,
  safetensorsMetadata,
  type TypedArray,
  toFloat32,
  toScanLayout,
  writeNpz,
  writeSafetensors,
} from './checkpoint/index.ts';
export {
  type Classification,
  type ClassifyOptions,
  ClippoModel,
  type CreateOptions,
  type EncodeOptions,
  type LoadOptions,
  type ModelCompileOptions,
  type PretrainedOptions,
  type SaveOptions,
  type WarmUpOptions,
} from './clippo-model.ts';
export type { CompileReport, OrtRuntime } from './compile/index.ts';
export type { DownloadOptions } from './download/index.ts';
export { createEmbeddings, type Embeddings, type Hit, similarityMatrix, topK } from './embeddings.ts';
export {
  type ChooseEngineOptions,
  chooseEngine,
  currentGpu,
  type EngineChoice,
  type EngineFallback,
  type EngineName,
  type EngineTrial,
  type Gpu,
  type HeldModel,
  measureParity,
  type OpenOptions,
  openOnBestEngine,
  type ParityOptions,
  type ParityResult,
  type ParityRow,
} from './engines/index.ts';
export {
  BackendError,
  CheckpointError,
  ClippoError,
  type ClippoErrorCode,
  CompileError,
  ConfigError,
  DataError,
  FontError,
  ShapeError,
} from './errors.ts';
export type { FileCache } from './file-cache.ts';
export type { ImageLike, RgbaImage } from './image-input.ts';
export {
  buildVit,
  type ClippoConfig,
  countParameters,
  networkParameters,
  type PixelText,
  type Pool,
  parameterShapes,
  type SeparatePart,
  type TextInput,
  type TextPool,
  type TokenText,
  type ToTensorOptions,
  toTensor,
  VARIANTS,
  type VitConfig,
  type VitShape,
} from './model/index.ts';
export type { OnProgress, ProgressEvent } from './progress.ts';
export { CLIP_BEST_TEMPLATES, CLIP_TEMPLATES, canonicalizePrompt } from './prompts.ts';
export { createRandom, type Random } from './random.ts';
export * from './raster/index.ts';
export * from './render/index.ts';
export type { TextTokenizer, Tokenizer } from './tokens/index.ts';
export { type FetchUnifontOptions, fetchUnifont } from './unifont-release.ts';
