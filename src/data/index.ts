// Bytes and files → records → batches.

export {
  type AttackAnnotationsOptions,
  type AttackFolderOptions,
  type AttackReference,
  type AttackSource,
  readAttackAnnotations,
  readAttackFolder,
} from './attack-pictures.ts';
export { assembleBatches } from './batch-assembly.ts';
export {
  type BatchOptions,
  type ResolvedBatchOptions,
  resolveBatchOptions,
} from './batch-options.ts';
export { type BatchesOptions, checkEntries, createBatches, makerOptions } from './batches.ts';
export { blobFile } from './blob-file.ts';
export { listTree, readImageAt } from './byte-file.ts';
export { type C4PairsOptions, readC4Pairs } from './c4-pairs.ts';
export {
  type CaptionJsonOptions,
  type KarpathyOptions,
  readCocoCaptions,
  readKarpathy,
} from './caption-json.ts';
export { type CifarOptions, readCifar } from './cifar.ts';
export { type ClassFolderOptions, readClassFolder } from './class-folder.ts';
export {
  CROSSMODAL_LANGUAGES,
  type Crossmodal3600Options,
  type MultilingualReference,
  type MultilingualSource,
  readCrossmodal3600,
  readCrossmodalPictures,
} from './crossmodal-3600.ts';
export type { CsvOptions } from './csv.ts';
export type { BrokenExample, DataReport, SourceReport } from './data-report.ts';
export {
  createExampleMaker,
  type ExampleMaker,
  type ExampleRange,
  type MadeExample,
  type MadeRange,
  type MakerOptions,
} from './example-maker.ts';
export { assertTree, type Files, fileList, isTree } from './file-source.ts';
export { type ImageFolderOptions, readImageFolder } from './image-folder.ts';
export { isObject, type JsonObject, readJsonDocument } from './json.ts';
export { readJsonl } from './jsonl.ts';
export {
  assertClasses,
  type LabelledReference,
  type LabelledSource,
  labelledRecords,
  unknownLabel,
} from './labelled.ts';
export { type MixtureOptions, type PairKind, resolveShare, type SourceShare } from './mixture.ts';
export type { BatchSource, JsonValue, PairBatch, TextBatch } from './pair-batch.ts';
export { type ParallelText, readParallelText } from './parallel-text.ts';
export { decodePicture, PICTURE_LIMITS } from './picture.ts';
export {
  type BrokenCause,
  type BrokenRecord,
  broken,
  type DataRecord,
  type ImageTextRecord,
  imageTextRecord,
  type TextTextRecord,
  textTextRecord,
} from './record.ts';
export type { Row, RowOptions } from './row.ts';
export { type FoundRow, type RowsOptions, readRows, rowFormat } from './rows.ts';
export { type CaptionPlace, IMAGE_EXTENSIONS, MAX_IMAGE_BYTES, type SampleOptions } from './sample.ts';
export { splitSentences } from './sentences.ts';
export { expandBraces } from './shard-glob.ts';
export { createSkipCounter, type SkipCounter, type Skipped } from './skip-counter.ts';
export type { ByteFile, FileTree, RecordReference, RecordSource } from './source.ts';
export { openSource, type SourceDescription, type SourceOpener, sourceName } from './source-description.ts';
export { readTable, type TableOptions } from './table.ts';
export { recordOrBroken } from './unreadable.ts';
export { readWebDataset, type WebDatasetOptions } from './webdataset.ts';
