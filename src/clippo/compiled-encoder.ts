// Networks whose weights seldom change → the same networks in ONNX Runtime, with the weights as constants, for every
// batch size and one graph a shape of input: a height of pictures, or what else text is. When a variable has got other
// values the graphs are made anew before they are used again.

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel } from '@tensorflow/tfjs-layers';
import type { CompiledFunction, CompileReport, OrtRuntime } from '../compile/index.ts';
import { type ClippoNetworks, layerOutput, networkFor } from '../model/index.ts';

export interface EncoderOptions {
  readonly runtime: OrtRuntime;
  readonly precision: 'fp32' | 'int8';
  readonly threads?: number;
  /** px, of the square pictures; texts may be less high */
  readonly imageSize: number;
  /** What the loss of int8 is measured on, of such a shape without the batch; the caller disposes it. */
  readonly sample: (shape: readonly number[]) => Promise<tf.Tensor>;
}

export interface CompiledEncoder {
  /** Of the graph for square pictures made last. */
  readonly report: CompileReport;
  /**
   * @param input - what one of the networks reads; borrowed. A shape that is new is compiled first.
   * @returns B · E numbers, of `pre_logits` B · D
   * @throws CompileError, BackendError
   */
  encode(input: tf.Tensor, wanted: EncoderOutput): Promise<Float32Array>;
  /** Frees the session, after the calls in hand. Harmless when called twice. */
  dispose(): Promise<void>;
}

/** What the head reads, what it gives, and that at length 1. */
export type EncoderOutput = 'pre_logits' | 'head' | 'embedding';

/** All that may be asked of a network: what is not asked for is one small row an input. */
type Encode = (input: tf.Tensor) => Readonly<Record<EncoderOutput, tf.Tensor>>;

/** A network for inputs of one shape, with the weights of that time. */
interface Compiled {
  readonly run: CompiledFunction<Encode>;
  /** data id of every variable; tfjs gives a variable a new one with new values */
  readonly weights: readonly object[];
}

/**
 * Compiles the networks of a model, that of square pictures at once.
 *
 * @param variables - all their weights; they stay the caller's
 * @throws CompileError, BackendError, ConfigError
 */
export async function compileEncoder(
  networks: ClippoNetworks,
  variables: readonly tf.Variable[],
  options: EncoderOptions,
): Promise<CompiledEncoder> {
  const { imageSize } = options;
  const graphs = new Map<string, Compiled>();
  const square = [imageSize, imageSize, 3];
  const first = await compileNetwork(networks, variables, options, { dtype: 'float32', shape: square });
  graphs.set(square.join(), first);
  let report = reportOf(first);
  // Calls, and what replaces the sessions under them, go one after the other.
  let last: Promise<unknown> = Promise.resolve();

  function isFresh({ weights }: Compiled): boolean {
    return variables.every((variable, i) => !variable.isDisposed && variable.dataId === weights[i]);
  }

  async function disposeAll(): Promise<void> {
    const old = [...graphs.values()];
    graphs.clear();
    for (const { run } of old) await run.dispose();
  }

  async function graphOf({ shape: [, ...shape], dtype }: tf.Tensor): Promise<Compiled> {
    if (![...graphs.values()].every(isFresh)) await disposeAll(); // first, so that there are never two of a shape
    const known = graphs.get(shape.join());
    if (known !== undefined) return known;
    const isTokens = dtype === 'int32';
    const made = await compileNetwork(networks, variables, options, {
      shape,
      dtype: isTokens ? 'int32' : 'float32',
    });
    graphs.set(shape.join(), made);
    if (shape.join() === square.join()) report = reportOf(made);
    return made;
  }

  async function encode(input: tf.Tensor, wanted: EncoderOutput): Promise<Float32Array> {
    const { run } = await graphOf(input);
    const outputs = await run(input);
    try {
      return (await outputs[wanted].data()) as Float32Array;
    } finally {
      tf.dispose(outputs);
    }
  }

  return {
    get report() {
      return report;
    },
    encode(input, wanted) {
      const answer = last.then(() => encode(input, wanted));
      last = answer.catch(() => {}); // each caller sees its own failure
      return answer;
    },
    async dispose() {
      await last;
      await disposeAll();
    },
  };
}

interface InputShape {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

async function compileNetwork(
  networks: ClippoNetworks,
  variables: readonly tf.Variable[],
  { runtime, precision, threads, sample }: EncoderOptions,
  { shape, dtype }: InputShape,
): Promise<Compiled> {
  const { compile } = await import('../compile/index.ts');
  const weights = variables.map(({ dataId }) => dataId);
  const encode: Encode = (input) => {
    const network = networkFor(networks, input);
    const outputs = [
      layerOutput(network, 'pre_logits'),
      layerOutput(network, 'head'),
      layerOutput(network, 'normalized'),
    ];
    const withAll = cutModel({ inputs: network.inputs, outputs });
    const [pre_logits, head, embedding] = withAll.apply(input) as [tf.Tensor, tf.Tensor, tf.Tensor]; // as listed
    return { pre_logits, head, embedding };
  };
  const inputs = precision === 'int8' ? [await sample(shape)] : undefined;
  try {
    const run = await compile(encode, {
      runtime,
      precision,
      inputs: [{ shape: ['batch', ...shape], dtype, name: dtype === 'int32' ? 'tokens' : 'images' }],
      ...(threads === undefined ? {} : { threads }),
      ...(inputs === undefined ? {} : { sample: inputs }),
    });
    return { run, weights };
  } finally {
    tf.dispose(inputs);
  }
}

function reportOf({ run }: Compiled): CompileReport {
  return run.reports[0]!; // all inputs were given, so there is one
}
