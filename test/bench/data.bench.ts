// How fast batches are made, and how long a training step waits for them: one JSON line a number of threads. Run with
// `npm run bench -- data`; the shards are made by `node examples/emoji/build-shards.mjs`.
//
//   STEP=600      ms a step takes, during which CORES threads compute
//   CORES=2
//   STEPS=20      steps that are measured, after two that are not
//   BATCH=128
//   SIZE=96       px

import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { workerBatches } from '../../src/node/worker-batches.ts';
import { buildDataWorker } from '../support/data-worker.ts';

const [step, cores, steps, batchSize, size] = [
  ['STEP', 600],
  ['CORES', 2],
  ['STEPS', 20],
  ['BATCH', 128],
  ['SIZE', 96],
].map(([name, byDefault]) => Number(process.env[name!] ?? byDefault)) as [
  number,
  number,
  number,
  number,
  number,
];

const folder = fileURLToPath(new URL('../../out/emoji', import.meta.url));
if (!existsSync(folder)) {
  console.error('There are no shards in out/emoji: run `node examples/emoji/build-shards.mjs`.');
  process.exit(1);
}

const STYLES = [
  'noto',
  'noto-v1',
  'fluent-emoji',
  'fluent-emoji-flat',
  'openmoji',
  'emojione',
  'emojione-v1',
];

/** Threads that compute for as long as they are told, as an engine does during a step. */
const BURN = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end) for (let i = 0; i < 1e5; i++) Math.sqrt(i);
    parentPort.postMessage(0);
  });`;
const burners = Array.from({ length: cores }, () => new Worker(BURN, { eval: true }));
const compute = (ms: number): Promise<unknown> =>
  Promise.all(
    burners.map((burner) => {
      const done = new Promise((resolve) => burner.once('message', resolve));
      burner.postMessage(ms);
      return done;
    }),
  );

const url = await buildDataWorker();
try {
  for (const workers of [0, 1, 2]) {
    // Made as fast as can be, nothing else going on.
    console.log(JSON.stringify({ case: 'batches alone', workers, ...(await measure(workers, 0)) }));
    console.log(JSON.stringify({ case: `steps of ${step} ms`, workers, ...(await measure(workers, step)) }));
  }
} finally {
  rmSync(dirname(fileURLToPath(url)), { recursive: true });
  for (const burner of burners) await burner.terminate();
}

async function measure(workers: number, stepMs: number): Promise<Record<string, number>> {
  const images = STYLES.map((style) => `${style}.png`);
  const captions = [{ extension: 'json', field: 'name.en' }];
  const batches = workerBatches(
    {
      folder,
      sources: [{ source: { type: 'webdataset', files: 'emoji.tar', images, captions } }],
      batchSize,
      size,
      textRows: Math.min(3, Math.floor(size / 16)),
      augment: { shift: 0.1, scale: [0.8, 1.2], rotate: 15, hue: 20, blur: 0.2, background: 0.5 },
      workers,
    },
    url,
  );
  const iterator = batches[Symbol.asyncIterator]();
  let begin = 0;
  let waited = 0;
  for (let n = -2; n < steps; n++) {
    if (n === 0) begin = performance.now();
    const asked = performance.now();
    await iterator.next();
    if (n >= 0) waited += performance.now() - asked;
    if (stepMs > 0) await compute(stepMs);
  }
  const elapsed = performance.now() - begin;
  await batches.close();
  return {
    examplesPerSecond: Math.round((steps * batchSize * 1000) / elapsed),
    msPerStep: Math.round(elapsed / steps),
    waitingShare: Number((waited / elapsed).toFixed(3)),
  };
}
