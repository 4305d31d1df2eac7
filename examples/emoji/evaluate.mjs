// How well a model finds an emoji's picture by its name, and by words that were never a caption: `node
// examples/emoji/evaluate.mjs [MODEL] [--json FILE]`. Candidates are all emoji of one art style without skin tones; what
// counts is the rank of the best one that has the name or the keyword, ties against the model. Prints Markdown.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { ClippoModel } from 'clippo-ts';
import { nodeRuntime, readImage } from 'clippo-ts/node';
import { hasTone, isUnseen, loadArt, loadWords, STYLES, TRAINED_LANGUAGES, UNSEEN_STYLE } from './corpus.mjs';

const { values: options, positionals } = parseArgs({
  options: { json: { type: 'string' }, languages: { type: 'string' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
if (options.help) {
  console.log('node examples/emoji/evaluate.mjs [MODEL] [--languages en,de] [--json FILE]');
  process.exit(0);
}
const model =
  positionals[0] === undefined
    ? await ClippoModel.fromPretrained('emoji')
    : await ClippoModel.load(positionals[0]);
await model.compile(nodeRuntime());
const size = model.config.imageSize;
const languages = options.languages?.split(',') ?? TRAINED_LANGUAGES;
const english = loadWords('en');
const words = new Map(languages.map((language) => [language, loadWords(language)]));

/** Text → codes it stands for, with the texts' embeddings. */
async function encodeQueries(wanted) {
  const entries = [...wanted];
  const vectors = await model.encodeText(entries.map(([text]) => text));
  return { vectors, queries: entries.map(([, codes], place) => ({ codes, place })) };
}

const codes = [...english.keys()].filter((code) => !hasTone(code));
const queries = new Map();
for (const [language, ofLanguage] of words) {
  const names = codes
    .filter((code) => ofLanguage.has(code))
    .map((code) => [ofLanguage.get(code).name, [code]]);
  const bearers = new Map();
  for (const code of codes.filter((code) => !isUnseen(code))) {
    for (const word of ofLanguage.get(code)?.unseen ?? []) {
      bearers.set(word, [...(bearers.get(word) ?? []), code]);
    }
  }
  queries.set(language, { names: await encodeQueries(names), keywords: await encodeQueries(bearers) });
  console.error(`${language}: encoded`);
}

const results = [];
for (const style of [...STYLES, UNSEEN_STYLE]) {
  const art = [...loadArt(style, size)].filter(([code]) => english.has(code) && !hasTone(code));
  const pictures = [];
  for (const [, svg] of art) pictures.push(await readImage(new TextEncoder().encode(svg)));
  const vectors = await model.encodeImages(pictures);
  const place = new Map(art.map(([code], i) => [code, i]));

  const placesOf = ({ codes }) => codes.map((code) => place.get(code)).filter((i) => i !== undefined);
  /** Queries that have a picture here: their codes, how many pictures are right, and the rank of the best one. */
  const ranked = ({ vectors: texts, queries }) => {
    const scores = cosines(texts, vectors);
    return queries.flatMap((query) => {
      const right = new Set(placesOf(query));
      if (right.size === 0) return [];
      const row = scores.subarray(query.place * art.length, (query.place + 1) * art.length);
      const best = Math.max(...[...right].map((i) => row[i]));
      let rank = 1;
      for (let i = 0; i < row.length; i++) if (row[i] >= best && !right.has(i)) rank++;
      return [{ codes: query.codes, right: right.size, rank }];
    });
  };
  const recalls = (asked) => {
    const share = (k) => asked.filter(({ rank }) => rank <= k).length / asked.length;
    const chance = mean(asked, ({ right }) => chanceOf(10, right, art.length));
    return { queries: asked.length, r1: share(1), r5: share(5), r10: share(10), chance };
  };
  for (const [language, { names, keywords }] of queries) {
    const named = ranked(names);
    results.push({
      style,
      language,
      candidates: art.length,
      seen: recalls(named.filter(({ codes }) => !isUnseen(codes[0]))),
      unseen: recalls(named.filter(({ codes }) => isUnseen(codes[0]))),
      keywords: recalls(ranked(keywords)),
    });
  }
  console.error(`${style}: ${art.length} candidates, searched in ${languages.length} languages`);
}
model.dispose();

const percent = (share) => (100 * share).toFixed(1);
const trainedOf = (rows) => rows.filter(({ style }) => style !== UNSEEN_STYLE);
const unseenOf = (rows) => rows.filter(({ style }) => style === UNSEEN_STYLE);

console.log(
  '| art style | candidates | English name → picture, R@1 / R@5 / R@10 | emoji never seen, R@10 (chance) |',
);
console.log('| --- | --- | --- | --- |');
for (const { style, candidates, seen, unseen } of results.filter(({ language }) => language === 'en')) {
  const label = style === UNSEEN_STYLE ? `${style} (never seen)` : style;
  console.log(
    `| ${label} | ${candidates} | ${[seen.r1, seen.r5, seen.r10].map(percent).join(' / ')} | ${percent(unseen.r10)} (${percent(unseen.chance)}) |`,
  );
}
console.log(
  '\n| language | trained styles R@1 | R@5 | never seen style R@1 | R@5 | keywords never seen, R@10 (chance) |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
const perLanguage = languages.map((language) => {
  const rows = results.filter((row) => row.language === language);
  const [trained, held] = [trainedOf(rows), unseenOf(rows)];
  return [
    mean(trained, ({ seen }) => seen.r1),
    mean(trained, ({ seen }) => seen.r5),
    mean(held, ({ seen }) => seen.r1),
    mean(held, ({ seen }) => seen.r5),
    mean(trained, ({ keywords }) => keywords.r10),
    mean(trained, ({ keywords }) => keywords.chance),
  ];
});
const average = perLanguage[0].map((_, i) => mean(perLanguage, (figures) => figures[i]));
for (const [i, figures] of [...perLanguage, average].entries()) {
  const [keywords, chance] = figures.slice(4).map(percent);
  const cells = [languages[i] ?? '**mean**', ...figures.slice(0, 4).map(percent), `${keywords} (${chance})`];
  console.log(`| ${cells.join(' | ')} |`);
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);

/** Of every text with every picture, row by row. */
function cosines(texts, pictures) {
  if (texts.count === 0) return new Float32Array();
  const [a, b] = [texts, pictures].map(({ data, count, dim }) => tf.tensor2d(data, [count, dim]));
  const product = tf.matMul(a, b, false, true);
  const values = product.dataSync(); // not out of tf.tidy, which would look at every number
  tf.dispose([a, b, product]);
  return values;
}

function mean(rows, pick) {
  return rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
}

/** How likely `k` of `all`, drawn by chance, hold at least one of the `right` ones. */
function chanceOf(k, right, all) {
  let none = 1;
  for (let i = 0; i < k; i++) none *= (all - right - i) / (all - i);
  return 1 - none;
}
