// How the emoji model is trained, in six stages, each a file for `clippo train --config`. Written beside the shards by
// build-shards.mjs; why it is so: docs/training.md, "What was tried for the emoji model".

import { STYLES, TRAINED_LANGUAGES, UNSEEN_STYLE } from './corpus.mjs';

const [ENGLISH, ...OTHERS] = TRAINED_LANGUAGES;

const model = {
  variant: { width: 384, depth: 1, mlpDim: 1536, numHeads: 6, patchSize: 16 },
  imageSize: 64,
  embeddingDim: 192,
  temperatureInit: 20,
  textRows: 'used',
  seed: 1,
};

const data = {
  draw: 'exact',
  batchSize: 128,
  maxBroken: 0.5, // not every emoji has a name in every language
  seed: 1,
  workers: 1,
  prefetch: 4,
};

const augment = {
  ...{ rotate: 8, scale: [0.85, 1.1], stretch: 1.07, shift: 0.05, brightness: 0.05, contrast: 0.1 },
  ...{ saturation: 0.2, hue: 8, grey: 0.02, blur: 0.1, background: 0.15 },
};

const emoji = (captions, files = 'emoji-*.tar') => ({ type: 'webdataset', files, captions });
/** Captions of a language; names count most, since they are what is searched with. */
const wordsIn = (language, [name, keywords, several]) => [
  { extension: 'json', field: `name.${language}`, weight: name },
  { extension: 'json', field: `keywords.${language}`, weight: keywords },
  { extension: 'json', field: `several.${language}`, weight: several },
];
const ENGLISH_WORDS = wordsIn(ENGLISH, [10, 3, 3]);
const english = emoji(ENGLISH_WORDS);
const all = emoji([...ENGLISH_WORDS, ...OTHERS.flatMap((language) => wordsIn(language, [8, 1, 1]))]);

/** What the model card says beyond what the training knows. */
const card = {
  title: 'The emoji model',
  purpose:
    'Finds emoji by words in many languages, and shows in seconds what CLIPPO is. Trained from nothing, on an ordinary machine.',
  data: `Emoji art of the styles ${STYLES.join(', ')}, from the packages \`@iconify-json/*\`, and names and keywords of the Unicode CLDR in ${TRAINED_LANGUAGES.join(', ')}. Held out: the style ${UNSEEN_STYLE}, one emoji in ten, one keyword in ten of each language. Where all of it comes from and under which licences: examples/emoji/README.md of clippo-ts.`,
  limits:
    'It has seen drawings of emoji and their names, nothing else: no photographs, no sentences. What is no emoji, and words that are in no name or keyword, it takes for whatever looks alike.',
  licence:
    'Weights: Apache License 2.0. Some of the art it learned from is under CC BY or CC BY-SA; none of it lies in this file.',
};

const ALONE = 300; // steps with English only

/** From nothing, against anchors: pictures and English words, then words in all languages. */
export const firstStage = {
  model,
  anchors: 2000,
  data: {
    ...data,
    augment,
    augmentRamp: 100_000, // examples of a source
    sources: [
      { source: english, weight: 1, until: ALONE },
      { source: all, weight: 1, from: ALONE },
      { source: all, weight: 1, from: ALONE, pair: 'text-text' },
    ],
  },
  optimizer: { learningRate: 1.5e-3 },
  schedule: { decay: 'cosine', warmup: 100 },
  steps: 4700,
  card: { ...card, title: `${card.title}, first stage` },
  run: { folder: 'run-1', checkpointEvery: 250 },
};

/** English counts most, and keywords more than before. */
const searched = emoji([
  ...wordsIn(ENGLISH, [14, 8, 8]),
  ...OTHERS.flatMap((language) => wordsIn(language, [7, 2, 2])),
]);

/**
 * Half of the inputs pictures. A temperature that stays low: only what lies close to its anchor has a small loss, and
 * then pictures and texts of one thing lie close to each other too.
 */
