// One graph in one session, for inputs of one signature: feeds tensors and variables in, takes results out, and puts
// what the variables became back into them. A call that fails leaves them as they were, because results go into
// other arrays than those they were computed from; the two change places from call to call.

import * as tf from '@tensorflow/tfjs-core';
import { BackendError, CompileError, messageOf } from '../errors.ts';
import { sizeOf } from '../shape.ts';
import { type HostArray, holdData, hostData, releaseData } from './host-data.ts';
import type { RecordedGraph } from './record-graph.ts';
import type { OrtRuntime, OrtSession, OrtTensor } from './session.ts';

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

  /** Everything the graph reads, as it is now. */
  function readsOf(tensors: readonly tf.Tensor[]): Read[] {
    const reads = inputs.map(({ name }, i) => readOf(name, tensors[i]!));
    for (const { variable, input } of states) {
      if (variable.isDisposed) {
        throw new CompileError(
          `compiled function: the variable ${variable.name} was disposed. Dispose of the function first, or compile again.`,
        );
      }
      if (input !== null) reads.push(readOf(input, variable));
    }
    return reads;
  }

  async function run(tensors: readonly tf.Tensor[]): Promise<Map<string, tf.Tensor>> {
    const reads = readsOf(tensors);
    // Reading may take time, in which other functions assign the same variables: two of their calls later they would
    // write to the arrays that are read here.
    for (const { dataId } of reads) holdData(dataId);
    let outcome: Outcome;
    try {
      const feeds: Record<string, OrtTensor> = {};
      for (const { name, dataId, dtype, shape } of reads) {
        feeds[name] = tensorOf(dtype, await valuesOf(dataId, dtype), shape);
      }
      outcome = await runGraph(feeds);
    } finally {
      for (const { dataId } of reads) releaseData(dataId);
    }
    for (const [variable, values] of outcome.next) {
      if (variable.isDisposed) continue; // while it ran
      const old = replaceData(variable, values);
      if (inPlace && old !== undefined) spare.set(variable, old);
    }
    return new Map(
      results.map(({ name, value }) => {
        const { data, dims } = outcome.fetched[name]!;
        // Only types of tfjs leave the graph.
        return [name, tf.tensor(data as Float32Array, [...dims], value.dtype as tf.DataType)];
      }),
    );
  }

  async function runGraph(feeds: Readonly<Record<string, OrtTensor>>): Promise<Outcome> {
    const fetches: Record<string, OrtTensor | null> = {};
    const next = new Map<tf.Variable, HostArray>();
    for (const { variable, output } of states) {
      const { dtype, shape } = variable;
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
    let fetched: Outcome['fetched'];
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
    return { fetched, next };
  }

  return {
    run,
    async release() {
      spare.clear();
      await session.release();
    },
  };
}

interface Outcome {
  readonly fetched: Readonly<Record<string, OrtTensor>>;
  /** What the variables become. */
  readonly next: ReadonlyMap<tf.Variable, HostArray>;
}

/** What an input of the graph is read from. */
interface Read {
  readonly name: string;
  readonly dataId: tf.DataId;
  readonly dtype: keyof typeof ARRAY_OF;
  readonly shape: readonly number[];
}

/** Others change the data id of a variable; the tensor that it was stays. */
function readOf(name: string, { dataId, dtype, shape }: tf.Tensor): Read {
  return { name, dataId, dtype: dtype as Read['dtype'], shape }; // of what could be recorded
}

/** The elements of a tensor; those of a variable held here are not copied. */
async function valuesOf(dataId: tf.DataId, dtype: Read['dtype']): Promise<HostArray> {
  // float32, int32 and bool come as typed arrays; tfjs cpu may leave that of another type behind a cast.
  const values = hostData.valuesOf(dataId) ?? ((await tf.engine().read(dataId)) as HostArray);
  const Data = ARRAY_OF[dtype];
  return values instanceof Data ? values : Data.from(values);
}

const ARRAY_OF = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function allocate(dtype: tf.DataType, shape: readonly number[]): HostArray {
  return new ARRAY_OF[dtype as keyof typeof ARRAY_OF](sizeOf(shape));
}

/** Makes an array the data of a variable, as `assign` would; returns the array that was, if it was one of ours. */
function replaceData(variable: tf.Variable, values: HostArray): HostArray | undefined {
  const old = variable.dataId;
  const owned = hostData.valuesOf(old);
  variable.dataId = hostData.adopt(values, variable);
  return releaseData(old) ? owned : undefined;
}
