// Training of the models that CLIPPO is compared with, by the same steps: gradients against finite differences, the step in
// ONNX Runtime and in chunks against the one on tfjs, a run that goes on, and batches that are refused.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { DataError } from '../../src/errors.ts';
import { networkFor, toInputTensor } from '../../src/model/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import { createRenderer } from '../../src/render/index.ts';
import {
  adafactor,
  contrastiveLoss,
  createTrainStep,
  initFrom,
  schedule,
  type TextBatch,
  train,
  trainStep,
} from '../../src/train/index.ts';
import { expectNoLeaks, maxAbsDifference } from '../support/backends.ts';
import { finiteDifferences, spread } from '../support/finite-differences.ts';
import { generateImage } from '../support/golden.ts';
import { memoryRunFolder } from '../support/memory-run-folder.ts';
import { createTextRoad, TEXT_ROAD_NAMES, TEXTS } from '../support/text-roads.ts';

const BATCH: TextBatch = { images: TEXTS.map((_, k) => generateImage(k, 32)), texts: TEXTS };
/** The first pair is of two sentences. */
const MIXED: TextBatch = { images: ['three cats', ...BATCH.images.slice(1)], texts: TEXTS };
const optimizer = () =>
  adafactor({ learningRate: 1e-2, schedule: schedule({ decay: 'cosine', total: 8, warmup: 1 }) });
const runtime = nodeRuntime({ threads: 1 });

async function weightsOf(model: ClippoModel): Promise<Map<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const [path, variable] of model.parameters()) {
    if (!path.endsWith('/key/bias')) weights.set(path, (await variable.data()).slice() as Float32Array); // their gradient is noise
  }
  return weights;
}

/** Steps of the kind that `run` takes → the weights after three of them. */
async function afterSteps(
  name: (typeof TEXT_ROAD_NAMES)[number],
  options: Partial<Parameters<typeof createTrainStep>[0]>,
): Promise<{ losses: number[]; weights: Map<string, Float32Array> }> {
  const [model, learner] = [await createTextRoad(name), optimizer()];
  const step = await createTrainStep({ model, optimizer: learner, ...options });
  const losses: number[] = [];
  for (const batch of [BATCH, MIXED, BATCH]) losses.push((await step.run(batch)).loss);
  const weights = await weightsOf(model);
  await step.dispose();
  learner.dispose();
  model.dispose();
  return { losses, weights };
}

