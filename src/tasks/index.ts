// Data sets under their names: the readers of data/ and what mixes them, and tasks, which make pictures and targets of
// their records.

export {
  type AttackAnnotationsOptions,
  type AttackFolderOptions,
  type AttackReference,
  type AttackSource,
  type BatchesOptions,
  type BatchOptions,
  type BatchSource,
  type BrokenCause,
  type BrokenExample,
  type BrokenRecord,
  type ByteFile,
  blobFile,
  type C4PairsOptions,
  type CaptionJsonOptions,
  type CaptionPlace,
  type CifarOptions,
  type ClassFolderOptions,
  CROSSMODAL_LANGUAGES,
  type Crossmodal3600Options,
  type CsvOptions,
  createBatches,
  type DataRecord,
  type DataReport,
  expandBraces,
  type Files,
  type FileTree,
  type ImageFolderOptions,
  type ImageTextRecord,
  type KarpathyOptions,
  type LabelledReference,
  type LabelledSource,
  labelledRecords,
  type MixtureOptions,
  type MultilingualReference,
  type MultilingualSource,
  openSource,
  type PairBatch,
  type PairKind,
  type ParallelText,
  type RecordReference,
  type RecordSource,
  type RowOptions,
  readAttackAnnotations,
  readAttackFolder,
  readC4Pairs,
  readCifar,
  readClassFolder,
  readCocoCaptions,
  readCrossmodal3600,
  readCrossmodalPictures,
  readImageFolder,
  readJsonl,
  readKarpathy,
  readParallelText,
  readTable,
  readWebDataset,
  type SampleOptions,
  type SourceDescription,
  type SourceOpener,
  type SourceReport,
  type SourceShare,
  splitSentences,
  type TableOptions,
  type TextTextRecord,
  type WebDatasetOptions,
} from '../data/index.ts';
export { type CaptionsTask, captions } from './captions.ts';
export { type ClassificationExample, type ClassificationOptions, classification } from './classification.ts';
export { type DrawnTexts, type DrawTextsOptions, joinTexts } from './draw-texts.ts';
export { glue } from './glue.ts';
export { type GlueRecord, type GlueSource, type ReadGlueOptions, readGlue } from './glue-reader.ts';
export { type GlueSubmission, type GlueSubmissionOptions, glueSubmission } from './glue-submission.ts';
export {
  GLUE,
  type GlueFacts,
  type GlueMetric,
  type GlueSplit,
  type GlueTask,
  glueFacts,
} from './glue-table.ts';
export type { FitHead, FitHeadOptions, FittedHead, SingleTarget, TargetKind, Task } from './task.ts';
export { type TextOverflow, type TextTask, textOverflow } from './text-overflow.ts';
export { type VqaExample, type VqaOptions, type VqaSoftTarget, vqa } from './vqa.ts';
export { scoreVqaAnswer, vqaSoftScores } from './vqa-agreement.ts';
export {
  checkVqaAnnotations,
  type VqaAnnotation,
  type VqaAnnotations,
  type VqaPrediction,
  type VqaQuestion,
  type VqaQuestions,
} from './vqa-json.ts';
export { normalizeVqaAnswer } from './vqa-normalize.ts';
export { matchVqaPredictions, type VqaResultsOptions, vqaResults } from './vqa-results.ts';
export { type ReadVqaOptions, readVqa, type VqaReference, type VqaSource } from './vqa-source.ts';
export {
  type AnswerVocabulary,
  type AnswerVocabularyOptions,
  buildAnswerVocabulary,
  parseAnswerVocabulary,
  type VocabularyCoverage,
  vocabularyCoverage,
} from './vqa-vocabulary.ts';
