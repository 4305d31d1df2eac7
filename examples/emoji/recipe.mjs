// How the emoji model is trained, in two stages, each a file for `clippo train --config`. Written beside the shards by
// build-shards.mjs; why it is so: docs/training.md, "What was tried for the emoji model".

import { LANGUAGES, STYLES, UNSEEN_STYLE } from './corpus.mjs';

const [ENGLISH, ...ADDED] = LANGUAGES.slice(0, 12);

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
  maxBroken: 0.5, // not every emoji has a name in every language
  seed: 1,
  workers: 1,
  prefetch: 6, // batches of two pictures a pair take longer to make than others
};

const augment = {
  ...{ rotate: 8, scale: [0.85, 1.05], stretch: 1.07, shift: 0.05, brightness: 0.05, contrast: 0.1 },
  ...{ saturation: 0.2, hue: 8, grey: 0.02, blur: 0.1, background: 0.15 },
};

const emoji = (captions, files = 'emoji-*.tar') => ({ type: 'webdataset', files, captions });
const wordsIn = (language, [name, keywords, several] = [3, 1, 1]) => [
  { extension: 'json', field: `name.${language}`, weight: name },
  { extension: 'json', field: `keywords.${language}`, weight: keywords },
  { extension: 'json', field: `several.${language}`, weight: several },
];
const namesIn = (...languages) =>
  languages.map((language) => ({ extension: 'json', field: `name.${language}`, weight: 1 }));

/** What the model card says beyond what the training knows. */
const card = {
  title: 'The emoji model',
  purpose:
    'Finds emoji by words in several languages, and shows in seconds what CLIPPO is. Trained from nothing, on an ordinary machine.',
  data: `Emoji art of the styles ${STYLES.join(', ')}, from the packages \`@iconify-json/*\`, and names and keywords of the Unicode CLDR in ${[ENGLISH, ...ADDED].join(', ')}. Held out: the style ${UNSEEN_STYLE}, one emoji in ten, one keyword in ten of each language. Where all of it comes from and under which licences: examples/emoji/README.md of clippo-ts.`,
  limits:
    'It has seen drawings of emoji and their names, nothing else: no photographs, no sentences. What is no emoji, and words that are in no name or keyword, it takes for whatever looks alike.',
  licence:
    'Weights: Apache License 2.0. Some of the art it learned from is under CC BY or CC BY-SA; none of it lies in this file.',
};

const FEW = 700; // steps with a few emoji only
const ALONE = 2500; // steps with English only
const APART = 250; // steps from one language to the next

/**
 * From nothing: first a few emoji, and the same emoji in two styles half of the time; then all; then language after
 * language, some batches of it with pictures and some with English names.
 */
export const firstStage = {
  model,
  data: {
    ...data,
    augment,
    augmentRamp: 200_000, // examples of a source
    sources: [
      { source: emoji(wordsIn(ENGLISH), 'emoji-00.tar'), weight: 1, until: FEW },
      { source: emoji(namesIn(ENGLISH), 'emoji-00.tar'), weight: 1, until: FEW, pair: 'image-image' },
      { source: emoji(wordsIn(ENGLISH)), weight: 4, from: FEW },
      { source: emoji(namesIn(ENGLISH)), weight: 4, from: FEW, until: ALONE, pair: 'image-image' },
      { source: emoji(namesIn(ENGLISH)), weight: 2, from: ALONE, pair: 'image-image' },
      { source: emoji(wordsIn(ENGLISH), 'tones.tar'), weight: 0.2, from: ALONE },
      ...ADDED.flatMap((language, i) => [
        { source: emoji(wordsIn(language)), weight: 0.8, from: ALONE + APART * i },
        {
          source: emoji(namesIn(ENGLISH, language)),
          ...{ weight: 0.2, from: ALONE + APART * i, pair: 'text-text' },
        },
      ]),
    ],
  },
  optimizer: { learningRate: 1e-3 },
  schedule: { decay: 'rsqrt', timescale: 8000, warmup: 50 },
  steps: 20_000,
  card: { ...card, title: `${card.title}, first stage` },
  run: { folder: 'run-1', checkpointEvery: 200 },
};

/** Names as they are typed and pictures as they are searched: hardly changed, and the rate falls to nothing. */
export const secondStage = {
  model,
  init: { from: 'run-1/model.safetensors' },
  data: {
    ...data,
    augment: { rotate: 3, scale: [0.95, 1.02], shift: 0.02, background: 0.05 },
    sources: [
      { source: emoji(wordsIn(ENGLISH, [4, 1, 1])), weight: 4 },
      { source: emoji(namesIn(ENGLISH)), weight: 1, pair: 'image-image' },
      { source: emoji(wordsIn(ENGLISH), 'tones.tar'), weight: 0.2 },
      ...ADDED.map((language) => ({ source: emoji(wordsIn(language, [4, 1, 1])), weight: 1 })),
    ],
  },
  optimizer: { learningRate: 5e-4 },
  schedule: { decay: 'cosine', warmup: 100 },
  steps: 6000,
  card,
  run: { folder: 'run-2', checkpointEvery: 200 },
};
