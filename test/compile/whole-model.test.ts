// Whole models: vectors and gradients against tfjs cpu, and the golden runs of Adafactor and of training as one graph.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { compile } from '../../src/compile/index.ts';
import { toTensor } from '../../src/model/index.ts';
import { renderText } from '../../src/render/index.ts';
import { adafactor, contrastiveLoss, schedule, updateStep } from '../../src/train/index.ts';
import { expectNoLeaks, maxAbsDifference } from '../support/backends.ts';
import {
  generateImage,
  generateUniform,
  readGolden,
  readGoldenJson,
  readGoldenNpz,
} from '../support/golden.ts';
import { compareWithCpu, runtime } from './compare.ts';

expectNoLeaks();

/** Pictures [count, size, size, 3] in −1…1. */
function pictures(count: number, size: number, seed: number): tf.Tensor4D {
  const values = generateUniform('pictures', count * size * size * 3, seed);
  return tf.tensor4d(Float32Array.from(values), [count, size, size, 3]);
}

function embed(model: ClippoModel, x: tf.Tensor): tf.Tensor2D {
  return model.network.apply(x, { training: true }) as tf.Tensor2D; // one tensor in, one out
}

/** As {@link ClippoModel.create} makes it, but for biases and scales, which would all be 0 and 1. */
async function unevenModel(variant: string): Promise<ClippoModel> {
  const model = await ClippoModel.create({ variant, imageSize: 32, embeddingDim: 24 }, { seed: 4 });
  for (const [path, parameter] of model.parameters()) {
    if (!/bias|scale/.test(path)) continue;
    const noise = Float32Array.from(generateUniform(path, parameter.size, 1), (u) => 0.1 * u);
    tf.tidy(() => parameter.assign(tf.add(parameter, tf.tensor(noise, parameter.shape))));
  }
  return model;
}

describe.each(['mu/16', 'Ti/16'])('%s at 32 px', (variant) => {
  it('gives the vectors of tfjs', async () => {
    const model = await unevenModel(variant);
    const x = pictures(3, 32, 1);
    await compareWithCpu((x) => embed(model, x), [x]);
    x.dispose();
    model.dispose();
  });

  it('gives the gradients of tfjs', async () => {
    const model = await unevenModel(variant);
    const parameters = [...model.parameters()];
    const t = model.parameters().get('t')!;
    const variables = parameters.map(([, parameter]) => parameter);
    const gradients = (images: tf.Tensor, texts: tf.Tensor): { value: tf.Scalar; grads: tf.NamedTensorMap } =>
      tf.variableGrads(() => contrastiveLoss(embed(model, images), embed(model, texts), t), variables);
    const inputs = [pictures(3, 32, 1), pictures(3, 32, 2)] as const;
    const compiled = await compile(gradients, { runtime, variables });
    const [got, expected] = [await compiled(...inputs), tf.tidy(() => gradients(...inputs))];
    expect(Math.abs(got.value.dataSync()[0]! - expected.value.dataSync()[0]!)).toBeLessThanOrEqual(1e-5);
    expect(Object.keys(got.grads).sort()).toEqual(variables.map(({ name }) => name).sort());
    for (const [path, { name }] of parameters) {
      if (path.endsWith('key/bias')) continue; // their gradient is 0 but for rounding
      const values = expected.grads[name]!.dataSync<'float32'>();
      const largest = values.reduce((max: number, g: number) => Math.max(max, Math.abs(g)), 0);
      expect(largest, path).toBeGreaterThan(0);
      const difference = maxAbsDifference(got.grads[name]!.dataSync(), values);
      expect(difference / largest, path).toBeLessThanOrEqual(1e-4);
    }
    await compiled.dispose();
    tf.dispose([got, expected, ...inputs]);
    model.dispose();
  });
});

interface AdafactorGolden {
  readonly seed: number;
  readonly shapes: Record<string, number[]>;
  readonly hyper: Record<'lr' | 'wd' | 'clip' | 'b1' | 'beta2_cap' | 'decay_rate' | 'eps', number>;
  readonly schedule: Record<'total_steps' | 'timescale' | 'warmup_steps' | 'cooldown_steps', number>;
  readonly steps: { readonly grad_norm: number; readonly update_l2: number }[];
}

