// Attention of the pooling: held against the head's own output, and what it says of models that have none.

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { type AttentionMap, attentionMap } from '../../src/eval/attention-map.ts';
import { toTensor } from '../../src/model/index.ts';
import { gelu, layerNorm } from '../../src/ops/index.ts';
import { createRaster } from '../../src/raster/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { generateImage, readGolden } from '../support/golden.ts';

const [D, A] = [32, 2]; // of mu/16

/** What the MAP head gives when it mixes the values of the patches by this attention. */
async function pooledBy(map: AttentionMap, model: ClippoModel, input: string): Promise<Float32Array> {
  const raster = await model.toRaster(input);
  const parameters = model.parameters();
  const weight = (path: string, shape: number[]): tf.Tensor =>
    tf.reshape(parameters.get(`img/MAPHead_0/${path}`)!, shape);
  const dense = (x: tf.Tensor, path: string, inputs: number, outputs: number): tf.Tensor =>
    tf.add(tf.matMul(x, weight(`${path}/kernel`, [inputs, outputs])), weight(`${path}/bias`, [outputs]));
  const { inputs } = model.network;
  const output = model.network.getLayer('Transformer/encoder_norm').output;
  const pooled = tf.tidy(() => {
    const tokens = tf.squeeze(
      cutModel({ inputs, outputs: output }).apply(toTensor(raster)) as tf.Tensor,
      [0],
    );
    const values = dense(tokens, 'MultiHeadDotProductAttention_0/value', D, D); // [N, D], head after head
    const mixed = map.perHead.map((weights, head) =>
      tf.matMul(
        tf.tensor2d(weights, [1, weights.length]),
        tf.slice(values, [0, (head * D) / A], [-1, D / A]),
      ),
    );
    const out = dense(tf.concat(mixed, 1), 'MultiHeadDotProductAttention_0/out', D, D);
    const normed = layerNorm(out, weight('LayerNorm_0/scale', [D]), weight('LayerNorm_0/bias', [D]));
    const hidden = gelu(dense(normed, 'MlpBlock_0/Dense_0', D, 4 * D));
    return tf.add(out, dense(hidden, 'MlpBlock_0/Dense_1', 4 * D, D));
  });
  const data = (await pooled.data()) as Float32Array;
  pooled.dispose();
  return data;
}

async function headOutput(model: ClippoModel, input: string): Promise<Float32Array> {
  const raster = await model.toRaster(input);
  const { inputs } = model.network;
  const head = cutModel({ inputs, outputs: model.network.getLayer('pre_logits').output });
  const output = tf.tidy(() => head.apply(toTensor(raster)) as tf.Tensor);
  const data = (await output.data()) as Float32Array;
  output.dispose();
  return data;
}

describe.each(BACKENDS)('attentionMap on %s', (backend) => {
  let model: ClippoModel;
  beforeAll(async () => {
    await useBackend(backend);
    model = await ClippoModel.load(readGolden('vit/mu16_64_map.ckpt.npz'), { textRows: 'used' });
  });
  afterAll(async () => {
    model.dispose();
    await useBackend('cpu');
  });
  expectNoLeaks();

  it.each([
    ['a cat', 1],
    ['two lines of text', 2],
  ])('mixes the values of the patches into the output of the head: %s', async (text, rows) => {
    const map = await attentionMap(model, text);
    expect([map.rows, map.columns, map.patchSize]).toEqual([rows, 4, 16]);
    expect(map.values).toHaveLength(rows * 4);
    expect(maxAbsDifference(await pooledBy(map, model, text), await headOutput(model, text))).toBeLessThan(
      1e-5,
    );
    // The test must see a wrong weight.
    const wrong = { ...map, perHead: [map.perHead[1]!, map.perHead[0]!] };
    expect(
      maxAbsDifference(await pooledBy(wrong, model, text), await headOutput(model, text)),
    ).toBeGreaterThan(1e-3);
  });

  it('sums to 1 in every head and in the mean', async () => {
    const map = await attentionMap(model, generateImage(1, 40));
    expect([map.rows, map.columns, map.perHead.length]).toEqual([4, 4, A]);
    for (const weights of [map.values, ...map.perHead]) {
      expect(weights.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(Math.min(...weights)).toBeGreaterThan(0);
    }
    const [first, second] = map.perHead;
    expect(maxAbsDifference(first!, second!)).toBeGreaterThan(1e-3);
    expect(
      maxAbsDifference(
        map.values,
        first!.map((value, i) => (value + second![i]!) / 2),
      ),
    ).toBeLessThan(1e-7);
  });
});

describe('attentionMap', () => {
  expectNoLeaks();

  it.each(['gap', 'tok'] as const)('refuses a model that pools with %s', async (pool) => {
    const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 8, pool });
    await expect(attentionMap(model, 'a cat')).rejects.toThrow(
      `attentionMap: the model pools with '${pool}', where no probe looks at the patches. Use a model with pool 'map', or occlusionMap`,
    );
    model.dispose();
  });

  it('refuses what is no input, and a model that is gone', async () => {
    const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 8 });
    await expect(attentionMap(model, null as unknown as string)).rejects.toThrow('input: expected a Raster');
    model.dispose();
    await expect(attentionMap(model, createRaster(32, 32))).rejects.toThrow('was disposed');
  });
});
