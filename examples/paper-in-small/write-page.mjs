// What was kept of all runs → docs/paper-in-small.md and its figures. No number on the page is typed: those of ours are
// means over the seeds with their spread, those of the paper stand in plan.mjs with where they come from.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { modalityGapFigure, tokenEfficiencyFigure, tokenEfficiencyTable } from 'clippo-ts/eval';
import { barFigure } from './figures.mjs';
import { CLAIMS, MODELS, PAPER } from './plan.mjs';

/** Spread: the standard deviation over the seeds, of n − 1. */
function statistic(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    spread: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
    count: values.length,
  };
}

/** @param facts - how long texts are as tokens, and what questions come to without looking */
export function writePage(file, plan, kept, { tokens, guesses }) {
  const pictures = join(dirname(file), 'images', 'paper-in-small');
  mkdirSync(pictures, { recursive: true });
  const resultsOf = (name) => kept.filter((run) => run.name === name).map(({ result }) => result);
  /** @param metric - a field of a result, or a path such as 'vqa.top.overall' */
  const figure = (name, metric) => {
    const values = resultsOf(name)
      .map((result) => metric.split('.').reduce((value, field) => value?.[field], result))
      .filter((value) => value !== undefined);
    return values.length === 0 ? undefined : statistic(values);
  };
  const percent = (name, metric) => told(figure(name, metric), 100, 1);
  const titleOf = (name) => MODELS.find((model) => model.name === name).title;
  const draw = (name, svg, alt) => {
    writeFileSync(join(pictures, `${name}.svg`), svg);
    return `![${alt}](images/paper-in-small/${name}.svg)`;
  };
  const bars = (title, entries) =>
    barFigure(
      title,
      entries.flatMap(([label, value]) => (value === undefined ? [] : [{ label, ...value }])),
    );
  const paper = (name, field) => PAPER[name]?.[field] ?? '–';

  const table1 = table(
    [
      'model',
      'parameters',
      'picture of a style never seen → name',
      '10 pictures a group',
      'picture → name',
      'name → picture',
      'paper: parameters',
      '0-shot',
      'COCO I→T',
    ],
    ['clip', '1t-clip', 'clippo', 'clippo-25', 'clippo-50'].map((name) => [
      titleOf(name),
      ...[(figure(name, 'parameters')?.mean ?? 0).toLocaleString('en')],
      ...['zeroShot', 'tenShot', 'imageToText', 'textToImage'].map((metric) => percent(name, metric)),
      ...['parameters', 'zeroShot', 'imageToText'].map((field) => paper(name, field)),
    ]),
  );
  const languageRow = (name) =>
    ['sts', 'languageId', 'category', 'language'].map((metric) => percent(name, metric));
  const languageHead = [
    'model',
    'name and keyword of one emoji (Spearman · 100)',
    'which language',
    'group from the name',
    'mean',
  ];
  const languageTable = (names) =>
    table(
      [...languageHead, 'paper: GLUE'],
      names.map((name) => [titleOf(name), ...languageRow(name), paper(name, 'glue')]),
    );
  const table9 = table(
    ['model', 'parameters', 'picture of a style never seen → name', 'name → picture'],
    ['clippo', 'own-embedding', 'own-head'].map((name) => [
      titleOf(name),
      (figure(name, 'parameters')?.mean ?? 0).toLocaleString('en'),
      ...['zeroShot', 'textToImage'].map((metric) => percent(name, metric)),
    ]),
  );
  const table10 = table(
    ['where the question stands', 'answered right'],
    ['top', 'middle', 'bottom'].map((place) => [place, percent('clippo', `vqa.${place}.overall`)]),
  );
  const table11 = table(
    [
      'model',
      'without',
      'a: with a wrong name on a strip',
      'taken for it',
      'b: drawn over the middle',
      'taken for it',
    ],
    ['clippo', 'clip', '1t-clip'].map((name) => [
      titleOf(name),
      ...['zeroShot', 'attackedStrip', 'misledStrip', 'attackedOverlay', 'misledOverlay'].map((metric) =>
        percent(name, metric),
      ),
    ]),
  );
  const gaps = ['clip', 'clippo', 'clippo-25'].map((name) => {
    const first = resultsOf(name)[0]?.scatter;
    const scatter = first && modalityGapFigure(asGap(first), { title: titleOf(name) });
    return [
      titleOf(name),
      told(figure(name, 'gap'), 1, 3),
      paper(name, 'gap'),
      scatter && draw(`gap-${name}`, scatter, `Pictures and texts of ${titleOf(name)}`),
    ];
  });
  const withVqa = ['clippo', 'clip', '1t-clip', 'clippo-25'];
  const figure2 = draw(
    'figure-2',
    bars(
      'Questions answered right, %',
      withVqa.map((name) => [titleOf(name), figure(name, 'vqa.top.overall')]),
    ),
    'Questions answered right by four models',
  );
  const asked = Object.keys(guesses.kinds).sort();
  const figure2Table = table(
    ['model', ...asked, 'all'],
    [
      ...withVqa.map((name) => [
        titleOf(name),
        ...[...asked.map((kind) => `kinds.${kind}`), 'overall'].map((of) => percent(name, `vqa.top.${of}`)),
      ]),
      [
        'the most frequent answer to the question',
        ...[...asked.map((kind) => guesses.kinds[kind]), guesses.overall].map((value) =>
          told(statistic([value]), 100, 1),
        ),
      ],
    ],
  );
  const figure3 = draw(
    'figure-3',
    tokenEfficiencyFigure(tokens),
    'Length of texts in patches and in tokens by language',
  );
  const perLanguage = ['clippo', '1t-clip', 'clip'].flatMap((name) =>
    plan.languages.map((language) => [
      `${titleOf(name)}, ${language}`,
      figure(name, `perLanguage.${language}`),
    ]),
  );
  const figure4 = draw(
    'figure-4',
    bars('Names and pictures that find each other among the first five, %', perLanguage),
    'Recall by language',
  );

  const seeds = plan.seeds.length;
  const reading =
    plan.reading === undefined
      ? ''
      : `\n${readFileSync(new URL(plan.reading, import.meta.url), 'utf8').trim()}\n`;
  writeFileSync(
    file,
    `<!-- Written by examples/paper-in-small/write-page.mjs. Change the plan or the writer, not this page. -->

# The paper in small

The comparisons of the CLIPPO paper, made again on emoji art and their names by \`node examples/paper-in-small/run.mjs\`: ${kept.length} of ${MODELS.length * seeds} runs, ${seeds}
seeds a model, each of ${plan.stages.map(({ name, steps }) => `${steps} steps ${name}`).join(', then ')}, ${plan.batchSize} pairs a step, pictures of ${plan.size} px, a network of width
${plan.shape.width} and depth ${plan.shape.depth}. All models see as many pairs in the same order of seeds; what differs is the line they stand in. Numbers are means over the seeds ± standard deviation, in
percent unless said otherwise. The paper's numbers are second-hand, retyped by a reviewer, and stand for the order of models, not for a level that could be reached here: its
networks are far larger, and its data are the web.

## What agrees

A difference counts when it is larger than the spreads of both together.

${table(
  ['the paper', 'where', 'here'],
  CLAIMS.map((claim) => [claim.says, claim.where, verdict(claim, figure)]),
)}
${reading}
## Table 1: parameters, pictures and words

${table1}

## Table 2: language

Three tasks that can be made offline, in place of GLUE; a linear head on frozen vectors of texts, but for the first.

${languageTable(['clippo', 'clippo-25', 'clippo-50', 'clip', '1t-clip'])}

## Table 3: text alone

Trained on pairs of texts and no picture. In place of WMT, back-translations and neighbouring sentences: an emoji's name in two languages, its name with two keywords in two wordings,
its name and one of its keywords. The paper's number is that of neighbouring sentences of C4.

${languageTable(['text-parallel', 'text-paraphrase', 'text-neighbours'])}

## Figure 2: questions about pictures

Scenes of one to three emoji; the question is drawn on the picture, and all of the picture's tower is fine-tuned. The paper has, at 224 px: CLIP* ${paper('clip', 'vqa')}, CLIPPO ${paper('clippo', 'vqa')}, with 25 % text/text ${paper('clippo-25', 'vqa')}.

${figure2}

${figure2Table}

## Table 10: where the question stands

${table10}

## Figure 3: how long texts become

${figure3}

${tokenEfficiencyTable(tokens).trim()}

## Figure 4: languages

${figure4}

## Table 9: weights of one's own

${table9}

## Table 11: writing on pictures

The published photographs with notes on them are not here, so a is the same writing on a strip of its own.

${table11}

## Figure 5: the gap between pictures and texts

${table(
  ['model', 'distance of the centres', 'paper'],
  gaps.map((row) => row.slice(0, 3)),
)}

${gaps
  .map(([, , , scatter]) => scatter ?? '')
  .join('\n\n')
  .trim()}
`,
  );
}