/** Update `i`'s gradient, as the README of the fixtures makes it. */
function goldenGradient({ seed, shapes }: AdafactorGolden, i: number, path: string): tf.Tensor {
  const shape = shapes[path]!;
  const size = shape.reduce((a, b) => a * b, 1);
  const scale = (i % 3 === 2 ? 0.002 : 0.05) * (path === 't' ? 10 : 1);
  const g = Float32Array.from(generateUniform(`grad/${i}/${path}`, size, seed), (u) => u * u * u * scale);
  const width = shape.at(-1)!;
  if (path === 'img/pos_embedding') g.fill(0, 5 * width, 6 * width);
  if (path.endsWith('Dense_0/kernel') && i < 2) for (let j = 7; j < g.length; j += width) g[j] = 0;
  return tf.tensor(g, shape);
}

it('golden Adafactor: 25 updates by one graph', async () => {
  const golden = readGoldenJson<AdafactorGolden>('adafactor/adafactor.json');
  const arrays = readGoldenNpz('adafactor/adafactor.npz');
  const { hyper, schedule: s } = golden;
  const optimizer = adafactor({
    learningRate: hyper.lr,
    weightDecay: hyper.wd,
    clipNorm: hyper.clip,
    momentum: hyper.b1,
    beta2Cap: hyper.beta2_cap,
    decayRate: hyper.decay_rate,
    epsilon: hyper.eps,
    schedule: schedule({
      decay: 'rsqrt',
      total: s.total_steps,
      timescale: s.timescale,
      warmup: s.warmup_steps,
      cooldown: s.cooldown_steps,
    }),
  });
  const paths = Object.keys(golden.shapes);
  const valuesOf = (name: string): Float32Array => Float32Array.from(arrays.get(name)!.data, Number);
  const parameters = new Map(
    paths.map((path) => [
      path,
      tf.tidy(() => tf.variable(tf.tensor(valuesOf(`init/${path}`), golden.shapes[path]!))),
    ]),
  );
  optimizer.prepare(parameters);
  const update = await compile(
    (beta2: tf.Scalar, factor: tf.Scalar, ...gradients: tf.Tensor[]) => {
      const byPath = new Map(gradients.map((gradient, i) => [paths[i]!, gradient]));
      return optimizer.update(parameters, byPath, { beta2, schedule: factor });
    },
    { runtime, threads: 1 },
  );
  for (const [i, expected] of golden.steps.entries()) {
    const numbers = optimizer.stepNumbers();
    const gradients = paths.map((path) => goldenGradient(golden, i, path));
    const inputs = [tf.scalar(numbers.beta2), tf.scalar(numbers.schedule)] as const;
    const { gradNorm, updateNorm } = await update(...inputs, ...gradients);
    optimizer.stepCount++;
    expect(gradNorm.dataSync()[0]! / expected.grad_norm).toBeCloseTo(1, 6);
    expect(updateNorm.dataSync()[0]).toBeCloseTo(expected.update_l2, 6);
    tf.dispose([gradNorm, updateNorm, ...inputs, ...gradients]);

    const done = i + 1;
    if (![1, 2, 5, 25].includes(done)) continue;
    let [count, off] = [0, 0];
    for (const path of paths) {
      const [got, wanted] = [parameters.get(path)!.dataSync(), valuesOf(`step${done}/params/${path}`)];
      expect(maxAbsDifference(got, wanted), `${path} after ${done}`).toBeLessThanOrEqual(5e-5);
      count += got.length;
      off += got.filter((value: number, k: number) => Math.abs(value - wanted[k]!) > 2e-6).length;
    }
    expect(off / count, `parameters after ${done}`).toBeLessThanOrEqual(done <= 2 ? 0 : 0.005);
  }
  expect(update.reports).toHaveLength(1);
  await update.dispose();
  optimizer.dispose();
  tf.dispose([...parameters.values()]);
});

interface TrainGolden {
  readonly model: { readonly image_size: number };
  readonly images: { readonly k: number }[];
  readonly texts: string[];
  readonly hyper: { readonly lr: number; readonly wd: number; readonly clip: number };
  readonly schedule: {
    readonly total_steps: number;
    readonly decay_type: 'cosine' | 'rsqrt';
    readonly timescale?: number;
    readonly warmup_steps?: number;
    readonly cooldown_steps?: number;
  };
  readonly steps: {
    readonly loss: number;
    readonly grad_norm: number;
    readonly t_after: number;
    readonly grads: Record<string, [sum: number, l2: number]>;
    readonly params_after: Record<string, [sum: number, l2: number]>;
  }[];
  readonly zero_gradient_params: string[];
}

function sumAndNorm(values: ArrayLike<number>): [sum: number, norm: number] {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! ** 2;
  }
  return [sum, Math.sqrt(squares)];
}

