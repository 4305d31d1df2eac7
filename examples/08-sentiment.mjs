// Is what is written kind? Fine-tunes the model in the package, head and network, on short reviews, each of them a
// picture of letters. Tested on things it has never read about, and on "not", which turns a sentence around.
// Run: node examples/08-sentiment.mjs [--tiny]

import { writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel } from 'clippo-ts';
import { createClassifier, finetune } from 'clippo-ts/train';
import { outputPath } from './output-path.mjs';

const tiny = process.argv.includes('--tiny');
const words = {
  kind: 'wonderful lovely great brilliant charming superb touching funny clever moving'.split(' '),
  unkind: 'awful dull boring terrible weak stupid tedious clumsy ugly silly'.split(' '),
};
const things = ['film', 'plot', 'story', 'cast', 'music', 'start', 'book', 'play'];
const thingsOfTest = ['ending', 'script', 'song'];

const train = reviews(things);
const dev = reviews(['scene']);
const test = reviews(thingsOfTest);
console.log(`${train.length} reviews to learn from, such as "${train[0].input}" (${train[0].target})`);

const model = await ClippoModel.fromPretrained('emoji');
const classifier = createClassifier(model, { labels: Object.keys(words), head: [64] });
const { best, report, engine } = await finetune({
  ...{ classifier, train, dev },
  ...{ learningRate: 5e-4, epochs: tiny ? 1 : 12, patience: 4 },
  onEvaluation: ({ step, metric }) => console.log(`step ${step}: ${percent(metric)} % of dev`),
});
console.log(
  `computed by ${engine}; the best of ${best.evaluations.length} looks was at step ${best.best.step}`,
);

const { values } = await classifier.evaluate(test);
const negated = test.filter(({ input }) => input.includes(' not '));
const { values: ofNegated } = await classifier.evaluate(negated);
console.log(
  `of other things: ${percent(values.accuracy)} % right, with "not" ${percent(ofNegated.accuracy)} %`,
);

const asked = ['a lovely ending', 'the song was not funny', 'the script was clumsy'];
for (const [i, [first]] of (await classifier.predict(asked)).entries()) {
  console.log(`${asked[i]}: ${first.label} (${percent(first.score)} %)`);
}
writeFileSync(outputPath('08-sentiment.html'), report); // curves, confusion, the worst mistakes as pictures
await classifier.save(outputPath('08-sentiment.safetensors'), { dtype: 'float16' });
classifier.dispose();
model.dispose();

/** All that can be said of these things. */
function reviews(ofWhat) {
  return ofWhat.flatMap((thing) =>
    Object.entries(words).flatMap(([target, list]) =>
      list.flatMap((word) => [
        { input: `a ${word} ${thing}`, target },
        { input: `the ${thing} was ${word}`, target },
        { input: `${word}, that ${thing}!`, target },
        { input: `the ${thing} was not ${word}`, target: target === 'kind' ? 'unkind' : 'kind' },
      ]),
    ),
  );
}

function percent(share) {
  return (100 * share).toFixed(0);
}
