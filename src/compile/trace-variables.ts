// What becomes of tf.Variables while a function is recorded. Each that is state stands for a value of the program, so
// reading it reads an input and assigning it makes an output. Every other one is held fast, so that assigning it
// loses nothing; new ones become state at once. At the end all are as they were.

import * as tf from '@tensorflow/tfjs-core';
import { CompileError } from '../errors.ts';
import { denseData } from './build.ts';
import { type Constant, isConstant, type Value } from './graph.ts';
import { hostData, releaseData } from './host-data.ts';
import type { TraceBackend } from './trace-backend.ts';

/** A variable the function reads or assigns, before and after the call. */
export interface TracedState {
  readonly variable: tf.Variable;
  readonly before: Value;
  /** the same value where the function does not assign it */
  readonly after: Value;
}

export interface RecordedVariables {
  states(): TracedState[];
  /** Variables that were assigned without being state. */
  late(): tf.Variable[];
  restore(): void;
}

/** @param states - living variables */
export function recordVariables(states: Iterable<tf.Variable>, backend: TraceBackend): RecordedVariables {
  const engine = tf.engine();
  const replaced = new Map<tf.Variable, { before: Value; original: tf.DataId }>();
  const born = new Map<tf.Variable, { before: Value; start: Constant }>();
  const held = new Map<tf.Variable, tf.DataId>();

  const stateOf = (variable: tf.Variable): Value => ({
    dtype: variable.dtype as Value['dtype'], // of a variable that tfjs computes with
    shape: [...variable.shape],
  });
  for (const variable of states) {
    const before = stateOf(variable);
    replaced.set(variable, { before, original: variable.dataId });
    variable.dataId = backend.adopt(before);
  }
  for (const variable of Object.values(engine.state.registeredVariables)) {
    const info = engine.state.tensorInfo.get(variable.dataId);
    if (replaced.has(variable) || info === undefined) continue;
    // A second reference keeps the data when the function assigns another value.
    info.backend.incRef(variable.dataId);
    held.set(variable, variable.dataId);
  }
  const makeVariable = engine.makeVariable;
  engine.makeVariable = (...args) => {
    const variable = makeVariable.apply(engine, args);
    const start = backend.lookUp(variable);
    if (!isConstant(start)) {
      variable.dispose();
      throw new CompileError(
        'compile: the function makes a variable whose start value it computes. Make the variable before compiling.',
      );
    }
    const before = stateOf(variable);
    releaseData(variable.dataId);
    variable.dataId = backend.adopt(before);
    born.set(variable, { before, start });
    return variable;
  };

  return {
    states() {
      const all = [...replaced, ...born].filter(([variable]) => !variable.isDisposed);
      return all.map(([variable, { before }]) => ({
        variable,
        before,
        after: backend.lookUp(variable),
      }));
    },
    late: () =>
      [...held]
        .filter(([variable, original]) => variable.dataId !== original && !variable.isDisposed)
        .map(([variable]) => variable),
    restore() {
      engine.makeVariable = makeVariable;
      const putBack = (variable: tf.Variable, original: tf.DataId): void => {
        // What the variable holds now goes; where the function disposed it, what it held before does.
        releaseData(variable.isDisposed ? original : variable.dataId);
        variable.dataId = original;
      };
      for (const [variable, { original }] of replaced) putBack(variable, original);
      // An assignment has used the second reference up, else it goes here.
      for (const [variable, original] of held) putBack(variable, original);
      for (const [variable, { start }] of born) {
        if (variable.isDisposed) continue;
        releaseData(variable.dataId);
        // float32, int32 or bool, as every variable's.
        variable.dataId = hostData.adopt(denseData(start).slice() as Float32Array, variable);
      }
    },
  };
}
