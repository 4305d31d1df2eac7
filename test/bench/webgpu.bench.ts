// A ViT on WebGPU: tfjs against ONNX Runtime, on the same GPU in the same process, in Node (Dawn; onnxruntime-node has
// its own Dawn) and in Chromium (onnxruntime-web). Prints a line of JSON each: images/s, their ratio, and what share of
// the card's single-precision peak that is.
//
//   npx tsx test/bench/webgpu.bench.ts --peak-tflops 67          ViT-B/16 at 224 px, 32 pictures at a time
//   npx tsx test/bench/webgpu.bench.ts --where chromium --variant Ti/16 --batch 8 --repeats 20
//   npx tsx test/bench/webgpu.bench.ts --software                a tiny one, to see that it runs where there is no GPU
//
// In Node a GPU in software has to be named to Vulkan: VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json.

import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import { chromium } from 'playwright-core';
import { messageOf } from '../../src/errors.ts';
import { VARIANTS } from '../../src/model/index.ts';
import { nodeRuntime, useWebGpu } from '../../src/node/index.ts';
import { CHROMIUM_FLAGS, chromiumProgram, launchChromium, serveRepository } from '../support/chromium.ts';
import { sourcePage } from '../support/source-page.ts';
import { median } from './compile/turns.ts';
import { type RaceOptions, type RaceResult, race } from './webgpu/race.ts';

/** For a real GPU. Which of them are needed differs between systems; none does harm. */
const HARDWARE = [
  '--enable-unsafe-webgpu',
  '--ignore-gpu-blocklist',
  '--enable-features=Vulkan,VulkanFromANGLE',
];

const { values: flags } = parseArgs({
  options: {
    variant: { type: 'string' },
    'image-size': { type: 'string' },
    batch: { type: 'string' },
    repeats: { type: 'string', default: '10' },
    where: { type: 'string', default: 'node,chromium' },
    'peak-tflops': { type: 'string' },
    software: { type: 'boolean', default: false },
  },
});
const options: RaceOptions = {
  variant: flags.variant ?? (flags.software ? 'mu/16' : 'B/16'),
  imageSize: Number(flags['image-size'] ?? (flags.software ? 32 : 224)),
  batch: Number(flags.batch ?? (flags.software ? 2 : 32)),
  repeats: Number(flags.repeats),
};

const PLACES: Record<string, () => Promise<RaceResult>> = {
  async node() {
    await useWebGpu();
    return race(options, nodeRuntime({ executionProviders: ['webgpu', 'cpu'] }));
  },
  async chromium() {
    const page = await sourcePage('test/bench/webgpu/page.ts');
    const { url, server } = await serveRepository({ '/race': page }, { isolated: true });
    const browser = flags.software
      ? await launchChromium({ gpu: true })
      : await chromium.launch({ executablePath: chromiumProgram(), args: [...HARDWARE, ...CHROMIUM_FLAGS] });
    try {
      const tab = await browser.newPage();
      await tab.goto(`${url}/race`);
      await tab.waitForFunction(() => 'race' in globalThis);
      return (await tab.evaluate(`race(${JSON.stringify(options)})`)) as RaceResult;
    } finally {
      await browser.close();
      server.close();
    }
  },
};

let failed = false;
for (const where of flags.where.split(',')) {
  const run = PLACES[where];
  if (run === undefined) throw new Error(`--where: expected ${Object.keys(PLACES)}, got ${where}.`);
  try {
    console.log(JSON.stringify({ where, ...options, ...report(await run()) }));
  } catch (error) {
    failed = true;
    console.log(JSON.stringify({ where, ...options, failed: messageOf(error) }));
  }
}
// Without a GPU there is nothing to measure, which is no failure of the benchmark.
process.exitCode = failed && flags.software ? 1 : 0;

function report({ tfjs, onnx, ...others }: RaceResult): object {
  const rate = (times: readonly number[]): number => (1000 * options.batch) / median(times);
  const [ours, theirs] = [rate(tfjs), rate(onnx)];
  const gflop = flopsOf(options) / 1e9;
  const peak = flags['peak-tflops'] === undefined ? undefined : 1000 * Number(flags['peak-tflops']);
  const share = (images: number): number | undefined =>
    peak === undefined ? undefined : digits((images * gflop) / peak);
  return {
    ...others,
    tfjsImagesPerSecond: digits(ours),
    onnxImagesPerSecond: digits(theirs),
    tfjsOverOnnx: digits(ours / theirs),
    gflopPerImage: digits(gflop),
    tfjsShareOfPeak: share(ours),
    onnxShareOfPeak: share(theirs),
  };
}

/** Multiplications and additions of the products of one picture; the rest is below a percent. */
function flopsOf({ variant, imageSize }: RaceOptions): number {
  const [name = '', patch = ''] = variant.split('/');
  const shape = VARIANTS[name as keyof typeof VARIANTS];
  if (shape === undefined) throw new Error(`--variant: expected one such as B/16, got ${variant}.`);
  const { width: D, depth, mlpDim: M } = shape;
  const P = Number(patch);
  const N = (imageSize / P) ** 2;
  const embedding = 6 * N * P * P * D;
  const block = 8 * N * D * D + 4 * N * N * D + 4 * N * D * M;
  const pooling = 4 * N * D * D + 4 * D * D + 4 * N * D + 4 * D * M;
  return embedding + depth * block + pooling;
}

function digits(value: number): number {
  return Number(value.toPrecision(3));
}
