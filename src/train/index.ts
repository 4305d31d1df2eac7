// loss → better weights.

export type { PairBatch } from '../data/index.ts';
export { Adafactor, type AdafactorOptions, adafactor } from './adafactor.ts';
export {
  type Anchors,
  type AnchorsOptions,
  anchorLoss,
  checkAnchorsOptions,
  createAnchors,
} from './anchors.ts';
export type { BatchesOption } from './batch-stream.ts';
export type { EngineOptions } from './engine.ts';
export { type InitFromOptions, initFrom } from './init-from.ts';
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
