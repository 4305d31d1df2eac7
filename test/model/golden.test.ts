// Every activation of every golden ViT, on every backend: stored checkpoints (plain, scan, legacy and bare
// layouts) and a Ti/16 whose weights are generated.

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import {
  buildClippoNetworks,
  buildVit,
  countParameters,
  type ParameterSource,
  resolveClippoConfig,
  toTensor,
} from '../../src/model/index.ts';
import { renderText } from '../../src/render/index.ts';
import { BACKENDS, expectNoLeaks, maxAbsDifference, useBackend } from '../support/backends.ts';
import {
  generateImage,
  generateParameter,
  readGolden,
  readGoldenJson,
  readGoldenNpz,
} from '../support/golden.ts';

/** Golden name → layer name; the two that are no layer of their own are left to the caller. */
function layerOf(name: string): string | undefined {
  const fixed: Record<string, string> = {
    stem: 'embedding',
    with_posemb: 'pos_embedding',
    encoded: 'Transformer/encoder_norm',
    head_input: 'pre_logits',
    pre_logits: 'pre_logits',
    logits: 'head',
    normalized: 'normalized',
  };
  const parts = {
    sa: 'MultiHeadDotProductAttention_0',
    '+sa': 'residual_sa',
    mlp: 'MlpBlock_0',
    '+mlp': 'residual_mlp',
  };
  const block = /^encoder\/block(\d+)\/(.+)$/.exec(name);
  if (block === null) return fixed[name];
  return `Transformer/encoderblock_${Number(block[1])}/${parts[block[2] as keyof typeof parts]}`;
}

/** Runs the network once and hands over each named activation. */
function activations(
  network: LayersModel,
  images: tf.Tensor,
  names: readonly string[],
): Map<string, tf.Tensor> {
  const layers = [...new Set(names.map((name) => layerOf(name)!))];
  const symbols = layers.map((layer) => network.getLayer(layer).output as SymbolicTensor);
  const outputs = cutModel({ inputs: network.inputs, outputs: symbols }).apply(images) as tf.Tensor[];
  return new Map(names.map((name) => [name, outputs[layers.indexOf(layerOf(name)!)]!]));
}

