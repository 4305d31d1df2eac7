// The forward pass of one ViT on WebGPU, by tfjs and by ONNX Runtime in turns, in this process or page: from pixels in
// memory to vectors in memory. Runs in Node and in a page.

import * as tf from '@tensorflow/tfjs-core';
import { ClippoModel } from '../../../src/clippo-model.ts';
import { compile, type OrtRuntime } from '../../../src/compile/index.ts';
import { currentGpu } from '../../../src/engines/index.ts';
import { createRandom } from '../../../src/random.ts';

export interface RaceOptions {
  readonly variant: string;
  readonly imageSize: number;
  readonly batch: number;
  /** Turns of each, after two that are not counted. */
  readonly repeats: number;
}

export interface RaceResult {
  readonly gpu: string;
  readonly isSoftware: boolean;
  /** ms of every turn */
  readonly tfjs: readonly number[];
  readonly onnx: readonly number[];
  /** Largest difference of a number of a unit vector between the two. */
  readonly maxDifference: number;
}

type Encode = (pixels: Float32Array) => Promise<ArrayLike<number>>;

/** @param runtime - ONNX Runtime with WebGPU first; tfjs's backends webgpu and cpu have to be there */
export async function race(options: RaceOptions, runtime: OrtRuntime): Promise<RaceResult> {
  const { imageSize, batch, repeats } = options;
  const shape: [number, number, number, number] = [batch, imageSize, imageSize, 3];
  const random = createRandom(1);
  const pixels = Float32Array.from(
    { length: batch * imageSize * imageSize * 3 },
    () => random.next() * 2 - 1,
  );

  const [onCpu, onGpu] = [await modelOn('cpu', options), await modelOn('webgpu', options)];
  const gpu = currentGpu();
  if (gpu === undefined) throw new Error('tfjs has no GPU here.');
  await tf.setBackend('cpu');
  const apply = (model: ClippoModel) => (images: tf.Tensor4D) => model.network.apply(images) as tf.Tensor;
  const compiled = await compile(apply(onCpu), { runtime, inputs: [{ shape, name: 'images' }] });
  const contestants: Record<'tfjs' | 'onnx', Encode> = {
    async tfjs(pixels) {
      await tf.setBackend('webgpu');
      const vectors = tf.tidy(() => apply(onGpu)(tf.tensor4d(pixels, shape)));
      return readAndDispose(vectors);
    },
    async onnx(pixels) {
      await tf.setBackend('cpu');
      const images = tf.tensor4d(pixels, shape);
      const vectors = await compiled(images);
      images.dispose();
      return readAndDispose(vectors);
    },
  };
  const times = { tfjs: [] as number[], onnx: [] as number[] };
  const found: Partial<Record<'tfjs' | 'onnx', ArrayLike<number>>> = {};
  for (let turn = -2; turn < repeats; turn++) {
    for (const name of ['tfjs', 'onnx'] as const) {
      const start = performance.now();
      found[name] = await contestants[name](pixels);
      if (turn >= 0) times[name].push(performance.now() - start);
    }
  }
  await compiled.dispose();
  for (const model of [onCpu, onGpu]) model.dispose();
  const [a, b] = [found.tfjs!, found.onnx!];
  let maxDifference = 0;
  for (let i = 0; i < a.length; i++) maxDifference = Math.max(maxDifference, Math.abs(a[i]! - b[i]!));
  return { gpu: gpu.name, isSoftware: gpu.isSoftware, ...times, maxDifference };
}

async function modelOn(backend: string, { variant, imageSize }: RaceOptions): Promise<ClippoModel> {
  await tf.setBackend(backend);
  return ClippoModel.create({ variant, imageSize }, { seed: 1 });
}

async function readAndDispose(tensor: tf.Tensor): Promise<ArrayLike<number>> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}
