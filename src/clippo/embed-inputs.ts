// Inputs of one batch → their rows: those of one kind and size go through their network together, and rows come back in
// the order of the inputs.

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel } from '@tensorflow/tfjs-layers';
import {
  type ClippoNetworks,
  groupInputs,
  layerOutput,
  type NetworkInput,
  networkFor,
  toInputTensor,
} from '../model/index.ts';
import type { EncoderOutput } from './compiled-encoder.ts';

/**
 * @param dim - numbers of a row
 * @param run - a tensor of inputs → as many rows; it borrows the tensor
 */
export async function embedInputs(
  inputs: readonly NetworkInput[],
  dim: number,
  run: (input: tf.Tensor) => Promise<Float32Array>,
): Promise<Float32Array> {
  const runGroup = async (group: readonly NetworkInput[]): Promise<Float32Array> => {
    const tensor = toInputTensor(group);
    try {
      return await run(tensor);
    } finally {
      tensor.dispose();
    }
  };
  const groups = groupInputs(inputs);
  if (groups.length === 1) return runGroup(inputs);
  const rows = new Float32Array(inputs.length * dim);
  for (const { inputs: group, places } of groups) {
    const embedded = await runGroup(group);
    for (const [i, place] of places.entries()) {
      rows.set(embedded.subarray(i * dim, (i + 1) * dim), place * dim);
    }
  }
  return rows;
}

/** By tfjs, up to a layer. */
export async function runNetwork(
  networks: ClippoNetworks,
  input: tf.Tensor,
  wanted: EncoderOutput,
): Promise<Float32Array> {
  const network = networkFor(networks, input);
  const upTo =
    wanted === 'embedding'
      ? network
      : cutModel({ inputs: network.inputs, outputs: layerOutput(network, wanted) }); // shares the weights
  const rows = tf.tidy(() => upTo.apply(input) as tf.Tensor);
  try {
    return (await rows.data()) as Float32Array;
  } finally {
    rows.dispose();
  }
}
