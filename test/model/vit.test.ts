// What the network is as a tf.LayersModel: parameter counts, names, initial values, gradients, fewer rows than
// the grid, tfjs's own save and load, cutting and stacking.

import * as tf from '@tensorflow/tfjs-core';
import {
  model as cutModel,
  type LayersModel,
  layers,
  loadLayersModel,
  sequential,
} from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../src/errors.ts';
import {
  buildVit,
  type ClippoConfig,
  countParameters,
  networkParameters,
  parameterShapes,
  toTensor,
  type VARIANTS,
} from '../../src/model/index.ts';
import { createRandom } from '../../src/random.ts';
import { sizeOf } from '../../src/shape.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import { finiteDifferences, spread } from '../support/finite-differences.ts';
import { readGoldenNpz } from '../support/golden.ts';

/** Totals of the spec's table: /16, 224 px, MAP head, 768 outputs, the temperature included. */
const TOTALS: Record<keyof typeof VARIANTS, number> = {
  mu: 81_665,
  Ti: 6_116_929,
  S: 23_734_657,
  M: 41_869_569,
  B: 93_474_817,
  L: 316_681_985,
  So400m: 428_704_449,
  H: 651_575_809,
  g: 1_037_699_457,
  'g-opt': 1_164_256_513,
  G: 1_882_610_817,
  'G-opt': 1_699_290_369,
  e: 3_874_934_785,
};

const TINY = { variant: 'mu/16', imageSize: 32, numClasses: 6 } as const;

function noise(count: number, height: number, width: number): tf.Tensor4D {
  const random = createRandom(5, 'noise');
  const values = Float32Array.from({ length: count * height * width * 3 }, () => random.next() * 2 - 1);
  return tf.tensor4d(values, [count, height, width, 3]);
}

/** Weights large enough that every gradient stands well above rounding. */
function lively(path: string, shape: readonly number[]): Float32Array {
  const random = createRandom(11, path);
  const spread = path.endsWith('/kernel') ? Math.sqrt(3 / (sizeOf(shape) / shape.at(-1)!)) : 0.3;
  const centre = path.endsWith('/scale') ? 1 : 0;
  return Float32Array.from({ length: sizeOf(shape) }, () => centre + spread * (random.next() * 2 - 1));
}

/** One input, one output. */
function run(network: LayersModel, images: tf.Tensor): tf.Tensor {
  return tf.tidy(() => network.apply(images) as tf.Tensor);
}

