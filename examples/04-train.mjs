// Train a tiny CLIPPO from nothing: coloured squares and their names, drawn. It learns which word means which
// colour in a few seconds, because pictures and words go through the same weights.
// Run: node examples/04-train.mjs [steps]

import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, createRandom, createRaster, createRenderer } from 'clippo-ts';
import { adafactor, schedule, train } from 'clippo-ts/train';

const steps = Number(process.argv[2] ?? 60);
const size = 32;
const colours = { red: [220, 30, 30], green: [30, 160, 60], blue: [40, 70, 220], white: [250, 250, 250] };
const names = Object.keys(colours);

const renderer = await createRenderer({ size });
const words = names.map((name) => renderer.render(name));
const model = await ClippoModel.create({ variant: 'mu/16', imageSize: size, embeddingDim: 16 }, { seed: 1 });
const optimizer = adafactor({
  learningRate: 3e-3,
  schedule: schedule({ decay: 'cosine', total: steps, warmup: { percent: 0.1 } }),
});

const { history } = await train({
  model,
  optimizer,
  steps,
  batches: noisySquares(),
  onStep: ({ step, loss, ncorrect }) => {
    if (step % 10 === 0)
      console.log(`step ${step}: loss ${loss.toFixed(3)}, ${Math.round(100 * ncorrect)} % matched`);
  },
});
console.log(
  `Chance is a loss of ${Math.log(names.length).toFixed(3)}; it ended at ${history.at(-1).loss.toFixed(3)}`,
);

// Colours it has not seen exactly so, classified by words.
const unseen = [square([200, 60, 50]), square([60, 190, 90]), square([80, 100, 250])];
for (const [best] of await model.classify(unseen, names)) {
  console.log(`${best.label} (${Math.round(100 * best.score)} %)`);
}
optimizer.dispose();
model.dispose();

function* noisySquares() {
  const random = createRandom(1);
  const jitter = (value) => Math.min(255, Math.max(0, value + random.integer(61) - 30));
  for (;;) yield { images: names.map((name) => square(colours[name].map(jitter))), texts: words };
}

function square(rgb) {
  const raster = createRaster(size, size);
  for (let i = 0; i < raster.data.length; i++) raster.data[i] = rgb[i % 3];
  return raster;
}
