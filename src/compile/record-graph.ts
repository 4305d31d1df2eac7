// Function and inputs → the graph that is run or written to a file.

import type * as tf from '@tensorflow/tfjs-core';
import { CompileError, ConfigError } from '../errors.ts';
import { assertStraight } from './batch-line.ts';
import type { ResolvedGraphOptions, ResolvedInput } from './compile-options.ts';
import { type BatchTrial, freeBatch, TRIAL_BATCHES } from './free-batch.ts';
import { fuseAttention } from './fuse-attention.ts';
import { fuseProducts } from './fuse-products.ts';
import type { Graph, Port, Value } from './graph.ts';
import { quantizeWeights } from './quantize.ts';
import { simplify } from './simplify.ts';
import { type Recording, trace } from './trace.ts';

/** A variable and the ports by which it enters and leaves the graph. */
export interface StatePorts {
  readonly variable: tf.Variable;
  /** null where the graph does not read it */
  readonly input: string | null;
  /** null where the graph does not change it */
  readonly output: string | null;
}

export interface RecordedGraph {
  readonly graph: Graph;
  readonly states: readonly StatePorts[];
  /** What the function returns, with paths of outputs in place of tensors. */
  readonly result: unknown;
}

/** @throws CompileError, and what the function throws */
export function recordGraph(
  fn: (...inputs: tf.Tensor[]) => unknown,
  { inputs, variables, kernels }: ResolvedGraphOptions & { readonly inputs: readonly ResolvedInput[] },
): RecordedGraph {
  const dims = inputs.map(({ shape }) => shape);
  // Variables in the same order each time, those of the trial before first.
  const states = new Set(variables);
  const record = (batch: number): BatchTrial & { recording: Recording } => {
    const fixed = inputs.map((input) => ({
      ...input,
      shape: input.shape.map((size) => (size === 'batch' ? batch : size)),
    }));
    const recording = trace(fn, fixed, states, kernels);
    for (const { variable } of recording.states) states.add(variable);
    const graph = simplify(fuseProducts(simplify(fuseAttention(simplify(graphOf(recording, inputs))))));
    return { batch, recording, graph };
  };
  const [first, second, third] = TRIAL_BATCHES;
  const one = record(first);
  const { recording } = one;
  let { graph } = one;
  if (dims.some((shape) => shape.includes('batch'))) {
    const free = freeBatch(one, record(second), dims);
    graph = free.graph;
    if (free.pair.lines.some(({ offset, slope }) => offset !== 0 && slope !== 0)) {
      assertStraight(free.pair, freeBatch(one, record(third), dims).pair);
    }
  }
  return withStates(graph, recording, inputs.length);
}

/** The same graph with products in 8 bits. @throws ConfigError for one that changes variables */
export function inInt8(door: string, recorded: RecordedGraph): RecordedGraph {
  if (recorded.states.some(({ output }) => output !== null)) {
    throw new ConfigError(`${door}: precision: 'int8' is for functions that assign no variables.`);
  }
  return { ...recorded, graph: quantizeWeights(recorded.graph) };
}

function graphOf({ nodes, inputs, states, outputs }: Recording, specs: readonly ResolvedInput[]): Graph {
  const changed = states.filter(({ before, after }) => before !== after);
  return {
    nodes,
    inputs: [
      ...inputs.map((value, i) => portOf(specs[i]!.name, value)),
      ...states.map(({ variable, before }) => portOf(portIn(variable), before)),
    ],
    outputs: [
      ...[...outputs].map(([path, value]) => portOf(path, value)),
      ...changed.map(({ variable, after }) => portOf(portOut(variable), after)),
    ],
  };
}

/** Drops the ports of variables that are not read after all; inputs of the function stay, read or not. */
function withStates(graph: Graph, recording: Recording, inputCount: number): RecordedGraph {
  const used = new Set<Value | null>(graph.outputs.map(({ value }) => value));
  for (const node of graph.nodes) for (const input of node.inputs) used.add(input);
  const states = recording.states.map(
    ({ variable, before, after }): StatePorts => ({
      variable,
      input: used.has(before) ? portIn(variable) : null,
      output: after === before ? null : portOut(variable),
    }),
  );
  if (graph.outputs.length === 0) {
    throw new CompileError(
      'compile: the function returns no tensor and assigns no variable, so there is nothing to compute. Return what it computes.',
    );
  }
  const inputs = graph.inputs.filter(({ value }, i) => i < inputCount || used.has(value));
  return { graph: { ...graph, inputs }, states, result: recording.result };
}

function portOf(name: string, value: Value): Port {
  return { name, value, dims: value.shape };
}

function portIn(variable: tf.Variable): string {
  return `${variable.name}:in`;
}

function portOut(variable: tf.Variable): string {
  return `${variable.name}:out`;
}
