// One graph in one session, for inputs of one signature: feeds tensors and variables in, takes results out, and puts
// what the variables became back into them. A call that fails leaves them as they were, because results go into
// other arrays than those they were computed from; the two change places from call to call.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError, CompileError } from '../errors.ts';
import { sizeOf } from '../shape.ts';
import { type HostArray, hostData } from './host-data.ts';
import type { RecordedGraph } from './record-graph.ts';
import { messageOf, type OrtRuntime, type OrtSession, type OrtTensor } from './session.ts';

export interface Program {
  /** One result per output path. Feeds are borrowed, results are given. */
  run(inputs: readonly tf.Tensor[]): Promise<Map<string, tf.Tensor>>;
  release(): Promise<void>;
}

/** @param inPlace - whether the runtime writes results into arrays it is given */
export function createProgram(
  runtime: OrtRuntime,
  session: OrtSession,
  { graph, states }: RecordedGraph,
  { inPlace }: { readonly inPlace: boolean },
): Program {
  const fed = new Set(states.flatMap(({ input }) => input ?? []));
  const stateOutputs = new Set(states.flatMap(({ output }) => output ?? []));
  const inputs = graph.inputs.filter(({ name }) => !fed.has(name));
  const results = graph.outputs.filter(({ name }) => !stateOutputs.has(name));
  /** Arrays that hold nothing of value, to be written to by the next call. */
  const spare = new Map<tf.Variable, HostArray>();

  const tensorOf = (dtype: string, data: HostArray, dims: readonly number[]): OrtTensor =>
    new runtime.Tensor(dtype, data, dims);

  async function run(tensors: readonly tf.Tensor[]): Promise<Map<string, tf.Tensor>> {
    const feeds: Record<string, OrtTensor> = {};
    for (const [i, { name, value }] of inputs.entries()) {
      const tensor = tensors[i]!;
      feeds[name] = tensorOf(value.dtype, await valuesOf(tensor), tensor.shape);
    }
    const fetches: Record<string, OrtTensor | null> = {};
    const next = new Map<tf.Variable, HostArray>();
    for (const { variable, input, output } of states) {
      const { dtype, shape } = variable;
      if (variable.isDisposed) {
        throw new CompileError(
          `compiled function: the variable ${variable.name} was disposed. Dispose of the function first, or compile again.`,
        );
      }
      if (input !== null) feeds[input] = tensorOf(dtype, await valuesOf(variable), shape);
      if (output === null) continue;
      if (!inPlace) {
        fetches[output] = null;
        continue;
      }
      const target = spare.get(variable) ?? allocate(dtype, shape);
      spare.delete(variable);
      next.set(variable, target);
      fetches[output] = tensorOf(dtype, target, shape);
    }
    for (const { name } of results) fetches[name] = null;
    let fetched: Readonly<Record<string, OrtTensor>>;
    try {
      fetched = await session.run(feeds, fetches);
    } catch (cause) {
      for (const [variable, target] of next) spare.set(variable, target);
      throw new BackendError(
        `compiled function: ONNX Runtime failed: ${messageOf(cause)}. The variables are as they were.`,
        { cause },
      );
    }
    if (!inPlace) {
      for (const { variable, output } of states) {
        if (output !== null) next.set(variable, fetched[output]!.data as HostArray);
      }
    }
    for (const [variable, values] of next) {
      if (variable.isDisposed) continue; // while it ran
      const old = replaceData(variable, values);
      if (inPlace && old !== undefined) spare.set(variable, old);
    }
    return new Map(
      results.map(({ name, value }) => {
        const { data, dims } = fetched[name]!;
        // Only types of tfjs leave the graph.
        return [name, tf.tensor(data as Float32Array, [...dims], value.dtype as tf.DataType)];
      }),
    );
  }

  return {
    run,
    async release() {
      spare.clear();
      await session.release();
    },
  };
}

/** The elements of a tensor; those of a variable held here are not copied. */
async function valuesOf(tensor: tf.Tensor): Promise<HostArray> {
  // float32, int32 and bool come as typed arrays; tfjs cpu may leave that of another type behind a cast.
  const values = hostData.valuesOf(tensor.dataId) ?? ((await tensor.data()) as HostArray);
  const Data = ARRAY_OF[tensor.dtype as keyof typeof ARRAY_OF];
  return values instanceof Data ? values : Data.from(values);
}

const ARRAY_OF = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function allocate(dtype: tf.DataType, shape: readonly number[]): HostArray {
  return new ARRAY_OF[dtype as keyof typeof ARRAY_OF](sizeOf(shape));
}

/** Makes an array the data of a variable, as `assign` would; returns the array that was, if it was one of ours. */
function replaceData(variable: tf.Variable, values: HostArray): HostArray | undefined {
  const old = variable.dataId;
  const engine = tf.engine();
  const owned = hostData.valuesOf(old);
  variable.dataId = hostData.adopt(values, variable);
  const info = engine.state.tensorInfo.get(old);
  if (info === undefined || !info.backend.disposeData(old)) return undefined;
  engine.removeDataId(old, info.backend);
  return owned;
}
