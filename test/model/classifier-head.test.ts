// A head as a tf.LayersModel: its sizes, its start values, what it computes, and tfjs's own save, load and stacking.

import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  buildHead,
  type HeadConfig,
  headParameterShapes,
  headValues,
  networkParameters,
  type ParameterSource,
} from '../../src/model/index.ts';
import { createRandom } from '../../src/random.ts';
import { sizeOf } from '../../src/shape.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';

const MLP: HeadConfig = { inputs: 5, hidden: [4, 3], outputs: 2 };

const lively: ParameterSource = (path, shape) => {
  const random = createRandom(2, path);
  return Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
};

function disposeHead(head: LayersModel): void {
  tf.dispose([...networkParameters(head).values()]);
}

describe.each(BACKENDS)('a head on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  expectNoLeaks();

  it.each([MLP, { inputs: 5, hidden: [], outputs: 2 }])('has the weights it says: %j', (config) => {
    const head = buildHead(config, headValues(1));
    const shapes = [...networkParameters(head)].map(([path, { shape }]) => [path, shape]);
    expect(shapes).toEqual([...headParameterShapes(config)]);
    disposeHead(head);
  });

  it('begins with nothing to say, hidden layers by the seed', () => {
    const [one, same, other] = [1, 1, 2].map((seed) => buildHead(MLP, headValues(seed)));
    const scores = tf.tidy(() => [...(one!.predict(tf.ones([2, 5])) as tf.Tensor).dataSync()]);
    expect(scores).toEqual([0, 0, 0, 0]);
    const kernels = [one, same, other].map((head) => [
      ...networkParameters(head!).get('hidden_0/kernel')!.dataSync(),
    ]);
    expect(kernels[1]).toEqual(kernels[0]);
    expect(kernels[2]).not.toEqual(kernels[0]);
    for (const head of [one, same, other]) disposeHead(head!);
  });

  it('computes dense layers with GELU between them', () => {
    const head = buildHead(MLP, lively);
    const x = Array.from({ length: 10 }, (_, i) => Math.sin(i));
    const given = tf.tidy(() => (head.predict(tf.tensor2d(x, [2, 5])) as tf.Tensor).dataSync());
    const gelu = (v: number): number =>
      0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
    const dense = (input: number[], layer: string, units: number): number[] => {
      const kernel = lively(`${layer}/kernel`, [input.length, units]);
      const bias = lively(`${layer}/bias`, [units]);
      return Array.from({ length: units }, (_, j) =>
        input.reduce((sum, value, i) => sum + value * kernel[i * units + j]!, bias[j]!),
      );
    };
    const expected = [0, 1].flatMap((i) => {
      const first = dense(x.slice(5 * i, 5 * i + 5), 'hidden_0', 4).map(gelu);
      return dense(dense(first, 'hidden_1', 3).map(gelu), 'output', 2);
    });
    expect(maxAbsDifference(given, expected)).toBeLessThan(1e-4);
    disposeHead(head);
  });

  it('is saved and loaded by tfjs', async () => {
    const head = buildHead(MLP, lively);
    let saved: tf.io.ModelArtifacts | undefined;
    await head.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await loadLayersModel(tf.io.fromMemory(saved!));
    const [a, b] = [head, loaded].map((each) =>
      tf.tidy(() => (each.predict(tf.ones([1, 5])) as tf.Tensor).dataSync()),
    );
    expect([...b!]).toEqual([...a!]);
    disposeHead(head);
    loaded.dispose();
  });
});
