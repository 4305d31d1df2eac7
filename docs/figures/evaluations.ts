// Every evaluation on the emoji corpus, each as the table, and for some the pictures, that docs/evaluation.md has of it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClippoModel } from '../../src/clippo-model.ts';
import type { OrtRuntime } from '../../src/compile/index.ts';
import {
  contrastiveValidation,
  type Evaluation,
  fewShot,
  type LanguageRecall,
  modalityGapOf,
  multilingualRetrieval,
  parseSentencePiece,
  retrieval,
  tokenEfficiency,
  tokenEfficiencyFigure,
  typographicAttack,
  zeroShot,
} from '../../src/eval/index.ts';
import { countParameters, resolveClippoConfig } from '../../src/model/index.ts';
import type { Raster } from '../../src/raster/index.ts';
import type { EmojiSources } from './emoji-sources.ts';
import { drawAttacks, drawExplanations } from './sheets.ts';
import { chanceOf, percent, shown, table } from './tables.ts';

export const MODEL = new URL('../../models/emoji.safetensors', import.meta.url);

export interface Measured {
  readonly model: ClippoModel;
  readonly runtime: OrtRuntime;
  readonly emoji: EmojiSources;
}

export interface Figure {
  /** What stands between the marks of the page. */
  readonly markdown: string;
  /** By file name in docs/images: a Raster for PNG, text for SVG. */
  readonly pictures?: Readonly<Record<string, Raster | string>>;
}

/** The mark in the page → what is measured for it. */
export const EVALUATIONS: Readonly<Record<string, (measured: Measured) => Promise<Figure>>> = {
  model: describeModel,
  'zero-shot': measureZeroShot,
  'few-shot': measureFewShot,
  retrieval: measureRetrieval,
  multilingual: measureMultilingual,
  typographic: measureTypographic,
  gap: measureGap,
  loss: measureLoss,
  tokens: measureTokens,
  explain: explainExamples,
};

/** Pictures that these make. */
export const EVALUATION_PICTURES = ['attacks.png', 'explain.png', 'modality-gap.svg', 'token-lengths.svg'];

/** The first digits of the SHA-256 of the shipped model, as they stand in the page. */
export function modelDigest(): string {
  return createHash('sha256').update(readFileSync(MODEL)).digest('hex').slice(0, 12);
}

/** The model knows names, no sentences; and nobody looks at a report here. */
const NAMES = { templates: 'name-only', examples: 0 } as const;
/** As many as were trained on together, so that the losses can be compared. */
const TRAINED_BATCH = 128;
const SOME = 500;

async function describeModel({ model, emoji }: Measured): Promise<Figure> {
  const { width, depth, numHeads, imageSize } = resolveClippoConfig(model.config);
  const parameters = (countParameters(model.config) / 1e6).toFixed(1);
  return {
    markdown: `\`models/emoji.safetensors\`, SHA-256 \`${modelDigest()}…\`: width ${width}, depth ${depth}, ${numHeads} heads, ${parameters} million parameters, pictures of ${imageSize} × ${imageSize} px. **Known emoji** are ${emoji.common.length} common ones that it was trained on, **new emoji** the ${emoji.unseen.length} that every style has and no training saw.`,
  };
}

/** What is classified: the style, and which emoji. */
function classifications({ trainedStyles, unseenStyle, common, unseen }: EmojiSources) {
  return [
    { style: trainedStyles[0]!, what: 'known', codes: common }, // there are several styles
    { style: unseenStyle, what: 'known', codes: common },
    { style: unseenStyle, what: 'new', codes: unseen },
  ];
}

async function measureZeroShot({ model, emoji }: Measured): Promise<Figure> {
  const rows: string[][] = [];
  for (const { style, what, codes } of classifications(emoji)) {
    const result = await zeroShot({ model, source: emoji.labelled([style], codes), ...NAMES });
    rows.push([
      ...[styleName(style, emoji), `${codes.length} ${what}`],
      ...[shown(result, 'accuracy'), shown(result, 'accuracyTop5')],
      `${percent(1 / codes.length)}, ${percent(5 / codes.length)}`,
    ]);
  }
  return { markdown: table(['pictures', 'emoji', 'accuracy', 'top 5', 'chance'], rows) };
}