describe.each(TEXT_ROAD_NAMES)('training %s', (name) => {
  expectNoLeaks();

  it('has the gradients of finite differences', async () => {
    const model = await createTextRoad(name);
    const inputs = await Promise.all(TEXTS.map((text) => model.read(text)));
    const [images, texts] = [toInputTensor(BATCH.images as never), toInputTensor(inputs)];
    const networks = { images: model.network, texts: model.textNetwork };
    const t = model.parameters().get('t')!;
    const loss = (): tf.Scalar => {
      const embed = (input: tf.Tensor) => networkFor(networks, input).apply(input) as tf.Tensor2D;
      return contrastiveLoss(embed(images), embed(texts), t);
    };
    const own = [...model.parameters().keys()].filter(
      (path) => path.startsWith('txt/') && !path.endsWith('/key/bias'),
    );
    const paths = [...new Set([0, 1, ...spread(own.length, 6)])].map((i) => own[i]!);
    const { value, grads } = tf.variableGrads(
      loss,
      paths.map((path) => model.parameters().get(path)!),
    );
    value.dispose();
    for (const path of paths) {
      const variable = model.parameters().get(path)!;
      const gradient = (await grads[variable.name]!.data()) as Float32Array;
      const values = (await variable.data()).slice() as Float32Array;
      const indices = spread(values.length, 2);
      const valueAt = (): number => {
        tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
        return tf.tidy(() => loss().dataSync()[0]!);
      };
      const expected = finiteDifferences(valueAt, values, indices, 1e-2);
      valueAt();
      for (const [k, i] of indices.entries()) {
        const off = Math.abs(gradient[i]! - expected[k]!) / Math.max(1, Math.abs(expected[k]!));
        expect(off, `${path}[${i}]`).toBeLessThan(5e-3);
      }
    }
    tf.dispose([images, texts, ...Object.values(grads)]);
    model.dispose();
  });

  it('takes the same steps on tfjs, in ONNX Runtime and in chunks', async () => {
    const plain = await afterSteps(name, { engine: 'tfjs' });
    expect(plain.losses[2]).toBeLessThan(plain.losses[0]!);
    for (const options of [{ runtime }, { runtime, chunk: 2 }, { engine: 'tfjs', chunk: 3 }] as const) {
      const other = await afterSteps(name, options);
      expect(maxAbsDifference(other.losses, plain.losses)).toBeLessThan(1e-4);
      for (const [path, values] of plain.weights) {
        expect(maxAbsDifference(other.weights.get(path)!, values), path).toBeLessThan(2e-3);
      }
    }
  });

  it('goes on where a run stopped', async () => {
    const trained = async (folder: ReturnType<typeof memoryRunFolder> | undefined, parts: number[]) => {
      let last: Map<string, Float32Array> | undefined;
      const losses: number[] = [];
      for (const [i, steps] of parts.entries()) {
        const [model, learner] = [await createTextRoad(name, i === 0 ? 1 : 2), optimizer()]; // weights come from the run
        const batches = Array.from({ length: 6 }, () => MIXED);
        const run = folder === undefined ? {} : { run: folder };
        const result = await train({ model, optimizer: learner, batches, steps, engine: 'tfjs', ...run });
        losses.push(...result.history.map(({ loss }) => loss));
        last = await weightsOf(model);
        learner.dispose();
        model.dispose();
      }
      return { losses, last: last! };
    };
    const whole = await trained(undefined, [4]);
    const parts = await trained(memoryRunFolder(), [2, 4]);
    expect(parts).toEqual(whole);
  });
});

describe('batches for text that is not read as pictures', () => {
  expectNoLeaks();

  it('must hold strings', async () => {
    const renderer = await createRenderer({ size: 32 });
    const drawn = { images: BATCH.images, texts: TEXTS.map((text) => renderer.render(text)) };
    for (const name of ['1T-CLIP', 'separate embedding'] as const) {
      const [model, learner] = [await createTextRoad(name), optimizer()];
      await expect(trainStep({ model, optimizer: learner, batch: drawn })).rejects.toThrow(DataError);
      await expect(trainStep({ model, optimizer: learner, batch: drawn })).rejects.toThrow(
        /^batch: the model is one tower .*, which takes texts as strings, and this batch has none\. Make batches with createBatches\(\{ drawTexts: false, … \}\)\.$/,
      );
      learner.dispose();
      model.dispose();
    }
  });

  it('may hold strings for a CLIPPO too, which draws them', async () => {
    const renderer = await createRenderer({ size: 32 });
    const drawn = { images: BATCH.images, texts: TEXTS.map((text) => renderer.render(text)) };
    const losses: number[] = [];
    for (const batch of [BATCH, drawn]) {
      const model = await ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 });
      const learner = optimizer();
      losses.push((await trainStep({ model, optimizer: learner, batch })).loss);
      learner.dispose();
      model.dispose();
    }
    expect(losses[0]).toBe(losses[1]);
  });
});

describe('beginning with other weights', () => {
  expectNoLeaks();

  it('takes the pictures’ tower of a CLIPPO, and leaves positions of text as long as they are', async () => {
    const clippo = await ClippoModel.create(
      { variant: 'mu/16', imageSize: 64, embeddingDim: 16 },
      { seed: 3 },
    );
    const chunks: Uint8Array[] = [];
    await clippo.save(new WritableStream({ write: (chunk) => void chunks.push(chunk) }));
    const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
    const model = await createTextRoad('1T-CLIP');
    expect(() => initFrom(model, bytes)).toThrow('txt/Embed_0/embedding: expected [');
    const { left } = initFrom(model, bytes, { leaveOut: ['txt/.*'] });
    expect(left).toEqual(['txt/Embed_0/embedding', 'txt/pos_embedding']);
    clippo.dispose();
    model.dispose();
  });
});
