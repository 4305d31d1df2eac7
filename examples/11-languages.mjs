// Which language is it, from pixels alone? Names and keywords of emoji in 32 languages and 17 scripts (Unicode CLDR),
// joined to short lists; an emoji is either learned from in all languages, or tested in all. Fine-tunes the model in the
// package, which knows twelve of them, at a larger size than it was trained at.
// Run: node examples/11-languages.mjs [--tiny]

import { writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, createRandom } from 'clippo-ts';
import { runFolder } from 'clippo-ts/node';
import { createClassifier, finetune } from 'clippo-ts/train';
import { hasTone, LANGUAGES, loadWords } from './emoji/corpus.mjs';
import { outputPath } from './output-path.mjs';

const tiny = process.argv.includes('--tiny');
const size = 96; // px: six lines

const random = createRandom(1);
const sets = { train: [], dev: [], test: [] };
for (const language of LANGUAGES) {
  for (const [code, { name, keywords, unseen }] of loadWords(language)) {
    if (hasTone(code)) continue;
    const share = createRandom(3, code).next(); // the same in every language
    const set = share < 0.05 ? 'test' : share < 0.1 ? 'dev' : 'train';
    const words = [name, ...keywords, ...unseen];
    const versions = set === 'train' ? 3 : 1; // learned from in several orders, lest it learn a list by heart
    for (let version = 0; version < versions; version++) {
      const order = createRandom(version, `${language} ${code}`).permutation(words.length);
      const inOrder = version === 0 ? words : Array.from(order, (i) => words[i]);
      const input = inOrder.join(', '); // what does not fit is cut off
      sets[set].push({ key: `${language} ${code} ${version}`, input, target: language, at: random.next() });
    }
  }
}
for (const set of Object.values(sets)) {
  set.sort((a, b) => a.at - b.at);
  if (tiny) set.splice(64);
}
const { train, dev, test } = sets;
console.log(`${train.length} texts to learn from, ${test.length} to test on, ${LANGUAGES.length} languages`);

const model = await ClippoModel.fromPretrained('emoji', { imageSize: size });
const classifier = createClassifier(model, { labels: LANGUAGES });
const { engine, report } = await finetune({
  ...{ classifier, train, dev: dev.slice(0, 1000) },
  ...{ learningRate: 1e-3, batchSize: tiny ? 16 : 64, steps: tiny ? 4 : 5000, evaluateEvery: 500 },
  ...(!tiny && { run: runFolder(outputPath('11-languages')) }), // may be interrupted; the same command goes on
  onEvaluation: ({ step, metric }) => console.log(`step ${step}: ${percent(metric)} % of dev`),
});
writeFileSync(outputPath('11-languages.html'), report);

const { values, labels, confusion } = await classifier.evaluate(test);
console.log(`computed by ${engine}; ${percent(values.accuracy)} % of test right, by pixels alone`);
const worst = labels.toSorted((a, b) => a.value - b.value).slice(0, 5);
for (const { label, value } of worst) {
  const row = confusion[LANGUAGES.indexOf(label)];
  const [taken] = LANGUAGES.filter((each) => each !== label).toSorted(
    (a, b) => row[LANGUAGES.indexOf(b)] - row[LANGUAGES.indexOf(a)],
  );
  console.log(`${label}: ${percent(value)} %, mostly taken for ${taken}`);
}
const asked = ['wie spät ist es?', '¿qué hora es?', 'che ora è?', 'hoe laat is het?', 'ile to kosztuje?'];
for (const [i, [first]] of (await classifier.predict(asked)).entries()) {
  console.log(`${asked[i]} ${first.label} (${percent(first.score)} %)`);
}
await classifier.save(outputPath('11-languages.safetensors'), { dtype: 'float16' });
classifier.dispose();
model.dispose();

function percent(share) {
  return (100 * share).toFixed(1);
}