async function measureFewShot({ model, emoji }: Measured): Promise<Figure> {
  const rows: string[][] = [];
  for (const { style, what, codes } of classifications(emoji)) {
    if (style !== emoji.unseenStyle) continue; // the examples are of the others
    const test = emoji.labelled([style], codes);
    const train = emoji.labelled(emoji.trainedStyles, codes);
    const result = await fewShot({ model, train, test, shots: [1, 5], examples: 0 });
    rows.push([
      ...[styleName(style, emoji), `${codes.length} ${what}`],
      ...[shown(result, '1-shot'), shown(result, '5-shot'), percent(1 / codes.length)],
    ]);
  }
  return { markdown: table(['pictures', 'emoji', '1-shot', '5-shot', 'chance'], rows) };
}

async function measureRetrieval({ model, runtime, emoji }: Measured): Promise<Figure> {
  const rows: string[][] = [];
  for (const style of twoStyles(emoji)) {
    const result = await retrieval({ model, source: emoji.captioned(style), runtime, examples: 0 });
    const [pictures, captions] = [Number(result.settings.pictures), Number(result.settings.captions)];
    for (const [direction, arrow, right, all] of [
      ['textToImage', 'text → picture', 1, pictures],
      ['imageToText', 'picture → text', captions / pictures, captions],
    ] as const) {
      const chances = [1, 5, 10].map((k) => percent(chanceOf(k, right, all)));
      rows.push([
        ...[styleName(style, emoji), arrow, `${pictures} / ${captions}`],
        ...[1, 5, 10].map((k) => shown(result, `${direction}@${k}`)),
        chances.join(', '),
      ]);
    }
  }
  const head = ['pictures', 'asked', 'pictures / captions', 'R@1', 'R@5', 'R@10', 'chance'];
  return { markdown: table(head, rows) };
}

async function measureMultilingual({ model, runtime, emoji }: Measured): Promise<Figure> {
  const source = emoji.multilingual(emoji.unseenStyle, SOME);
  const result = await multilingualRetrieval({ model, source, runtime, examples: 0 });
  const languages = result.details as unknown as readonly LanguageRecall[]; // as multilingualRetrieval() lists them
  const rows = languages.map((each) => [
    ...[each.language, String(each.captions)],
    ...[each.textToImageFirst, each.imageToTextFirst, each.textToImage, each.imageToText].map(percent),
  ]);
  const means = ['textToImageFirst', 'imageToTextFirst', 'textToImage', 'imageToText'];
  rows.push(['**mean**', '', ...means.map((name) => shown(result, `${name}@1`))]);
  rows.push(['chance', '', ...means.map(() => percent(1 / SOME))]);
  const [there, back] = ['text → picture', 'picture → text'];
  const head = ['language', 'captions', `${there}, names only`, `${back}, names only`, there, back];
  return { markdown: table(head, rows) };
}

async function measureTypographic({ model, emoji }: Measured): Promise<Figure> {
  const [style = ''] = emoji.trainedStyles;
  const clean = emoji.labelled([style], emoji.common);
  const rows: string[][] = [];
  for (const [name, how] of Object.entries(ATTACKS)) {
    const result = await typographicAttack({ model, attacks: { clean, seed: 1, ...how }, ...NAMES });
    rows.push([
      name,
      ...['cleanAccuracy', 'attackedAccuracy', 'attackSuccessRate', 'drop'].map((each) =>
        shown(result, each),
      ),
      percent(1 / emoji.common.length),
    ]);
  }
  const head = ['the word', 'clean', 'attacked', 'taken for the word', 'drop', 'chance'];
  return {
    markdown: table(head, rows),
    pictures: { 'attacks.png': await drawAttacks(emoji, style, ATTACKS) },
  };
}