describe('parameters', () => {
  expectNoLeaks();

  it.each(Object.entries(TOTALS))('%s/16 has %i', (name, total) => {
    expect(countParameters({ variant: `${name}/16` })).toBe(total);
  });

  it('B/16 has the 215 arrays of the published files', () => {
    const shapes = parameterShapes({ variant: 'B/16' });
    expect(shapes.size).toBe(215);
    expect(shapes.get('t')).toEqual([1]);
    expect(shapes.get('img/pos_embedding')).toEqual([1, 196, 768]);
    expect(shapes.get('img/Transformer/encoderblock_11/MultiHeadDotProductAttention_0/out/kernel')).toEqual([
      12, 64, 768,
    ]);
  });

  it.each(['map', 'gap', 'tok'] as const)('the network has exactly these, pool %s', (pool) => {
    const config: ClippoConfig = { variant: 'mu/16', imageSize: 32, pool, embeddingDim: 6 };
    const network = buildVit({ variant: 'mu/16', imageSize: 32, pool, numClasses: 6 });
    const built = [...networkParameters(network)].map(([path, variable]) => [`img/${path}`, variable.shape]);
    const declared = [...parameterShapes(config)].filter(([path]) => path !== 't');
    expect(Object.fromEntries(built)).toEqual(Object.fromEntries(declared));
    network.dispose();
  });

  it('start as big_vision starts them', () => {
    const network = buildVit({ variant: 'Ti/16', numClasses: 768 }, { seed: 4 });
    const stats = (path: string): { mean: number; deviation: number; limit: number } => {
      const values = networkParameters(network).get(path)!.dataSync() as Float32Array;
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
      return { mean, deviation, limit: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
    };
    const close = (value: number, expected: number): void =>
      expect(Math.abs(value / expected - 1)).toBeLessThan(0.03);

    close(stats('embedding/kernel').deviation, Math.sqrt(1 / 768));
    close(stats('embedding/kernel').limit, (2 * Math.sqrt(1 / 768)) / 0.87962566);
    close(stats('head/kernel').deviation, Math.sqrt(1 / 192));
    close(stats('pos_embedding').deviation, 1 / Math.sqrt(192));
    const attention = 'Transformer/encoderblock_3/MultiHeadDotProductAttention_0';
    for (const part of ['query', 'out']) {
      close(stats(`${attention}/${part}/kernel`).limit, Math.sqrt(6 / (2 * 192)));
      expect(stats(`${attention}/${part}/bias`).limit).toBe(0);
    }
    close(stats('MAPHead_0/MlpBlock_0/Dense_0/kernel').limit, Math.sqrt(6 / (192 + 768)));
    const bias = stats('Transformer/encoderblock_0/MlpBlock_0/Dense_0/bias').deviation;
    expect(Math.abs(bias / 1e-6 - 1)).toBeLessThan(0.1);
    close(stats('MAPHead_0/probe').limit, Math.sqrt(6 / 193));
    expect(stats('Transformer/encoder_norm/scale')).toEqual({ mean: 1, deviation: 0, limit: 1 });
    network.dispose();
  });

  it('depend on the seed and on nothing else', () => {
    const values = (seed: number): number[] => {
      const network = buildVit(TINY, { seed });
      const kernel = [...networkParameters(network).get('head/kernel')!.dataSync()];
      network.dispose();
      return kernel;
    };
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });
});

describe.each(BACKENDS)('the network on %s', (backend) => {
  let network: LayersModel;
  beforeAll(async () => {
    await useBackend(backend);
    network = buildVit(TINY, { source: lively });
  });
  afterAll(async () => {
    network.dispose();
    await useBackend('cpu');
  });
  expectNoLeaks();

  it('has gradients that agree with finite differences', () => {
    const images = noise(2, 32, 32);
    const weights = tf.tensor2d([1, -2, 0.5, 1.5, -1, 2, -0.5, 1, -1.5, 0.7, 2, -1], [2, 6]);
    const loss = (): tf.Scalar => tf.sum(tf.mul(tf.tanh(network.apply(images) as tf.Tensor), weights));
    const parameters = networkParameters(network);
    const { value, grads } = tf.variableGrads(loss, [...parameters.values()]);
    let compared = 0;
    for (const [path, variable] of parameters) {
      const gradient = grads[variable.name]!.dataSync() as Float32Array;
      const largest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      if (path.endsWith('/key/bias')) {
        expect(largest, path).toBeLessThan(1e-5); // its true gradient is zero
        continue;
      }
      const values = variable.dataSync().slice() as Float32Array;
      const held = values.slice();
      const evaluate = (): number =>
        tf.tidy(() => {
          variable.assign(tf.tensor(values.slice(), variable.shape));
          return loss().dataSync()[0]!;
        });
      const indices = spread(values.length, 3);
      const numeric = finiteDifferences(evaluate, values, indices, 1e-2);
      tf.tidy(() => variable.assign(tf.tensor(held, variable.shape)));
      numeric.forEach((expected, i) => {
        const error = Math.abs(gradient[indices[i]!]! - expected);
        expect(error, `${path}[${indices[i]}]`).toBeLessThan(
          1e-2 * Math.max(largest, Math.abs(expected)) + 2e-4,
        );
        compared++;
      });
    }
    expect(compared).toBeGreaterThan(80);
    tf.dispose([images, weights, value, grads]);
  });

  it('reads fewer rows with the top rows of the position embedding', () => {
    const images = noise(1, 16, 32);
    const tokens = cutModel({ inputs: network.inputs, outputs: network.getLayer('pos_embedding').output });
    const stem = cutModel({ inputs: network.inputs, outputs: network.getLayer('embedding').output });
    const [top, plain] = [run(tokens, images), run(stem, images)];
    expect(top.shape).toEqual([1, 2, 32]);
    const positions = networkParameters(network).get('pos_embedding')!.dataSync().slice(0, 64);
    const expected = plain.dataSync().map((value, i) => value + positions[i]!);
    expect(maxAbsDifference(top.dataSync(), expected)).toBeLessThan(1e-6);
    tf.dispose([images, top, plain]);
  });

  it('says which sizes it reads', () => {
    const images = noise(1, 48, 48);
    expect(() => run(network, images)).toThrow(ShapeError);
    expect(() => run(network, images)).toThrow(
      'expected [B, H, 32, 3] with H a multiple of 16 up to 32, got [1, 48, 48, 3]. Resize with toTensor(rasters, { size: 32 }).',
    );
    images.dispose();
  });

  it("survives tfjs's own save and load", async () => {
    let saved: tf.io.ModelArtifacts | undefined;
    const handler = tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    });
    await network.save(handler);
    const loaded = await loadLayersModel(tf.io.fromMemory(saved!));
    const images = noise(2, 32, 32);
    const [before, after] = [run(network, images), run(loaded, images)];
    expect([...after.dataSync()]).toEqual([...before.dataSync()]);
    expect([...networkParameters(loaded).keys()]).toEqual([...networkParameters(network).keys()]);
    tf.dispose([images, before, after]);
    loaded.dispose();
  });

  it('can be cut at pre_logits and trained under other layers with tfjs alone', async () => {
    const own = buildVit(TINY, { source: lively });
    const backbone = cutModel({ inputs: own.inputs, outputs: own.getLayer('pre_logits').output });
    const stack = sequential({ layers: [backbone, layers.dense({ units: 2, activation: 'softmax' })] });
    stack.compile({ optimizer: tf.train.adam(3e-3), loss: 'sparseCategoricalCrossentropy' });
    const images = noise(8, 32, 32);
    const labels = tf.tensor1d([0, 1, 0, 1, 0, 1, 0, 1]);
    const { history } = await stack.fit(images, labels, { epochs: 30, batchSize: 8, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
    tf.dispose([images, labels]);
    stack.optimizer.dispose();
    stack.dispose(); // the layers it shares with `own` too
    own.getLayer('head').dispose();
  });
});

describe('the whole mu model', () => {
  expectNoLeaks();
  afterAll(() => useBackend('cpu'));

  it('has the same gradients on cpu and wasm', async () => {
    const gradients = async (backend: (typeof BACKENDS)[number]): Promise<Map<string, Float32Array>> => {
      await useBackend(backend);
      const network = buildVit({ variant: 'mu/16', imageSize: 64, numClasses: 8 }, { source: lively });
      const parameters = networkParameters(network);
      const images = noise(2, 64, 64);
      const loss = (): tf.Scalar => tf.sum(tf.square(network.apply(images) as tf.Tensor));
      const { value, grads } = tf.variableGrads(loss, [...parameters.values()]);
      const found = new Map<string, Float32Array>();
      for (const [path, variable] of parameters) {
        found.set(path, grads[variable.name]!.dataSync().slice() as Float32Array);
      }
      tf.dispose([images, value, grads]);
      network.dispose();
      return found;
    };
    const [cpu, wasm] = [await gradients('cpu'), await gradients('wasm')];
    expect(cpu.size).toBe(38);
    for (const [path, gradient] of cpu) {
      if (path.endsWith('/key/bias')) continue; // its true gradient is zero: both are rounding noise
      const largest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(maxAbsDifference(gradient, wasm.get(path)!), path).toBeLessThan(1e-4 * largest);
    }
  });
});

describe('configurations', () => {
  it.each<[string, object, string]>([
    ['an unknown variant', { variant: 'XL/16' }, 'variant: "XL/16" is not known. Expected one of mu, Ti'],
    ['a prototype name', { variant: 'constructor' }, 'is not known'],
    ['a patch size of 0', { variant: 'B/0' }, 'is not known'],
    [
      'a size between patches',
      { variant: 'B/16', imageSize: 225 },
      'not a multiple of the patch size 16. Nearest: 224',
    ],
    ['a size of 0', { variant: 'B/16', imageSize: 0 }, 'imageSize: expected an integer from 1'],
    ['NaN', { variant: 'B/16', imageSize: Number.NaN }, 'got NaN'],
    ['an unknown pool', { variant: 'B/16', pool: 'max' }, `pool: expected 'map', 'gap' or 'tok', got "max"`],
    [
      'an unknown field',
      { variant: 'B/16', size: 224 },
      'unknown option size. Known: variant, imageSize, pool, numClasses',
    ],
    [
      'no head to split into',
      { variant: { width: 10, depth: 1, mlpDim: 8, numHeads: 3, patchSize: 4 } },
      'width 10 cannot be split into 3 heads',
    ],
    [
      'absurd sizes',
      { variant: { width: 1e9, depth: 1, mlpDim: 8, numHeads: 1, patchSize: 4 } },
      'variant.width: expected an integer from 1 to 65536',
    ],
    [
      'an absurd picture',
      { variant: 'mu/16', imageSize: 2 ** 24 },
      'imageSize: expected an integer from 1 to 16384',
    ],
  ])('%s is refused', (_, config, message) => {
    expect(() => buildVit(config as Parameters<typeof buildVit>[0])).toThrow(ConfigError);
    expect(() => buildVit(config as Parameters<typeof buildVit>[0])).toThrow(message);
  });
});

describe('toTensor', () => {
  expectNoLeaks();

  it('maps 0 … 255 to -1 … 1 and repeats grey', () => {
    const tensor = toTensor({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 127) });
    expect(tensor.shape).toEqual([1, 1, 2, 3]);
    const grey = Math.fround(Math.fround(127 / 255) * 2) - 1;
    expect(maxAbsDifference(tensor.dataSync(), [-1, -1, -1, grey, grey, grey])).toBe(0);
    expect(Math.abs(grey + 0.003921569)).toBeLessThan(1e-7);
    tensor.dispose();
  });

  it('agrees with the golden table of all 256 values', () => {
    const table = readGoldenNpz('image/image.npz').get('value_range_table')!.data as Float32Array;
    const tensor = toTensor({
      width: 256,
      height: 1,
      channels: 1,
      data: Uint8Array.from({ length: 256 }, (_, x) => x),
    });
    const red = tensor.dataSync().filter((_: number, i: number) => i % 3 === 0);
    expect(maxAbsDifference(red, table)).toBeLessThanOrEqual(1.2e-7);
    tensor.dispose();
  });

  it('says what does not fit', () => {
    const small = { width: 2, height: 2, channels: 1 as const, data: new Uint8Array(4) };
    const wide = { width: 4, height: 2, channels: 1 as const, data: new Uint8Array(8) };
    expect(() => toTensor([small, wide])).toThrow('rasters[0] is 2 x 2, rasters[1] is 4 x 2. Resize them');
    expect(() => toTensor([])).toThrow('got no rasters');
    expect(() => toTensor([small], { size: 0 })).toThrow(
      'toTensor: width must be an integer from 1 to 16384 px, got 0',
    );
    expect(() => toTensor({ ...small, channels: 4 as unknown as 3 })).toThrow(
      'expected 1 channel (grey) or 3 (RGB), got 4',
    );
    expect(() => toTensor({ ...small, data: new Uint8Array(3) })).toThrow('2 x 2 x 1 needs 4 bytes, got 3');
  });
});
