// The paper in small: `node examples/paper-in-small/run.mjs [--tiny] [--only MODEL,…] [--page]`. Trains every model of
// plan.mjs with every seed, measures each, and writes docs/paper-in-small.md from what it kept in out/. It may be ended at
// any moment; the same command goes on. --only trains some models (clip) or single runs (clip-2), --page writes the page from
// what is there.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-wasm';
import { tokenEfficiency } from 'clippo-ts/eval';
import { trainTokenizer } from 'clippo-ts/train';
import { captionsOf, loadCorpus } from './corpus.mjs';
import { measureRun } from './measure-run.mjs';
import { FULL, runsOf, TINY } from './plan.mjs';
import { trainRun } from './train-run.mjs';
import { answerQuestions, guessAnswers } from './visual-questions.mjs';
import { writePage } from './write-page.mjs';

const { values: flags } = parseArgs({
  options: { tiny: { type: 'boolean' }, only: { type: 'string' }, page: { type: 'boolean' } },
});
const plan = flags.tiny ? TINY : FULL;
const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const out = at(join('out', plan.folder));
mkdirSync(out, { recursive: true });
const only = flags.only?.split(',');
const runs = runsOf(plan).filter(
  ({ name, key }) => only === undefined || only.includes(name) || only.includes(key),
);
if (!flags.page) await trainAndMeasure(await loadCorpus(plan));

const kept = runsOf(plan).flatMap((run) => {
  const file = join(out, run.key, 'result.json');
  return existsSync(file) ? [{ ...run, result: readJson(file) }] : [];
});
if (kept.length === 0) throw new Error('Nothing is trained yet. Run it without --page.');
const page = flags.tiny ? join(out, 'paper-in-small.md') : at('docs/paper-in-small.md');
const tokens = await keep(join(out, 'tokens.json'), async () => measureTokens(await loadCorpus(plan)));
const guesses = await keep(join(out, 'guesses.json'), () => guessAnswers(plan.vqa));
writePage(page, plan, kept, { tokens, guesses });
console.log(`${page}: ${kept.length} of ${runsOf(plan).length} runs`);

async function trainAndMeasure(corpus) {
  console.log(
    `${corpus.codes.length} emoji, ${corpus.tokenizer.vocabulary} pieces of words, ${runs.length} runs`,
  );
  for (const run of runs) {
    const folder = join(out, run.key);
    const file = await trainRun(plan, run, corpus, folder);
    const figures = await keep(join(folder, 'figures.json'), () => measureRun(file, corpus));
    const answered = {};
    for (const placement of run.vqa ?? []) {
      const answers = () => answerQuestions(file, plan.vqa, placement, run.seed);
      answered[placement] = await keep(join(folder, `vqa-${placement}.json`), answers);
    }
    const result = { ...figures, vqa: answered };
    await keep(join(folder, 'result.json'), async () => result);
    console.log(`${run.key}: ${(100 * result.zeroShot).toFixed(1)} % named right`);
  }
}

/** How long texts are as patches and as tokens: those of the models, and of a tokenizer that knows English alone. */
function measureTokens({ words, codes, languages, tokenizer }) {
  const captions = (language) => codes.flatMap((code) => captionsOf(words, code, language));
  const { vocabulary } = plan;
  const options = { vocabulary, name: 'BPE, English', byteFallback: true }; // as other languages are bytes to it
  const english = trainTokenizer(captions('en'), options);
  return tokenEfficiency({
    texts: Object.fromEntries(languages.map((language) => [language, captions(language)])),
    tokenizers: [{ ...tokenizer, name: 'BPE, all languages' }, english],
    ...{ maxTexts: plan.tokenTexts, imageSize: plan.size },
  });
}

/** What is in the file; computes what is not there yet. */
async function keep(file, compute) {
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, `${JSON.stringify(await compute(), null, 1)}\n`);
    renameSync(`${file}.new`, file); // whole, or not there
  }
  return readJson(file);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
