// loss → better weights.

export { Adafactor, type AdafactorOptions, adafactor } from './adafactor.ts';
export type { EngineOptions } from './engine.ts';
export { contrastiveLoss, contrastiveMetrics, maskedContrastiveLoss } from './loss.ts';
export type { RecordableOptimizer } from './recordable-optimizer.ts';
export { type Duration, type ScheduleOptions, schedule } from './schedule.ts';
export {
  type CreateTrainStepOptions,
  createTrainStep,
  type PairBatch,
  type TrainStep,
  type TrainStepMetrics,
  type TrainStepOptions,
  trainStep,
} from './train-step.ts';
export { type StepMetrics, type TrainOptions, type TrainResult, train } from './trainer.ts';
export { type Parameters, type StepOptimizer, type UpdateMetrics, updateStep } from './update.ts';