export const secondStage = {
  model: { ...model, temperatureInit: 12 },
  init: { from: 'run-1/model.safetensors', leaveOut: ['t'] },
  anchors: 2000,
  data: { ...data, augment, sources: [{ source: searched }] },
  optimizer: { learningRate: 1.2e-3, learningRateMultipliers: [['t', null]] },
  schedule: { decay: 'cosine', warmup: 100 },
  steps: 8000,
  card: { ...card, title: `${card.title}, second stage` },
  run: { folder: 'run-2', checkpointEvery: 250 },
};

/** English still more, its keywords too. */
const englishMost = emoji([
  ...wordsIn(ENGLISH, [30, 15, 15]),
  ...OTHERS.flatMap((language) => wordsIn(language, [5, 1.5, 1.5])),
]);

/** The same from there on with pictures that are changed less, as they are when they are searched. */
export const thirdStage = {
  ...secondStage,
  init: { from: 'run-2/model.safetensors', leaveOut: ['t'] },
  data: {
    ...data,
    seed: 2,
    augment: {
      ...{ rotate: 5, scale: [0.9, 1.06], stretch: 1.04, shift: 0.03, brightness: 0.04, contrast: 0.07 },
      ...{ saturation: 0.12, hue: 6, grey: 0.01, blur: 0.05, background: 0.1 },
    },
    sources: [{ source: englishMost }],
  },
  optimizer: { ...secondStage.optimizer, learningRate: 1e-3 },
  steps: 10_000,
  card: { ...card, title: `${card.title}, third stage` },
  run: { folder: 'run-3', checkpointEvery: 250 },
};

/** What kind of thing it is, as a thing of its own: 'Food & Drink', of all that is food or drink. */
const kinds = emoji([{ extension: 'json', field: `group.${ENGLISH}` }], 'groups.tar');
/** One picture in `n` is asked for its kind. */
const kindsOneIn = (n) => [
  { source: englishMost, weight: n - 1 },
  { source: kinds, weight: 1 },
];

/**
 * Every seventh picture is asked for its kind: what is alike comes to lie together, which knowing each emoji for itself does
 * not bring about. Colours change more, as they do from one art style to another.
 */
export const fourthStage = {
  ...thirdStage,
  init: { from: 'run-3/model.safetensors', leaveOut: ['t'] },
  data: {
    ...thirdStage.data,
    seed: 3,
    augment: { ...augment, saturation: 0.35, hue: 15, grey: 0.05, contrast: 0.15 },
    sources: kindsOneIn(7),
  },
  optimizer: { ...secondStage.optimizer, learningRate: 8e-4 },
  steps: 3000,
  card: { ...card, title: `${card.title}, fourth stage` },
  run: { folder: 'run-4', checkpointEvery: 250 },
};

/** Every second one, until groups can be told apart by a plane through the vectors in a style never seen, too. */
export const fifthStage = {
  ...fourthStage,
  init: { from: 'run-4/model.safetensors', leaveOut: ['t'] },
  data: {
    ...fourthStage.data,
    seed: 4,
    sources: kindsOneIn(2),
  },
  steps: 2000,
  card: { ...card, title: `${card.title}, fifth stage` },
  run: { folder: 'run-5', checkpointEvery: 250 },
};

const BEFORE_LAST = [firstStage, secondStage, thirdStage, fourthStage, fifthStage];

/** Every fourth one, and pictures changed as little as in the third: each emoji is to be told from those alike again. */
export const sixthStage = {
  ...fifthStage,
  init: { from: 'run-5/model.safetensors', leaveOut: ['t'] },
  data: {
    ...thirdStage.data,
    seed: 5,
    sources: kindsOneIn(4),
  },
  optimizer: { ...secondStage.optimizer, learningRate: 1e-3 },
  steps: 4500,
  card: {
    ...card,
    data: `${card.data} In the last three stages some pictures stood for their group of Unicode ("Food & Drink"), of emoji that are not held out. Before this stage came five others: ${BEFORE_LAST.map(({ steps }) => steps.toLocaleString('en')).join(', ')} steps of ${data.batchSize} pairs.`,
  },
  run: { folder: 'run-6', checkpointEvery: 250 },
};

export const STAGES = [...BEFORE_LAST, sixthStage];
