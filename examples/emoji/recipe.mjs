// How the emoji model is trained, in two stages, each a file for `clippo train --config`. Written beside the shards by
// build-shards.mjs; why it is so: docs/training.md, "What was tried for the emoji model".

import { LANGUAGES } from './corpus.mjs';

/** Languages that the second stage adds, and the share of batches each gets. */
const ADDED = LANGUAGES.slice(1, 14);

const model = {
  variant: { width: 192, depth: 6, mlpDim: 768, numHeads: 3, patchSize: 16 },
  imageSize: 96,
  embeddingDim: 192,
  temperatureInit: 20,
  textRows: 3,
  seed: 1,
};

const data = {
  draw: 'batch', // pictures beside pictures, or texts of one language: nothing can be told by its looks alone
  batchSize: 128,
  distinct: true,
  augment: {
    ...{ rotate: 8, scale: [0.85, 1.05], stretch: 1.07, shift: 0.05, brightness: 0.05, contrast: 0.1 },
    ...{ saturation: 0.2, hue: 8, grey: 0.02, blur: 0.1, background: 0.15 },
  },
  seed: 1,
  workers: 1,
  prefetch: 4, // batches of two pictures a pair take longer to make than others
};

const emoji = (captions, files = 'emoji-*.tar') => ({ type: 'webdataset', files, captions });
const wordsIn = (language) => [
  { extension: 'json', field: `name.${language}`, weight: 3 },
  { extension: 'json', field: `keywords.${language}`, weight: 1 },
];
const namesIn = (...languages) =>
  languages.map((language) => ({ extension: 'json', field: `name.${language}`, weight: 1 }));

/** English, from nothing: first a few emoji, and the same emoji in two styles half of the time. */
export const firstStage = {
  model,
  data: {
    ...data,
    augmentRamp: 200_000, // examples of a source
    sources: [
      { source: emoji(wordsIn('en'), 'emoji-00.tar'), weight: 1, until: 700 },
      { source: emoji(namesIn('en'), 'emoji-00.tar'), weight: 1, until: 700, pair: 'image-image' },
      { source: emoji(wordsIn('en')), weight: 1, from: 700 },
      { source: emoji(namesIn('en')), weight: 1, from: 700, pair: 'image-image' },
      { source: emoji(wordsIn('en'), 'tones.tar'), weight: 0.04, from: 3000 },
    ],
  },
  optimizer: { learningRate: 1e-3 },
  schedule: { decay: 'cosine', warmup: 50 },
  steps: 6000,
  run: { folder: 'run-1', checkpointEvery: 200 },
};

/** The other languages on top of it, some directly and some by way of their English names. */
export const secondStage = {
  model,
  init: { from: 'run-1/model.safetensors' },
  data: {
    ...data,
    maxBroken: 0.5, // not every emoji has a name in every language
    sources: [
      { source: emoji(wordsIn('en')), weight: 6 },
      { source: emoji(namesIn('en')), weight: 2.5, pair: 'image-image' },
      { source: emoji(wordsIn('en'), 'tones.tar'), weight: 0.5 },
      ...ADDED.flatMap((language, i) => [
        { source: emoji(wordsIn(language)), weight: 1, from: 250 * i },
        { source: emoji(namesIn('en', language)), weight: 0.4, from: 250 * i, pair: 'text-text' },
      ]),
    ],
  },
  optimizer: { learningRate: 1e-3 },
  schedule: { decay: 'cosine', warmup: 200 },
  steps: 24_000,
  run: { folder: 'run-2', checkpointEvery: 200 },
};
