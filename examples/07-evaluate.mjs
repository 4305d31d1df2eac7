// What does the model in the package know? Three evaluations of it on emoji art that it has never seen (Twemoji, CC BY
// 4.0): zero-shot classes, retrieval both ways, and whether it believes what is written on a picture. Each gives numbers
// with the interval they may lie in, and a page with the right and wrong examples.
// Run: node examples/07-evaluate.mjs [checkpoint]    needs npm packages of art and names: see examples/emoji/README.md

import { writeFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel } from 'clippo-ts';
import { retrieval, typographicAttack, zeroShot } from 'clippo-ts/eval';
import { nodeRuntime } from 'clippo-ts/node';
import { loadArt, loadWords } from './emoji/corpus.mjs';
import { outputPath } from './output-path.mjs';

const [checkpoint] = process.argv.slice(2);
const model = await (checkpoint ? ClippoModel.load(checkpoint) : ClippoModel.fromPretrained('emoji'));
await model.compile(nodeRuntime()); // ten times as fast as tfjs; leave it out, and nothing else changes

const names = loadWords('en');
const art = loadArt('twemoji', 128);
const animals =
  '🐶🐱🐭🐰🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🦆🦉🦇🐺🐗🐴🦄🐝🐛🦋🐌🐞🐢🐍🦎🐙🦀🐡🐬🐳🦈🐊🦓🦍🐘🦏🐫🦒🐃🐎🐑🐐🦌🐓🦃🦚🦜🦢🐇🦝🦨🦥🐿🦔';
const emoji = [...animals]
  .map((character) => character.codePointAt(0).toString(16))
  .filter((code) => art.has(code))
  .map((code) => ({ code, name: names.get(code).name, svg: new TextEncoder().encode(art.get(code)) }));

// Pictures of classes: one of each. A source says what there is, and loads when asked.
const classes = emoji.map(({ name }) => name);
const labelled = {
  name: 'animals of Twemoji',
  classes,
  async *references() {
    for (const [label, { code, svg }] of emoji.entries()) yield { key: code, label, load: async () => svg };
  },
};
// The same as pictures with captions.
const captioned = {
  name: labelled.name,
  async *references() {
    for (const { code, name, svg } of emoji) {
      const record = { kind: 'image-text', key: code, images: [svg], captions: [name] };
      yield { key: code, load: async () => record };
    }
  },
};

const prompts = { templates: 'name-only' }; // it was trained on bare names, not on "a photo of a …"
const results = [
  await zeroShot({ model, source: labelled, ...prompts }),
  await retrieval({ model, source: captioned, ks: [1, 5] }),
  await typographicAttack({ model, attacks: { clean: labelled, seed: 1 }, ...prompts }),
];
for (const { task, values, intervals, count, report } of results) {
  console.log(`${task}, ${count} pictures of ${classes.length} animals`);
  for (const [name, value] of Object.entries(values)) {
    const between =
      intervals[name] && ` (${percent(intervals[name].low)} to ${percent(intervals[name].high)})`;
    console.log(`  ${name}: ${percent(value)} %${between ?? ''}`);
  }
  const page = outputPath(`07-${task}.html`);
  writeFileSync(page, report);
  console.log(`  ${page}`);
}
model.dispose();

function percent(share) {
  return (100 * share).toFixed(0);
}
