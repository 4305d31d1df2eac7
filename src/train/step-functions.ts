// The functions a step is made of, ready to be called: as they are on tfjs, or each as one graph in ONNX Runtime. They
// are recorded together, and anew when the variables are others: `setWeights` makes such.

import * as tf from '@tensorflow/tfjs-core';
import type { CompiledFunction, OrtRuntime, TensorFunction } from '../compile/index.ts';

/** Functions by name; each reads and assigns variables, and takes everything else that changes as an input. */
type Functions = Readonly<Record<string, TensorFunction>>;

/** The same, ready to be called. */
export type Calls<F extends Functions> = {
  readonly [K in keyof F]: (...inputs: Parameters<F[K]>) => Promise<Awaited<ReturnType<F[K]>>>;
};

export interface StepFunctions<F extends Functions> {
  /**
   * @param variables - all that the functions read or assign; the same ones in the same order mean the same functions
   * @param make - makes the functions, when there are none for these variables
   */
  prepare(variables: readonly tf.Variable[], make: () => F): Promise<Calls<F>>;
  /** Frees the sessions. Harmless when called twice. */
  dispose(): Promise<void>;
}

/** @param runtime - undefined for tfjs */
export function createStepFunctions<F extends Functions>(runtime: OrtRuntime | undefined): StepFunctions<F> {
  let prepared: { calls: Calls<F>; variables: readonly tf.Variable[] } | undefined;
  let sessions: CompiledFunction<TensorFunction>[] = [];

  async function dispose(): Promise<void> {
    prepared = undefined;
    const old = sessions;
    sessions = [];
    for (const session of old) await session.dispose();
  }

  async function callOf(fn: TensorFunction, variables: readonly tf.Variable[]): Promise<TensorFunction> {
    if (runtime === undefined) {
      return async (...inputs: tf.Tensor[]) => tf.tidy(() => fn(...inputs) as tf.TensorContainer);
    }
    const { compile } = await import('../compile/index.ts');
    const session = await compile(fn, { runtime, variables });
    sessions.push(session);
    return session;
  }

  return {
    async prepare(variables, make) {
      const isKnown =
        prepared?.variables.length === variables.length &&
        prepared.variables.every((variable, i) => variable === variables[i]);
      if (prepared !== undefined && isKnown) return prepared.calls;
      await dispose();
      const calls: Record<string, TensorFunction> = {};
      for (const [name, fn] of Object.entries(make())) calls[name] = await callOf(fn, variables);
      prepared = { calls: calls as Calls<F>, variables: [...variables] }; // the keys of F, each with its signature
      return prepared.calls;
    },
    dispose,
  };
}
