// What is compared, as data: models that differ in one thing each, all trained on as many pairs by the same steps, and how
// large everything is. Another plan is another science: change it here.

/** Text goes in drawn, or as tokens of a table that is trained on the same captions. */
const DRAWN = { kind: 'pixels' };
const tokens = (tower) => ({ kind: 'tokens', tower });

/**
 * `share`: of the pairs are two texts about one emoji. `pairs`, of a model that sees no picture: what these two are.
 * `vqa`: where the question stands on pictures that it is asked about afterwards.
 */
export const MODELS = [
  { name: 'clippo', title: 'CLIPPO', text: DRAWN, vqa: ['top', 'middle', 'bottom'] },
  { name: 'clip', title: 'CLIP*', text: tokens('own'), vqa: ['top'] },
  { name: '1t-clip', title: '1T-CLIP', text: tokens('shared'), vqa: ['top'] },
  { name: 'clippo-25', title: 'CLIPPO, 25 % text/text', text: DRAWN, share: 0.25, vqa: ['top'] },
  { name: 'clippo-50', title: 'CLIPPO, 50 % text/text', text: DRAWN, share: 0.5 },
  { name: 'own-embedding', title: 'own embedding of patches', text: { ...DRAWN, separate: ['embedding'] } },
  { name: 'own-head', title: 'own head', text: { ...DRAWN, separate: ['head'] } },
  { name: 'text-parallel', title: 'names in two languages', text: DRAWN, share: 1, pairs: 'parallel' },
  {
    name: 'text-paraphrase',
    title: 'two wordings in one language',
    text: DRAWN,
    share: 1,
    pairs: 'paraphrase',
  },
  { name: 'text-neighbours', title: 'name and keywords', text: DRAWN, share: 1, pairs: 'neighbours' },
];

/** The whole: a run takes nine to fifteen minutes on one core. */
export const FULL = {
  folder: 'paper-in-small',
  reading: 'reading.txt', // what its figures were found to say, by hand
  seeds: [1, 2, 3],
  models: MODELS,
  languages: ['en', 'de', 'es', 'ru', 'ja'],
  size: 64, // px
  shape: { width: 256, depth: 1, mlpDim: 1024, numHeads: 4, patchSize: 16 },
  embeddingDim: 128,
  vocabulary: 4000,
  batchSize: 96,
  /** Nothing is learned in a while from nothing without anchors (docs/training.md); then the loss of the paper. */
  stages: [
    { name: 'anchors', steps: 2000, learningRate: 1.2e-3, warmup: 100, temperature: 12 },
    { name: 'contrastive', steps: 400, learningRate: 3e-4, warmup: 40 },
  ],
  emoji: Infinity,
  tokenTexts: 1000, // a language
  vqa: { size: 96, train: 3000, test: 600, epochs: 4, learningRate: 5e-4 },
};

/** The same in minutes, to see that it works: its numbers say nothing. */
export const TINY = {
  ...FULL,
  folder: 'paper-in-small-tiny',
  reading: undefined,
  seeds: [1, 2],
  languages: ['en', 'de'],
  size: 32,
  shape: { width: 32, depth: 1, mlpDim: 64, numHeads: 2, patchSize: 16 },
  embeddingDim: 16,
  vocabulary: 400,
  batchSize: 16,
  stages: [
    { ...FULL.stages[0], steps: 6, warmup: 1 },
    { ...FULL.stages[1], steps: 4, warmup: 1 },
  ],
  emoji: 60,
  tokenTexts: 40,
  vqa: { size: 96, train: 20, test: 8, epochs: 1, learningRate: 5e-4 },
};

/** Every model with every seed. */
export function runsOf({ models, seeds }) {
  return models.flatMap((model) => seeds.map((seed) => ({ ...model, seed, key: `${model.name}-${seed}` })));
}

/** What the paper has of it, second-hand: retyped by a reviewer, see the page. Table 1: 0-shot, I→T on COCO. */
export const PAPER = {
  clip: { parameters: '203 M', zeroShot: 65.1, imageToText: 48.5, vqa: 63.31, gap: 0.731 },
  '1t-clip': { parameters: '118 M', zeroShot: 62.3, imageToText: 48.0 },
  clippo: { parameters: '93 M', zeroShot: 61.4, imageToText: 47.3, glue: 68.6, vqa: 66.29, gap: 0.6 },
  'clippo-25': { glue: 74.4, vqa: 66.74, gap: 0.099 },
  'clippo-50': { zeroShot: 53.1, glue: 76.6 },
  'text-neighbours': { glue: 78.4 }, // of C4 alone, Table 2
};

/** What the paper says of two of its models: `metric` of `first` is larger, or about the same, as that of `second`. */
export const CLAIMS = [
  {
    says: 'two towers are a little better than one with a table of tokens',
    where: 'Table 1',
    metric: 'zeroShot',
    first: 'clip',
    second: '1t-clip',
    larger: true,
  },
  {
    says: 'tokens are a little better than pixels at this size',
    where: 'Table 1',
    metric: 'zeroShot',
    first: '1t-clip',
    second: 'clippo',
    larger: true,
  },
  {
    says: 'text pairs make language better',
    where: 'Table 2',
    metric: 'language',
    first: 'clippo-25',
    second: 'clippo',
    larger: true,
  },
  {
    says: 'text pairs cost pictures something',
    where: 'Table 1',
    metric: 'zeroShot',
    first: 'clippo',
    second: 'clippo-50',
    larger: true,
  },
  {
    says: 'text alone makes language best',
    where: 'Table 2',
    metric: 'language',
    first: 'text-neighbours',
    second: 'clippo-50',
    larger: true,
  },
  {
    says: 'neighbouring text is the best pair of texts',
    where: 'Table 3',
    metric: 'language',
    first: 'text-neighbours',
    second: 'text-parallel',
    larger: true,
  },
  {
    says: 'an embedding of its own gains nothing',
    where: 'Table 9',
    metric: 'zeroShot',
    first: 'own-embedding',
    second: 'clippo',
    larger: false,
  },
  {
    says: 'a head of its own gains nothing',
    where: 'Table 9',
    metric: 'zeroShot',
    first: 'own-head',
    second: 'clippo',
    larger: false,
  },
  {
    says: 'where the question stands matters little',
    where: 'Table 10',
    metric: 'vqa.bottom.overall',
    against: 'vqa.top.overall',
    first: 'clippo',
    second: 'clippo',
    larger: false,
  },
  {
    says: 'pixels are no easier to mislead by writing',
    where: 'Table 11',
    metric: 'attackSuccess',
    first: 'clippo',
    second: 'clip',
    larger: false,
  },
  {
    says: 'questions are answered better from pixels',
    where: 'Figure 2',
    metric: 'vqa.top.overall',
    first: 'clippo',
    second: 'clip',
    larger: true,
  },
  {
    says: 'one tower has a smaller gap',
    where: 'Figure 5',
    metric: 'gap',
    first: 'clip',
    second: 'clippo',
    larger: true,
  },
  {
    says: 'text pairs all but close the gap',
    where: 'Figure 5',
    metric: 'gap',
    first: 'clippo',
    second: 'clippo-25',
    larger: true,
  },
];
