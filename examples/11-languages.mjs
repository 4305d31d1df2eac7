// Which language is it, from pixels alone? Names and keywords of emoji in 32 languages and 17 scripts (Unicode CLDR):
// the words of two emoji, in any order, as many as fit on the picture. An emoji is either learned from in all languages, or
// tested in all. Fine-tunes the model in the package, which knows twelve of them, at a larger size than it was trained at.
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

const [train, dev, test] = ['train', 'dev', 'test'].map((set) => LANGUAGES.flatMap((l) => texts(l, set)));
console.log(`${train.length} texts to learn from, ${test.length} to test on, ${LANGUAGES.length} languages`);

const model = await ClippoModel.fromPretrained('emoji', { imageSize: size });
const classifier = createClassifier(model, { labels: LANGUAGES });
const { engine, report } = await finetune({
  ...{ classifier, train, dev },
  ...{ learningRate: 1e-3, batchSize: tiny ? 16 : 64, steps: tiny ? 4 : 3000, evaluateEvery: 500 },
  ...(!tiny && { run: runFolder(outputPath('11-languages')) }), // may be interrupted; the same command goes on
  onEvaluation: ({ step, metric }) => console.log(`step ${step}: ${percent(metric)} % of dev`),
});
writeFileSync(outputPath('11-languages.html'), report);

const { values, labels, confusion } = await classifier.evaluate(test);
console.log(`computed by ${engine}; ${percent(values.accuracy)} % of test right, by pixels alone`);
const { values: ofOne } = await classifier.evaluate(LANGUAGES.flatMap((l) => texts(l, 'test', 'alone')));
console.log(`${percent(ofOne.accuracy)} % from the words of one emoji alone`);
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

function texts(language, set, alone = false) {
  const lists = [...loadWords(language)]
    .filter(([code]) => !hasTone(code) && setOf(code) === set)
    .map(([, { name, keywords, unseen }]) => [name, ...keywords, ...unseen]);
  const versions = set === 'train' ? 4 : 1; // learned from in several ways, lest it learn texts by heart
  return lists.slice(0, tiny ? 2 : undefined).flatMap((list, i) => {
    return Array.from({ length: versions }, (_, version) => {
      const key = `${language} ${i} ${version}`;
      const random = createRandom(version, key);
      const words = alone ? list : [...list, ...lists[random.integer(lists.length)]];
      const input = Array.from(random.permutation(words.length), (k) => words[k]).join(', ');
      return { key, input, target: language };
    });
  });
}

/** The same in every language. */
function setOf(code) {
  const share = createRandom(3, code).next();
  return share < 0.05 ? 'test' : share < 0.1 ? 'dev' : 'train';
}

function percent(share) {
  return (100 * share).toFixed(1);
}