it.each(['mu_cosine', 'mu_rsqrt'])('golden training, gradients and step each one graph: %s', async (name) => {
  const golden = readGoldenJson<TrainGolden>(`train/${name}.json`);
  const arrays = readGoldenNpz(`train/${name}.npz`);
  const { lr, wd, clip } = golden.hyper;
  const {
    total_steps: total,
    timescale,
    warmup_steps: warmup = 0,
    cooldown_steps: cooldown = 0,
  } = golden.schedule;
  const common = { total, warmup, cooldown };
  const factor = schedule(
    golden.schedule.decay_type === 'cosine'
      ? { decay: 'cosine', ...common }
      : { decay: 'rsqrt', ...common, timescale: timescale! },
  );
  const optimizer = adafactor({ learningRate: lr, weightDecay: wd, clipNorm: clip, schedule: factor });
  const model = await ClippoModel.load(readGolden('vit/mu16_64_map.ckpt.npz'));
  const parameters = model.parameters();
  const size = golden.model.image_size;
  const texts = await Promise.all(golden.texts.map((text) => renderText(text, { size })));
  const batch = [toTensor(golden.images.map(({ k }) => generateImage(k, size))), toTensor(texts)] as const;

  const lossOf = (images: tf.Tensor, texts: tf.Tensor): tf.Scalar =>
    contrastiveLoss(embed(model, images), embed(model, texts), parameters.get('t')!);
  const variables = [...parameters.values(), ...optimizer.prepare(parameters)];
  const gradients = await compile(
    (images: tf.Tensor, texts: tf.Tensor) =>
      tf.variableGrads(() => lossOf(images, texts), [...parameters.values()]),
    { runtime, variables },
  );
  const step = await compile(
    (images: tf.Tensor, texts: tf.Tensor, beta2: tf.Scalar, schedule: tf.Scalar) =>
      updateStep(optimizer, parameters, () => lossOf(images, texts), { beta2, schedule }),
    { runtime, variables },
  );
  const noise = new Set(golden.zero_gradient_params);
  for (const [index, expected] of golden.steps.entries()) {
    const { value, grads } = await gradients(...batch);
    const G = expected.grad_norm;
    for (const [path, [sum, l2]] of Object.entries(expected.grads)) {
      if (noise.has(path)) continue;
      const gradient = grads[parameters.get(path)!.name]!.dataSync();
      const [ourSum, ourL2] = sumAndNorm(gradient);
      expect(Math.abs(ourSum - sum), `sum of d ${path}`).toBeLessThanOrEqual(1e-5 * G);
      expect(Math.abs(ourL2 - l2), `l2 of d ${path}`).toBeLessThanOrEqual(1e-4 * l2 + 1e-6 * G);
      const stored = index === 0 ? arrays.get(`grad0/${path}`) : undefined;
      if (stored === undefined) continue;
      const difference = maxAbsDifference(gradient, Float32Array.from(stored.data, Number));
      expect(difference, `d ${path}`).toBeLessThanOrEqual(1e-5 * G);
    }
    tf.dispose([value, grads]);

    const numbers = optimizer.stepNumbers();
    const scalars = [tf.scalar(numbers.beta2), tf.scalar(numbers.schedule)] as const;
    const metrics = await step(...batch, ...scalars);
    optimizer.stepCount++;
    expect(Math.abs(metrics.loss.dataSync()[0]! - expected.loss)).toBeLessThanOrEqual(2e-5);
    expect(Math.abs(metrics.gradNorm.dataSync()[0]! / G - 1)).toBeLessThanOrEqual(1e-4);
    tf.dispose([Object.values(metrics), ...scalars]);
    for (const [path, [sum, l2]] of Object.entries(expected.params_after)) {
      if (noise.has(path)) continue;
      const ours = parameters.get(path)!.dataSync();
      const [ourSum, ourL2] = sumAndNorm(ours);
      expect(Math.abs(ourSum - sum), `sum of ${path}`).toBeLessThanOrEqual(0.5 * lr);
      expect(Math.abs(ourL2 - l2), `l2 of ${path}`).toBeLessThanOrEqual(0.02 * lr);
      const stored = arrays.get(`params_after${index + 1}/${path}`)?.data;
      if (stored === undefined) continue;
      const far = ours.filter((value: number, i: number) => Math.abs(value - Number(stored[i])) > 0.01 * lr);
      expect(far.length / ours.length, path).toBeLessThanOrEqual(0.01);
    }
    expect(Math.abs(parameters.get('t')!.dataSync()[0]! - expected.t_after)).toBeLessThanOrEqual(0.01 * lr);
  }
  await Promise.all([gradients.dispose(), step.dispose()]);
  tf.dispose([...batch]);
  optimizer.dispose();
  model.dispose();
});
