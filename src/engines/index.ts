// The room's door: which engine computes, whether it does so rightly, and what happens when it fails.

export {
  type ChooseEngineOptions,
  chooseEngine,
  type EngineChoice,
  type EngineTrial,
} from './choose-engine.ts';
export type { EngineName } from './engine-name.ts';
export type { Gpu } from './gpu.ts';
export { currentGpu } from './gpu.ts';
export {
  type EngineFallback,
  type HeldModel,
  type OpenOptions,
  openOnBestEngine,
} from './open-on-best-engine.ts';
export { measureParity, type ParityOptions, type ParityResult, type ParityRow } from './parity.ts';
export type { RunningEngine } from './start-engine.ts';