function l2Norm(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

const STORED = [
  { checkpoint: 'mu16_64_map', io: 'mu16_64_map' },
  { checkpoint: 'd2w64_p8_32_gap', io: 'd2w64_p8_32_gap' },
  { checkpoint: 'd2w64_p8_32_gap_scan', io: 'd2w64_p8_32_gap' },
  { checkpoint: 'd2w64_p8_32_tok', io: 'd2w64_p8_32_tok' },
  { checkpoint: 'd2w64_p8_32_legacy', io: 'd2w64_p8_32_legacy' },
];

interface Meta {
  readonly pool_type: 'map' | 'gap' | 'tok';
  readonly image_size: number;
  readonly out_dim: number;
  readonly parameters: number;
}

describe.each(BACKENDS)('golden ViTs on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  expectNoLeaks();

  it.each(STORED)('$checkpoint', async ({ checkpoint, io }) => {
    const model = await ClippoModel.load(readGolden(`vit/${checkpoint}.ckpt.npz`));
    const golden = readGoldenNpz(`vit/${io}.io.npz`);
    const names = [...golden.keys()]
      .filter((key) => key.startsWith('out/'))
      .map((key) => key.slice(4))
      .filter((name) => name !== 'norm');
    tf.tidy(() => {
      const image = golden.get('image')!;
      const images = tf.tensor(image.data as Float32Array, [...image.shape]);
      const found = activations(
        model.network,
        images,
        names.filter((name) => name !== 'encoder/pre_ln'),
      );
      // The encoder's output before its norm is the last residual sum.
      const last = Math.max(...names.flatMap((name) => /block(\d+)/.exec(name)?.[1] ?? []).map(Number));
      for (const name of names) {
        const tensor = found.get(name) ?? found.get(`encoder/block${String(last).padStart(2, '0')}/+mlp`)!;
        const difference = maxAbsDifference(
          tensor.dataSync(),
          golden.get(`out/${name}`)!.data as Float32Array,
        );
        expect(difference, name).toBeLessThanOrEqual(name === 'normalized' ? 5e-6 : 2e-5);
      }
      const raw = golden.get('image_u8');
      if (raw !== undefined) {
        const [count, height, width] = raw.shape as [number, number, number];
        const size = height * width * 3;
        const rasters = Array.from({ length: count }, (_, i) => ({
          width,
          height,
          channels: 3 as const,
          data: (raw.data as Uint8Array).slice(i * size, (i + 1) * size),
        }));
        expect(
          maxAbsDifference(toTensor(rasters).dataSync(), image.data as Float32Array),
        ).toBeLessThanOrEqual(1.2e-7);
      }
    });
    model.dispose();
  });

  it('generated Ti/16 at 224 px', async () => {
    const meta = readGoldenJson<{
      seed: number;
      out_dim: number;
      parameters: number;
      cosine: number[][];
      stats: Record<string, { max_abs: number; l2: number[] }>;
    }>('vit/gen_ti16_224.json');
    const golden = readGoldenNpz('vit/gen_ti16_224.npz');
    const config = { variant: 'Ti/16', embeddingDim: meta.out_dim };
    expect(countParameters(config)).toBe(meta.parameters);
    const source: ParameterSource = (path, shape) => generateParameter(path, shape, meta.seed);
    const { images: network } = buildClippoNetworks(resolveClippoConfig(config), source);
    const rasters = [generateImage(3, 224), await renderText('a photo of a dog')];
    tf.tidy(() => {
      const names = Object.keys(meta.stats).filter((name) => name !== 'norm' && name !== 'encoder/pre_ln');
      const found = activations(network, toTensor(rasters), names);
      for (const name of names) {
        const { max_abs, l2 } = meta.stats[name]!;
        const tensor = found.get(name)!;
        const limit = name === 'normalized' ? 5e-6 : 1e-5 * Math.max(1, max_abs);
        const whole = golden.get(`out/${name}`);
        const tokens = golden.get(`out_tokens/${name}`);
        if (whole !== undefined) {
          expect(maxAbsDifference(tensor.dataSync(), whole.data as Float32Array), name).toBeLessThanOrEqual(
            limit,
          );
        } else {
          const picked = tf.gather(tensor, [0, 97, 195], 1).dataSync();
          expect(maxAbsDifference(picked, tokens!.data as Float32Array), name).toBeLessThanOrEqual(limit);
        }
        const values = tensor.dataSync() as Float32Array;
        l2.forEach((expected, i) => {
          const norm = l2Norm(values.subarray((i * values.length) / 2, ((i + 1) * values.length) / 2));
          expect(Math.abs(norm - expected) / expected, `l2 of ${name}`).toBeLessThanOrEqual(1e-5);
        });
      }
      const z = found.get('normalized')!;
      const cosine = tf.matMul(z, z, false, true).dataSync();
      expect(maxAbsDifference(cosine, meta.cosine.flat())).toBeLessThanOrEqual(1e-5);
    });
    network.dispose();
  });
});

describe('golden configurations', () => {
  const metas = readGoldenJson<Record<string, Meta>>('vit/meta.json');
  it.each(['mu16_64_map', 'd2w64_p8_32_gap', 'd2w64_p8_32_tok'])(
    '%s is inferred from its arrays',
    async (tag) => {
      const meta = metas[tag]!;
      const model = await ClippoModel.load(readGolden(`vit/${tag}.ckpt.npz`));
      expect(model.config).toMatchObject({
        pool: meta.pool_type,
        imageSize: meta.image_size,
        embeddingDim: meta.out_dim,
      });
      expect(countParameters(model.config)).toBe(meta.parameters);
      model.dispose();
    },
  );

  it('a plain classifier ends in numClasses', () => {
    const classifier = buildVit({ variant: 'mu/16', imageSize: 64, numClasses: 5 });
    expect(classifier.outputs[0]!.shape).toEqual([null, 5]);
    classifier.dispose();
  });
});
