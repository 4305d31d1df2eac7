// What tfjs keeps books of, to be the same before and after a function was recorded.

import * as tf from '@tensorflow/tfjs-core';

export interface TfjsState {
  readonly backend: string | null;
  readonly tensors: number;
  readonly bytes: number;
  readonly dataBuffers: number;
  readonly scopes: number;
  readonly gradientDepth: number;
  readonly kernelDepth: number;
  /** Every variable with its data and that data's owner. */
  readonly variables: ReadonlyMap<string, readonly [variable: object, data: object, owner: unknown]>;
}

/** A snapshot. Data ids and backends are told apart by identity, so compare with {@link changesOf}. */
export function tfjsState(): TfjsState {
  const { state, backendName } = tf.engine();
  const registered = Object.entries(state.registeredVariables);
  return {
    backend: backendName,
    tensors: state.numTensors,
    bytes: state.numBytes,
    dataBuffers: state.numDataBuffers,
    scopes: state.scopeStack.length,
    gradientDepth: state.gradientDepth,
    kernelDepth: state.kernelDepth,
    variables: new Map(
      registered.map(([name, v]) => [name, [v, v.dataId, state.tensorInfo.get(v.dataId)?.backend]]),
    ),
  };
}

/** What is different now, in words; empty where nothing is. */
export function changesOf(before: TfjsState): string[] {
  const now = tfjsState();
  const counts = (
    ['backend', 'tensors', 'bytes', 'dataBuffers', 'scopes', 'gradientDepth', 'kernelDepth'] as const
  )
    .filter((key) => before[key] !== now[key])
    .map((key) => `${key}: ${before[key]} → ${now[key]}`);
  const names = new Set([...before.variables.keys(), ...now.variables.keys()]);
  const variables = [...names].filter((name) => {
    const [left, right] = [before.variables.get(name), now.variables.get(name)];
    return left === undefined || right === undefined || left.some((part, i) => part !== right[i]);
  });
  return [...counts, ...variables.map((name) => `variable ${name}`)];
}
