// How well a model finds an emoji's picture by its name: `node examples/emoji/evaluate.mjs [MODEL] [--json FILE]`.
// Candidates are all emoji of one art style without skin tones; ranks count ties against the model. Prints Markdown.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel } from 'clippo-ts';
import { nodeRuntime, readImage } from 'clippo-ts/node';
import { hasTone, isUnseen, LANGUAGES, loadArt, loadWords, STYLES, UNSEEN_STYLE } from './corpus.mjs';

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
const languages = options.languages?.split(',') ?? LANGUAGES;
const english = loadWords('en');
const words = new Map(languages.map((language) => [language, loadWords(language)]));

/** Embeddings of a text a code, for those codes that have one. */
async function encodeTexts(textOf, codes) {
  const entries = codes.flatMap((code) => [textOf(code)].flat().map((text) => ({ code, text })));
  const kept = entries.filter(({ text }) => text !== undefined);
  if (kept.length === 0) return [];
  const embeddings = await model.encodeText(kept.map(({ text }) => text));
  return kept.map(({ code }, i) => ({ code, vector: embeddings.row(i) }));
}

const codes = [...english.keys()].filter((code) => !hasTone(code));
const queries = new Map();
for (const [language, ofLanguage] of words) {
  queries.set(language, {
    names: await encodeTexts((code) => ofLanguage.get(code)?.name, codes),
    keywords: await encodeTexts((code) => ofLanguage.get(code)?.unseen ?? [], codes),
  });
  console.error(`${language}: encoded`);
}

const results = [];
for (const style of [...STYLES, UNSEEN_STYLE]) {
  const art = [...loadArt(style, size)].filter(([code]) => english.has(code) && !hasTone(code));
  const pictures = [];
  for (const [, svg] of art) pictures.push(await readImage(new TextEncoder().encode(svg)));
  const vectors = await model.encodeImages(pictures);
  const place = new Map(art.map(([code], i) => [code, i]));

  const rankOf = ({ code, vector }) => {
    const own = dot(vectors.row(place.get(code)), vector);
    let better = 0;
    for (let i = 0; i < art.length; i++) {
      if (i !== place.get(code) && dot(vectors.row(i), vector) >= own) better++;
    }
    return better + 1;
  };
  const recalls = (list) => {
    const ranks = list.filter(({ code }) => place.has(code)).map(rankOf);
    const share = (k) => ranks.filter((rank) => rank <= k).length / ranks.length;
    return { queries: ranks.length, r1: share(1), r5: share(5), r10: share(10) };
  };
  for (const [language, { names, keywords }] of queries) {
    results.push({
      style,
      language,
      candidates: art.length,
      seen: recalls(names.filter(({ code }) => !isUnseen(code))),
      unseen: recalls(names.filter(({ code }) => isUnseen(code))),
      keywords: recalls(keywords.filter(({ code }) => !isUnseen(code))),
    });
  }
  console.error(`${style}: ${art.length} candidates, searched in ${languages.length} languages`);
}
model.dispose();

const percent = (share) => (100 * share).toFixed(1);
const mean = (rows, pick) => rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
const trainedOf = (rows) => rows.filter(({ style }) => style !== UNSEEN_STYLE);
const unseenOf = (rows) => rows.filter(({ style }) => style === UNSEEN_STYLE);

console.log(
  '| art style | candidates | English name → picture, R@1 / R@5 / R@10 | emoji never seen, R@10 (chance) |',
);
console.log('| --- | --- | --- | --- |');
for (const { style, candidates, seen, unseen } of results.filter(({ language }) => language === 'en')) {
  const label = style === UNSEEN_STYLE ? `${style} (never seen)` : style;
  console.log(
    `| ${label} | ${candidates} | ${[seen.r1, seen.r5, seen.r10].map(percent).join(' / ')} | ${percent(unseen.r10)} (${percent(10 / candidates)}) |`,
  );
}
console.log(
  '\n| language | trained styles R@1 | R@5 | never seen style R@1 | R@5 | keywords never seen, R@10 (chance) |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const language of languages) {
  const rows = results.filter((row) => row.language === language);
  const [trained, held] = [trainedOf(rows), unseenOf(rows)];
  const figures = [
    mean(trained, ({ seen }) => seen.r1),
    mean(trained, ({ seen }) => seen.r5),
    mean(held, ({ seen }) => seen.r1),
    mean(held, ({ seen }) => seen.r5),
  ].map(percent);
  const keywords = `${percent(mean(trained, (row) => row.keywords.r10))} (${percent(mean(trained, (row) => 10 / row.candidates))})`;
  console.log(`| ${language} | ${figures.join(' | ')} | ${keywords} |`);
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
