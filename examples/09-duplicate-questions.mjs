// Do two questions ask the same? Both are printed into one picture, as the pairs of GLUE are, and read together. Fine-tunes
// the model in the package at a larger size, so that both fit; tested on actions and things it has not met together.
// Run: node examples/09-duplicate-questions.mjs [--tiny]

import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, createRandom } from 'clippo-ts';
import { writePng } from 'clippo-ts/node';
import { classification } from 'clippo-ts/tasks';
import { createClassifier, finetune } from 'clippo-ts/train';
import { outputPath } from './output-path.mjs';

const tiny = process.argv.includes('--tiny');
const actions = ['buy', 'mend', 'wash', 'sell', 'paint', 'lose'];
const things = ['bike', 'house', 'dress', 'clock', 'phone', 'table', 'car', 'boat'];
const ways = ['how do i X?', 'how can one X?', 'what is it like to X?', 'where do you X?', 'why would i X?'];

const labels = ['different', 'same'];
const size = 96; // px: six lines of some thirteen letters
const task = classification({ labels, size, textBrightness: 0 });
const random = createRandom(1);
const isHeldOut = (action, thing) => (actions.indexOf(action) + things.indexOf(thing)) % 7 === 0;

const train = pairs(tiny ? 64 : 6000, (action, thing) => !isHeldOut(action, thing));
const dev = pairs(tiny ? 16 : 300, (action, thing) => !isHeldOut(action, thing));
const test = pairs(tiny ? 16 : 400, isHeldOut);
await writePng(outputPath('09-pair.png'), await train[0].input());
console.log(`${train.length} pairs to learn from; the first, ${train[0].target}: ${train[0].key}`);

const model = await ClippoModel.fromPretrained('emoji', { imageSize: size });
const classifier = createClassifier(model, { labels, head: [128] });
const { engine } = await finetune({
  ...{ classifier, train, dev, learningRate: 5e-4, epochs: tiny ? 1 : 10 },
  onEvaluation: ({ step, metric }) => console.log(`step ${step}: ${percent(metric)} % of dev`),
});
const { values, confusion } = await classifier.evaluate(test);
console.log(
  `computed by ${engine}; of actions and things it has not met together: ${percent(values.accuracy)} % right`,
);
for (const [i, row] of confusion.entries()) {
  console.log(`${labels[i]}: ${row.map((count, k) => `${count} taken for ${labels[k]}`).join(', ')}`);
}
classifier.dispose();
model.dispose();

/** Half of them ask the same in two ways. The others differ in the action or in the thing. */
function pairs(count, isWanted) {
  return Array.from({ length: count }, () => {
    const [action, thing] = drawCase(isWanted);
    const same = random.next() < 0.5;
    const other = same
      ? [action, thing]
      : random.next() < 0.5
        ? [pick(actions.filter((each) => each !== action)), thing]
        : [action, pick(things.filter((each) => each !== thing))];
    const texts = [ask(action, thing), ask(...other)];
    return {
      key: texts.join(' / '),
      target: labels[Number(same)],
      input: () => task.raster({ input: texts }), // drawn when it is needed
    };
  });
}

function drawCase(isWanted) {
  const drawn = [pick(actions), pick(things)];
  return isWanted(...drawn) ? drawn : drawCase(isWanted);
}

function ask(action, thing) {
  return pick(ways).replace('X', `${action} a ${thing}`);
}

function pick(list) {
  return list[random.integer(list.length)];
}

function percent(share) {
  return (100 * share).toFixed(0);
}
