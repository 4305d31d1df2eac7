// A training from nothing: draw words, train one small network on pictures and drawn words, save it, load it, search pictures with
// words, and write out/quickstart-train.html to look at. It runs on the CPU, needs no network and takes about half a minute.
// QUICKSTART_ENGINE=tfjs leaves ONNX Runtime out, as happens by itself without onnxruntime-node: about two minutes.

import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, countParameters, createRandom, createRenderer, topK } from 'clippo-ts';
import { nodeRuntime } from 'clippo-ts/node';
import { adafactor, schedule, train } from 'clippo-ts/train';
import { loadEmoji } from './emoji.mjs';
import { progressLine } from './progress-line.mjs';
import { writeTrainingPage } from './training-page.mjs';

const size = 64; // px: 4 x 4 patches, room for 4 lines of about 8 letters
const steps = Number(process.env.QUICKSTART_STEPS ?? 340);
const batchSize = 64;
const config = {
  variant: { width: 96, depth: 3, mlpDim: 384, numHeads: 3, patchSize: 16 },
  imageSize: size,
  embeddingDim: 64,
};
const queries = ['cat', 'red apple', 'pizza', 'tulip', 'snail', 'hot dog', 'rabbit face', 'orange juice'];

const emoji = await loadEmoji('noto', size, ['Animals & Nature', 'Food & Drink']);
const renderer = await createRenderer({ size });
const words = emoji.map(({ name }) => renderer.render(name));
console.log(
  `${emoji.length} emoji: Noto pictures, CLDR names drawn with Unifont, ${size} x ${size} px each.`,
);

const model = await ClippoModel.create(config, { seed: 1 });
console.log(`One Vision Transformer of ${countParameters(config)} parameters reads both. Training:`);
const optimizer = adafactor({
  schedule: schedule({ decay: 'cosine', total: steps, warmup: { percent: 0.1 } }),
});
const bar = progressLine(steps);
const started = performance.now();
const { history, aborted, engine } = await train({
  model,
  engine: process.env.QUICKSTART_ENGINE ?? 'auto',
  batches: shuffledBatches(),
  steps,
  optimizer,
  signal: abortOnCtrlC(),
  onStep: ({ step, loss }) =>
    bar.show(step, `loss ${loss.toFixed(2)} (chance ${Math.log(batchSize).toFixed(2)})`),
});
bar.end();
if (aborted) process.exit(130);
const seconds = Math.round((performance.now() - started) / 1000);

const out = process.env.QUICKSTART_OUT ?? fileURLToPath(new URL('../../out', import.meta.url));
const checkpoint = join(out, 'quickstart-train.npz');
mkdirSync(out, { recursive: true });
await model.save(checkpoint);
model.dispose();
const loaded = await ClippoModel.load(checkpoint);
if (engine === 'onnx') await loaded.compile(nodeRuntime());
const computedBy = engine === 'onnx' ? 'ONNX Runtime' : 'tfjs wasm';
console.log(
  `Trained in ${seconds} s by ${computedBy}, saved as ${relative('.', checkpoint)}, loaded back.\n`,
);

const pictures = await loaded.encodeImages(emoji.map(({ picture }) => picture));
const names = await loaded.encodeText(emoji.map(({ name }) => name));
const found = emoji.filter((_, i) => topK(names.row(i), pictures, 1)[0].index === i).length;
const recall = found / emoji.length;

const asked = await loaded.encodeText(queries);
const searches = queries.map((query, i) => ({ query, hits: topK(asked.row(i), pictures, 5) }));
for (const { query, hits } of searches) {
  console.log(
    `  ${query.padEnd(14)} → ${hits.map(({ index }) => `${emoji[index].character} ${emoji[index].name}`).join(', ')}`,
  );
}
console.log(
  `\nRecall@1 name → picture over the ${emoji.length} training pairs: ${(100 * recall).toFixed(1)} %.`,
);
console.log('This is memorised: the model has seen exactly these names and pictures, and only these.');
console.log('A query that is no such name lands on whatever looks alike to it, letter for letter.');

const page = join(out, 'quickstart-train.html');
const queryImages = queries.map((query) => renderer.render(query));
writeTrainingPage(page, { emoji, words, history, batchSize, searches, queryImages, recall, seconds });
console.log(`\nOpen ${pathToFileURL(page)}`);
if (recall < 0.8) process.exitCode = 1;

function* shuffledBatches() {
  const random = createRandom(1, 'shuffle');
  for (;;) {
    const order = [...random.permutation(emoji.length)];
    for (let start = 0; start + batchSize <= order.length; start += batchSize) {
      const batch = order.slice(start, start + batchSize);
      yield { images: batch.map((i) => emoji[i].picture), texts: batch.map((i) => words[i]) };
    }
  }
}

function abortOnCtrlC() {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}
