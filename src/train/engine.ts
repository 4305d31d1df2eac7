// What computes a step of training: the caller's choice, checked, and the ONNX Runtime that it comes to.

import * as platform from '#platform';
import type { OrtRuntime } from '../compile/index.ts';
import { BackendError, ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { isRecordable } from './recordable-optimizer.ts';
import type { StepOptimizer } from './update.ts';

/** What computes the steps of a training. */
export interface EngineOptions {
  /**
   * What computes: `'onnx'`, the step as one graph in ONNX Runtime; `'tfjs'`, its current backend; `'auto'`, the
   * first of these where there is a `runtime`, or onnxruntime-node is installed. Default `'auto'`.
   */
  readonly engine?: 'auto' | 'tfjs' | 'onnx';
  /** The ONNX Runtime to use: in a browser the module onnxruntime-web, in Node `nodeRuntime({ threads: 4 })`. */
  readonly runtime?: OrtRuntime;
}

/** @throws ConfigError */
export function resolveEngineOptions(
  door: string,
  { engine = 'auto', runtime }: EngineOptions,
): Required<Pick<EngineOptions, 'engine'>> & EngineOptions {
  if (engine !== 'auto' && engine !== 'tfjs' && engine !== 'onnx') {
    throw new ConfigError(
      `${door}: engine: expected 'auto', 'tfjs' or 'onnx', got ${describeValue(engine)}.`,
    );
  }
  if (engine === 'tfjs' && runtime !== undefined) {
    throw new ConfigError(`${door}: engine: 'tfjs' does not use a runtime. Leave one of them out.`);
  }
  return { engine, ...(runtime === undefined ? {} : { runtime }) };
}

/**
 * The runtime to record for, undefined for tfjs.
 *
 * @throws ConfigError when one is asked for but the optimiser cannot be recorded
 * @throws BackendError when one is asked for and there is none
 */
export async function findRuntime(
  door: string,
  { engine, runtime }: ReturnType<typeof resolveEngineOptions>,
  optimizer: StepOptimizer,
): Promise<OrtRuntime | undefined> {
  if (engine === 'tfjs') return undefined;
  const isAskedFor = engine === 'onnx' || runtime !== undefined;
  if (!isRecordable(optimizer)) {
    if (!isAskedFor) return undefined;
    throw new ConfigError(
      `${door}: optimizer: to run in ONNX Runtime it needs prepare, stepNumbers and stepCount beside apply, ${describeValue(optimizer)} lacks them. Use adafactor(), or engine: 'tfjs'.`,
    );
  }
  const found = runtime ?? (await platform.onnxRuntime());
  if (found === undefined && isAskedFor) {
    throw new BackendError(`${door}: engine: 'onnx': ${platform.onnxRuntimeAdvice()}`);
  }
  return found;
}