/** `60.1 ± 0.4` */
function told(figure, factor, digits) {
  if (figure === undefined) return '–';
  const { mean, spread, count } = figure;
  const number = (value) => (factor * value).toFixed(digits);
  return count > 1 ? `${number(mean)} ± ${number(spread)}` : number(mean);
}

function verdict({ metric, against = metric, first, second, larger }, figure) {
  const [a, b] = [figure(first, metric), figure(second, against)];
  if (a === undefined || b === undefined) return 'not trained yet';
  const [difference, doubt] = [a.mean - b.mean, a.spread + b.spread];
  const numbers =
    metric === 'gap'
      ? `${a.mean.toFixed(3)} against ${b.mean.toFixed(3)}`
      : `${(100 * a.mean).toFixed(1)} against ${(100 * b.mean).toFixed(1)}`;
  if (Math.abs(difference) <= doubt)
    return `${larger ? 'cannot be told' : 'agrees'}: ${numbers}, within the spread`;
  if (larger) return `${difference > 0 ? 'agrees' : '**does not agree**'}: ${numbers}`;
  return `${difference > 0 ? '**does not agree**' : 'agrees, it is even less'}: ${numbers}`;
}

function asGap({ distance, explained, a, b }) {
  return {
    distance,
    pca: { components: new Float64Array(0), explained, a: Float64Array.from(a), b: Float64Array.from(b) },
  };
}

function table([head, ...rest], rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const all = [head, ...rest];
  return [line(all), line(all.map(() => '---')), ...rows.map(line)].join('\n');
}
