// compile() in a page, on onnxruntime-web: the same training as plain tfjs in that page.

import type { Server } from 'node:http';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchChromium, serveRepository } from '../support/chromium.ts';

const RUNTIME = '/node_modules/onnxruntime-web/dist/';

async function trainingPage(): Promise<string> {
  const result = await build({
    stdin: {
      resolveDir: process.cwd(),
      contents: `
        import '@tensorflow/tfjs-backend-cpu';
        import * as tf from '@tensorflow/tfjs-core';
        import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
        import { compile } from 'clippo-ts/compile';
        import * as runtime from '${RUNTIME}ort.wasm.bundle.min.mjs';
        runtime.env.wasm.wasmPaths = '${RUNTIME}';
        runtime.env.wasm.numThreads = 1;
        const x = tf.reshape(tf.linspace(-1, 1, 24), [12, 2]);
        function learner() {
          const weights = tf.variable(tf.reshape(tf.linspace(-0.5, 0.5, 8), [2, 4]));
          const adam = tf.train.adam(0.05);
          const step = (x) => adam.minimize(() => tf.mean(tf.square(tf.sub(tf.sum(tf.tanh(tf.matMul(x, weights)), 1), 1))), true, [weights]);
          return { weights, step };
        }
        window.train = async (steps) => {
          const [plain, compiled] = [learner(), learner()];
          const step = await compile(compiled.step, { runtime });
          const losses = [[], []];
          for (let i = 0; i < steps; i++) {
            losses[0].push(plain.step(x).dataSync()[0]);
            losses[1].push((await step(x)).dataSync()[0]);
          }
          await step.dispose();
          return { losses, weights: [plain, compiled].map(({ weights }) => Array.from(weights.dataSync())) };
        };`,
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    external: [`${RUNTIME}*`],
    tsconfigRaw: '{}', // this repository's own paths are no user's
    write: false,
    logLevel: 'error',
  });
  const code = result.outputFiles[0]!.text.replaceAll('</script', '<\\/script');
  return `<!doctype html><title>compile</title><script type="module">${code}</script>`;
}

let browser: Browser;
let server: Server;
let url: string;

beforeAll(async () => {
  ({ url, server } = await serveRepository({ '/compile': await trainingPage() }));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

it('trains on onnxruntime-web as tfjs does', async () => {
  const page = await browser.newPage();
  await page.goto(`${url}/compile`);
  await page.waitForFunction(() => 'train' in globalThis);
  const { losses, weights } = (await page.evaluate('train(10)')) as Record<string, [number[], number[]]>;
  for (const [plain, compiled] of [losses!, weights!]) {
    expect(compiled).toHaveLength(plain.length);
    compiled.forEach((value, i) => void expect(value).toBeCloseTo(plain[i]!, 5));
  }
  expect(losses![0].at(-1)).toBeLessThan(losses![0][0]!);
});
