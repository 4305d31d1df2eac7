// A network whose weights seldom change → the same network in ONNX Runtime, with the weights as constants, for every
// batch size and one graph a height of pictures. When a variable has got other values the graphs are made anew before
// they are used again.

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel, type LayersModel } from '@tensorflow/tfjs-layers';
import type { CompiledFunction, CompileReport, OrtRuntime } from '../compile/index.ts';
import { toTensor } from '../model/index.ts';
import type { Raster } from '../raster/index.ts';

export interface EncoderOptions {
  readonly runtime: OrtRuntime;
  readonly precision: 'fp32' | 'int8';
  readonly threads?: number;
  /** px, of the square pictures; texts may be less high */
  readonly imageSize: number;
  /** What the loss of int8 is measured on, of such height. */
  readonly sample: (height: number) => Promise<readonly Raster[]>;
}

export interface CompiledEncoder {
  /** Of the graph for square pictures made last. */
  readonly report: CompileReport;
  /**
   * @param images - float32 [B, H, W, 3] in [-1, 1]; borrowed. A height that is new is compiled first.
   * @returns B · E numbers, of `pre_logits` B · D
   * @throws CompileError, BackendError
   */
  encode(images: tf.Tensor4D, wanted: EncoderOutput): Promise<Float32Array>;
  /** Frees the session, after the calls in hand. Harmless when called twice. */
  dispose(): Promise<void>;
}

/** What the head reads, what it gives, and that at length 1. */
export type EncoderOutput = 'pre_logits' | 'head' | 'embedding';

/** All that may be asked of a network: what is not asked for is one small row a picture. */
type Encode = (images: tf.Tensor4D) => Readonly<Record<EncoderOutput, tf.Tensor>>;

/** The network for pictures of one height, with the weights of that time. */
interface Compiled {
  readonly run: CompiledFunction<Encode>;
  /** data id of every variable; tfjs gives a variable a new one with new values */
  readonly weights: readonly object[];
}

/**
 * Compiles a CLIPPO network.
 *
 * @param variables - all its weights; they stay the caller's
 * @throws CompileError, BackendError, ConfigError
 */
export async function compileEncoder(
  network: LayersModel,
  variables: readonly tf.Variable[],
  options: EncoderOptions,
): Promise<CompiledEncoder> {
  const { imageSize } = options;
  const graphs = new Map<number, Compiled>();
  const first = await compileNetwork(network, variables, options, imageSize);
  graphs.set(imageSize, first);
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

  async function graphOf(height: number): Promise<Compiled> {
    if (![...graphs.values()].every(isFresh)) await disposeAll(); // first, so that there are never two of a height
    const known = graphs.get(height);
    if (known !== undefined) return known;
    const made = await compileNetwork(network, variables, options, height);
    graphs.set(height, made);
    if (height === imageSize) report = reportOf(made);
    return made;
  }

  async function encode(images: tf.Tensor4D, wanted: EncoderOutput): Promise<Float32Array> {
    const { run } = await graphOf(images.shape[1]);
    const outputs = await run(images);
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
    encode(images, wanted) {
      const answer = last.then(() => encode(images, wanted));
      last = answer.catch(() => {}); // each caller sees its own failure
      return answer;
    },
    async dispose() {
      await last;
      await disposeAll();
    },
  };
}

async function compileNetwork(
  network: LayersModel,
  variables: readonly tf.Variable[],
  { runtime, precision, threads, imageSize, sample }: EncoderOptions,
  height: number,
): Promise<Compiled> {
  const { compile } = await import('../compile/index.ts');
  const weights = variables.map(({ dataId }) => dataId);
  const outputs = [network.getLayer('pre_logits').output, network.getLayer('head').output, network.output];
  const withAll = cutModel({ inputs: network.inputs, outputs: outputs.flat() });
  const encode: Encode = (images) => {
    const [pre_logits, head, embedding] = withAll.apply(images) as [tf.Tensor, tf.Tensor, tf.Tensor]; // as listed
    return { pre_logits, head, embedding };
  };
  const images = precision === 'int8' ? [toTensor(await sample(height))] : undefined;
  try {
    const run = await compile(encode, {
      runtime,
      precision,
      inputs: [{ shape: ['batch', height, imageSize, 3], name: 'images' }],
      ...(threads === undefined ? {} : { threads }),
      ...(images === undefined ? {} : { sample: images }),
    });
    return { run, weights };
  } finally {
    tf.dispose(images);
  }
}

function reportOf({ run }: Compiled): CompileReport {
  return run.reports[0]!; // all inputs were given, so there is one
}
