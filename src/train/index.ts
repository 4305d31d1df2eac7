// loss → better weights.

export { Adafactor, type AdafactorOptions, adafactor } from './adafactor.ts';
export { contrastiveLoss, contrastiveMetrics, maskedContrastiveLoss } from './loss.ts';
export { type Duration, type ScheduleOptions, schedule } from './schedule.ts';
export {
  type PairBatch,
  type StepMetrics,
  type TrainOptions,
  type TrainResult,
  type TrainStepOptions,
  train,
  trainStep,
} from './trainer.ts';
export { type Parameters, type StepOptimizer, type UpdateMetrics, updateStep } from './update.ts';
