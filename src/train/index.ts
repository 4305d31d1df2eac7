// loss → better weights.

export type { PairBatch, TextBatch } from '../data/index.ts';
export { type TrainTokenizerOptions, trainTokenizer } from '../tokens/index.ts';
export { Adafactor, type AdafactorOptions, adafactor } from './adafactor.ts';
export { AdamW, type AdamWOptions, adamw } from './adamw.ts';
export {
  type Anchors,
  type AnchorsOptions,
  anchorLoss,
  checkAnchorsOptions,
  createAnchors,
} from './anchors.ts';
export type { LabelFigures } from './answer-metrics.ts';
export type { BatchesOption } from './batch-stream.ts';
export {
  Classifier,
  type ClassifierEvaluation,
  createClassifier,
  type LoadClassifierOptions,
  type PredictOptions,
  type SaveClassifierOptions,
} from './classifier.ts';
export type { ClassifierOptions, ClassifierSettings } from './classifier-options.ts';
export type { EncodeExamplesOptions } from './encode-examples.ts';
export type { EngineOptions } from './engine.ts';
export type { Target } from './example-targets.ts';
export { type FinetuneOptions, type FinetuneResult, finetune } from './finetune.ts';
export type {
  FinetuneHandles,
  FinetuneSettings,
  FinetuneStepMetrics,
  Measured,
  OptimizerSetting,
  TrialEvaluation,
} from './finetune-options.ts';
export type { TrialOutcome } from './finetune-sweep.ts';
export { type HeadTrainerOptions, headTrainer } from './head-trainer.ts';
export { type InitFromOptions, initFrom } from './init-from.ts';
export {
  type EncodedExamples,
  type Example,
  type ExampleInput,
  type Examples,
  labelledExamples,
  taskExamples,
} from './labelled-examples.ts';
export { contrastiveLoss, contrastiveMetrics, maskedContrastiveLoss } from './loss.ts';
export { checkModelCard, type ModelCardText } from './model-card.ts';
export type { RecordableOptimizer } from './recordable-optimizer.ts';
export type { RunFolder } from './run-folder.ts';
export { type Duration, type ScheduleOptions, schedule } from './schedule.ts';
export type { StepMetrics } from './step-metrics.ts';
export {
  type CreateTrainStepOptions,
  createTrainStep,
  type LargeBatchStepOptions,
  largeBatchStep,
  type TrainStep,
  type TrainStepMetrics,
  type TrainStepOptions,
  trainStep,
} from './train-step.ts';
export { type TrainOptions, type TrainResult, train } from './trainer.ts';
export { type Parameters, type StepOptimizer, type UpdateMetrics, updateStep } from './update.ts';