const ATTACKS = {
  'on a strip at the top': { placement: 'top' },
  'on a strip in the middle': { placement: 'middle' },
  'letters alone, anywhere': { placement: 'random', mode: 'overlay' },
} as const;

async function measureGap({ model, emoji }: Measured): Promise<Figure> {
  const rows: string[][] = [];
  let figure = '';
  for (const style of twoStyles(emoji)) {
    const result = await modalityGapOf({ model, source: emoji.captioned(style, SOME) });
    figure = figureIn(result);
    rows.push([
      ...[styleName(style, emoji), String(result.count), result.values.distance!.toFixed(3)],
      ...[shown(result, 'explained1'), shown(result, 'explained2')],
    ]);
  }
  const head = ['pictures', 'pairs', 'distance', 'variance along the first axis', 'along the second'];
  return { markdown: table(head, rows), pictures: { 'modality-gap.svg': figure } };
}

async function measureLoss({ model, emoji }: Measured): Promise<Figure> {
  const rows: string[][] = [];
  for (const style of twoStyles(emoji)) {
    const source = emoji.captioned(style);
    const result = await contrastiveValidation({ model, source, globalBatch: TRAINED_BATCH });
    rows.push([
      ...[styleName(style, emoji), String(result.count)],
      ...[shown(result, 'loss', (loss) => loss.toFixed(3)), Math.log(TRAINED_BATCH).toFixed(3)],
      ...[shown(result, 'ncorrect'), percent(1 / TRAINED_BATCH), result.values.temperature!.toFixed(1)],
    ]);
  }
  const head = ['pictures', 'pairs', 'loss', 'chance', 'find their text', 'chance', 'temperature'];
  return { markdown: table(head, rows) };
}

async function measureTokens({ model, emoji }: Measured): Promise<Figure> {
  const file = new URL('../../test/golden/sentencepiece/unigram-bytes.model', import.meta.url);
  const result = await tokenEfficiency({
    texts: emoji.namesByLanguage(),
    maxTexts: SOME,
    imageSize: model.config.imageSize,
    tokenizers: [
      { name: 'characters', count: (text) => Array.from(text).length },
      { name: 'bytes of UTF-8', count: (text) => new TextEncoder().encode(text).length },
      parseSentencePiece(readFileSync(file), { name: 'SentencePiece, 640 pieces' }),
    ],
  });
  const rows = result.means.map(({ mean, ratio, longerIn }, i) => [
    ...[result.methods[i]!, mean.toFixed(1), ratio.toFixed(2)],
    i === 0 ? '' : `${longerIn} of ${result.languages.length}`,
  ]);
  const head = [
    'method',
    'mean length of a name',
    'in units of CLIPPO’s',
    'languages in which CLIPPO is shorter',
  ];
  return {
    markdown: table(head, rows),
    pictures: { 'token-lengths.svg': tokenEfficiencyFigure(result) },
  };
}

async function explainExamples({ model, emoji }: Measured): Promise<Figure> {
  const { sheet, letters } = await drawExplanations(model, emoji);
  const characters = letters.map(({ character }) => (character === ' ' ? '␣' : character));
  const falls = letters.map(({ value }) => value.toFixed(3).replace('-', '−'));
  return { markdown: table(characters, [falls]), pictures: { 'explain.png': sheet } };
}

function twoStyles({ trainedStyles, unseenStyle }: EmojiSources): [string, string] {
  return [trainedStyles[0]!, unseenStyle]; // there are several
}

function styleName(style: string, { unseenStyle }: EmojiSources): string {
  return style === unseenStyle ? `${style}, never seen` : style;
}

/** The drawing in a report. */
function figureIn({ report }: Evaluation): string {
  const [figure] = /<svg [\s\S]*<\/svg>\n?/.exec(report) ?? [];
  if (figure === undefined) throw new Error('The report has no figure.');
  return figure;
}
