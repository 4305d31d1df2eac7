// Which group of Unicode an emoji is of: "Food & Drink", "Animals & Nature" … A head learns it in seconds from pictures
// in the art styles that the model in the package knows, and is asked about an art style that no training saw (Twemoji,
// CC BY 4.0), and, having seen no text at all, about the drawn English names: it is one network for both. The model has
// been told the groups of its own pictures in training. Every picture is learned from several times, changed a little
// each time, since it is new styles that the head has to stand.
// Run: node examples/10-emoji-category.mjs [--tiny]

import { writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { augment, ClippoModel, createRandom, resolveAugmentOptions } from 'clippo-ts';
import { nodeRuntime, readImage } from 'clippo-ts/node';
import { createClassifier } from 'clippo-ts/train';
import { hasTone, loadArt, loadGroups, loadWords, STYLES, UNSEEN_STYLE } from './emoji/corpus.mjs';
import { outputPath } from './output-path.mjs';

const tiny = process.argv.includes('--tiny');
const groups = loadGroups();
const labels = [...new Set(groups.values())].sort();
const names = loadWords('en');

const model = await ClippoModel.fromPretrained('emoji');
await model.compile(nodeRuntime());
const classifier = createClassifier(model, { labels });

const changes = resolveAugmentOptions('10-emoji-category', {
  ...{ rotate: 8, scale: [0.85, 1.1], stretch: 1.07, shift: 0.05, brightness: 0.1, contrast: 0.2 },
  ...{ saturation: 0.4, hue: 20, grey: 0.15, blur: 0.2, background: 0.15 },
});
const rounds = tiny ? [0] : [1, 2, 3, 4]; // 0: as they are
const styles = tiny ? ['noto'] : STYLES;
const train = rounds.flatMap((round) => styles.flatMap((style) => pictures(style, round)));
const { best } = await classifier.fit(train, { learningRate: 1e-3, epochs: 10 });
console.log(`learned from ${train.length} pictures in ${best.step} steps`);

const unseen = pictures(UNSEEN_STYLE, 0);
await tell(`${UNSEEN_STYLE}, a style never seen`, unseen);
await tell(
  'English names, drawn',
  unseen.map(({ code, target }) => ({ input: names.get(code).name, target })),
);

const words = ['strawberry', 'крокодил', 'Flugzeug'];
for (const [i, [first]] of (await classifier.predict(words)).entries()) {
  console.log(`${words[i]}: ${first.label} (${percent(first.score)} %)`);
}
const file = outputPath('10-emoji-category.safetensors');
await classifier.save(file, { base: 'reference' }); // the head alone: some kilobytes
writeFileSync(outputPath('10-emoji-category.md'), classifier.card());
console.log(file);
classifier.dispose();
model.dispose();

async function tell(what, examples) {
  const { values, labels: each } = await classifier.evaluate(examples);
  const [worst] = each.toSorted((a, b) => a.value - b.value);
  console.log(`${what}: ${percent(values.accuracy)} % right; of ${worst.label} ${percent(worst.value)} %`);
}

/** Every picture of a style with its group, without skin tones; changed in another way every round. */
function pictures(style, round) {
  const art = [...loadArt(style, model.config.imageSize)];
  const known = art.filter(([code]) => groups.has(code) && names.has(code) && !hasTone(code));
  return known.map(([code, svg]) => ({
    ...{ key: `${style}/${code}`, code, target: groups.get(code) },
    // Decoded when it is needed.
    async input() {
      const picture = await readImage(new TextEncoder().encode(svg));
      return round === 0 ? picture : augment(picture, changes, createRandom(round, code));
    },
  }));
}

function percent(share) {
  return (100 * share).toFixed(1);
}
