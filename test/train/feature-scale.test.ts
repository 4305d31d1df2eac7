// Features of mean 0 and deviation 1, and the same answers when that is undone.

import { describe, expect, it } from 'vitest';
import { createEmbeddings } from '../../src/embeddings.ts';
import { createRandom } from '../../src/random.ts';
import { featureFeed } from '../../src/train/example-feed.ts';
import { type DenseValues, scaleOf, withoutScale, withScale } from '../../src/train/feature-scale.ts';
import { maxAbsDifference } from '../support/backends.ts';

const random = createRandom(3);
const [N, D, M] = [50, 4, 3];
/** Of very different sizes; the last never changes. */
const features = createEmbeddings(
  Float32Array.from({ length: N * D }, (_, i) => {
    const k = i % D;
    return k === 3 ? 7 : 10 ** (2 * k - 2) * random.normal() + 3 * k;
  }),
  D,
);
const scale = scaleOf(features);

function scaled(): Float32Array {
  return features.data.map((x, i) => (x - scale.shift[i % D]!) * scale.factor[i % D]!);
}

function apply({ kernel, bias }: DenseValues, x: Float32Array): Float64Array {
  return Float64Array.from({ length: N * M }, (_, i) => {
    const [row, j] = [Math.floor(i / M), i % M];
    let sum = bias[j]!;
    for (let k = 0; k < D; k++) sum += x[row * D + k]! * kernel[k * M + j]!;
    return sum;
  });
}

const layer: DenseValues = {
  kernel: Float32Array.from({ length: D * M }, () => random.normal()),
  bias: Float32Array.from({ length: M }, () => random.normal()),
};

describe('the scale of features', () => {
  it('gives mean 0 and deviation 1, and 0 for what never changes', async () => {
    const feed = featureFeed(features, scale);
    const { tensors, places } = await feed.batch(
      Int32Array.from({ length: N + 2 }, (_, i) => (i < N ? i : -1)),
    );
    const rows = Float32Array.from(tensors[0]!.dataSync().subarray(0, N * D));
    for (let k = 0; k < D; k++) {
      const column = rows.filter((_, i) => i % D === k);
      const mean = column.reduce((a, b) => a + b) / N;
      const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / N;
      expect(mean).toBeCloseTo(0, 5);
      expect(variance).toBeCloseTo(k === 3 ? 0 : 1, 4);
    }
    expect([...places.slice(-3)]).toEqual([N - 1, -1, -1]);
    tensors[0]!.dispose();
  });

  it('is undone in the layer that reads them', () => {
    const undone = withoutScale(layer, scale);
    expect(maxAbsDifference(apply(undone, features.data), apply(layer, scaled()))).toBeLessThan(1e-4);
  });

  it('is brought into a layer that reads them as they are', () => {
    const brought = withScale(layer, scale);
    expect(maxAbsDifference(apply(brought, scaled()), apply(layer, features.data))).toBeLessThan(1e-3);
  });
});
