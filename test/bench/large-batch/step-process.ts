// One process of the large-batch benchmark: does what its argument says and prints what came of it.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { ClippoModel } from '../../../src/clippo-model.ts';
import { nodeRuntime } from '../../../src/node/index.ts';
import { createRandom } from '../../../src/random.ts';
import type { Raster } from '../../../src/raster/index.ts';
import { createRenderer } from '../../../src/render/index.ts';
import {
  adafactor,
  createTrainStep,
  type PairBatch,
  type Parameters,
  type RecordableOptimizer,
} from '../../../src/train/index.ts';

export interface Job {
  readonly kind: 'steps' | 'gradients';
  readonly pairs: number;
  readonly chunk?: number;
  readonly steps?: number;
}

export interface Outcome {
  readonly peakMiB: number;
  readonly msPerStep: number;
  readonly losses: readonly number[];
  readonly gradients?: { readonly relativeDifference: number; readonly path: string };
}

const SIZE = 96;

async function makeBatch(pairs: number): Promise<PairBatch> {
  const random = createRandom(1, 'large batch');
  const renderer = await createRenderer({ size: SIZE });
  const images = Array.from({ length: pairs }, (): Raster => {
    const data = new Uint8Array(SIZE * SIZE * 3);
    const [r, g, b] = [random.integer(256), random.integer(256), random.integer(256)];
    for (let i = 0; i < data.length; i += 3) data.set([r, g, (b + i / SIZE) & 255], i);
    return { width: SIZE, height: SIZE, channels: 3, data };
  });
  return { images, texts: images.map((_, i) => renderer.render(`picture number ${i}`)) };
}

/** Leaves the weights as they are and keeps the gradients. */
class GradientKeeper implements RecordableOptimizer {
  stepCount = 0;
  readonly seen = new Map<string, tf.Variable>();

  isFrozen(): boolean {
    return false;
  }

  stepNumbers(): { beta2: number; schedule: number } {
    return { beta2: 0, schedule: 0 };
  }

  prepare(parameters: Parameters): readonly tf.Variable[] {
    for (const [path, { shape }] of parameters) {
      if (!this.seen.has(path)) this.seen.set(path, tf.variable(tf.zeros(shape), false));
    }
    return [...this.seen.values()];
  }

  apply(): never {
    throw new Error('This step is to be recorded.');
  }

  update(_: Parameters, gradients: ReadonlyMap<string, tf.Tensor>) {
    for (const [path, gradient] of gradients) this.seen.get(path)!.assign(gradient);
    return { gradNorm: tf.scalar(0), updateNorm: tf.scalar(0) };
  }
}

/** ‖a − b‖ / ‖b‖ over the elements of a parameter's gradient, of the parameter where it is largest. */
async function compareGradients(pairs: number, chunk: number): Promise<Outcome['gradients']> {
  const model = await ClippoModel.create({ variant: 'Ti/16', imageSize: SIZE, embeddingDim: 192 });
  const batch = await makeBatch(pairs);
  const [atOnce, parts] = [new GradientKeeper(), new GradientKeeper()];
  for (const [optimizer, options] of [
    [parts, { chunk }],
    [atOnce, {}],
  ] as const) {
    const step = await createTrainStep({
      model,
      optimizer,
      engine: 'onnx',
      runtime: nodeRuntime(),
      ...options,
    });
    await step.run(batch);
    await step.dispose();
  }
  let worst = { relativeDifference: 0, path: '' };
  for (const [path, expected] of atOnce.seen) {
    if (path.endsWith('key/bias')) continue; // zero in theory, as softmax takes no notice of it
    const [a, b] = [parts.seen.get(path)!.dataSync(), expected.dataSync()];
    let [difference, whole] = [0, 0];
    for (let i = 0; i < b.length; i++) {
      difference += (a[i]! - b[i]!) ** 2;
      whole += b[i]! ** 2;
    }
    const relative = Math.sqrt(difference / whole);
    if (relative > worst.relativeDifference) worst = { relativeDifference: relative, path };
  }
  return worst;
}

async function takeSteps({ pairs, chunk, steps = 1 }: Job): Promise<Pick<Outcome, 'msPerStep' | 'losses'>> {
  const model = await ClippoModel.create({ variant: 'Ti/16', imageSize: SIZE, embeddingDim: 192 });
  const batch = await makeBatch(pairs);
  const options = chunk === undefined ? {} : { chunk };
  const step = await createTrainStep({
    model,
    optimizer: adafactor(),
    engine: 'onnx',
    runtime: nodeRuntime(),
    ...options,
  });
  const losses: number[] = [];
  const times: number[] = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    losses.push((await step.run(batch)).loss);
    times.push(performance.now() - start);
    console.error(`step ${i + 1} of ${steps}: ${Math.round(times.at(-1)!)} ms`);
  }
  await step.dispose();
  return { losses, msPerStep: Math.round(Math.min(...times)) }; // the first one records the graphs
}

await tf.setBackend('cpu');
const job = JSON.parse(process.argv[2]!) as Job;
const outcome =
  job.kind === 'steps'
    ? await takeSteps(job)
    : { msPerStep: 0, losses: [], gradients: await compareGradients(job.pairs, job.chunk!) };
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ ...outcome, peakMiB }));
