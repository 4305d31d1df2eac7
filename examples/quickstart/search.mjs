// The first minute with clippo-ts: the small model of the package searches all emoji with words in several languages, and
// tells what pictures in a style it has never seen show. `node search.mjs "red heart" 老虎` searches for other words.
// No network, no training; out/quickstart.html shows what it found.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel, createRenderer, topK } from 'clippo-ts';
import { nodeRuntime } from 'clippo-ts/node';
import { loadEmoji } from './emoji.mjs';
import { escapeHtml, htmlPage, picture, searchRow } from './page.mjs';

const QUERIES = [
  ...[
    ['hot beverage', 'English'],
    ['sunflower', 'English'],
    ['Katze', 'German'],
    ['Schlüssel', 'German'],
    ['arc-en-ciel', 'French'],
    ['corazón rojo', 'Spanish'],
    ['ракета', 'Russian'],
    ['花', 'Japanese'],
    ['老虎', 'Chinese'],
    ['기차', 'Korean'],
    ['موز', 'Arabic'],
    ['ήλιος', 'Greek'],
  ],
];
const asked = process.argv.slice(2);
const queries = asked.length > 0 ? asked.map((query) => [query, '']) : QUERIES;
const LABELS = ['cat', 'dog', 'pizza', 'bicycle', 'guitar', 'umbrella', 'house', 'rocket', 'tree', 'clock'];
const SHOWN = ['1f415', '1f355', '1f6b2', '1f3b8', '1f680', '1f333']; // a dog, a pizza, a bicycle, …

const started = performance.now();
const model = await ClippoModel.fromPretrained('emoji');
if (process.env.QUICKSTART_ENGINE !== 'tfjs') await compileIfInstalled();
const { imageSize } = model.config;
const emoji = await loadEmoji('noto', imageSize);
const pictures = await model.encodeImages(emoji.map(({ picture }) => picture));
const words = await model.encodeText(queries.map(([query]) => query));
const searches = queries.map(([query, language], i) => ({
  query,
  language,
  hits: topK(words.row(i), pictures, 6).map(({ index, score }) => ({ emoji: emoji[index], score })),
}));
console.log(`${emoji.length} emoji searched by ${model.engine}:\n`);
for (const { query, language, hits } of searches) {
  const found = hits.slice(0, 4).map(({ emoji: { character, name } }) => `${character} ${name}`);
  console.log(`  ${query}${language && ` (${language})`} → ${found.join(', ')}`);
}

const unseen = (await loadEmoji('twemoji', imageSize)).filter(({ code }) => SHOWN.includes(code));
const guesses = await model.classify(
  unseen.map(({ picture }) => picture),
  LABELS,
);
console.log('\nTwemoji, a style that no training saw, as one of', `${LABELS.join(', ')}:\n`);
unseen.forEach(({ character }, i) => {
  const [best, second] = guesses[i];
  console.log(
    `  ${character} ${best.label} ${percent(best.score)}, ${second.label} ${percent(second.score)}`,
  );
});
model.dispose();
const seconds = ((performance.now() - started) / 1000).toFixed(1);

const out = process.env.QUICKSTART_OUT ?? fileURLToPath(new URL('../../out', import.meta.url));
mkdirSync(out, { recursive: true });
const path = join(out, 'quickstart.html');
writeFileSync(path, await resultPage());
console.log(`\nAll of it took ${seconds} s. Open ${pathToFileURL(path)}`);

async function resultPage() {
  const renderer = await createRenderer({ size: { width: imageSize, height: 32 } });
  const rows = searches.map(({ query, language, hits }) =>
    searchRow({ query, note: language, drawn: renderer.render(query), hits }),
  );
  const guessed = unseen.map((one, i) => {
    const bars = guesses[i]
      .slice(0, 3)
      .map(
        ({ label, score }) =>
          `<div class="guess"><span>${escapeHtml(label)}</span><div class="bar" style="width: ${(100 * score).toFixed(0)}%"></div>${percent(score)}</div>`,
      );
    return `<div class="search guesses">${picture(one)}<div>${bars.join('')}</div></div>`;
  });
  return htmlPage(
    'clippo-ts quickstart',
    `<h1>One network reads words and pictures</h1>
<p class="soft">Every word is drawn as a picture first; the same Vision Transformer then reads both. The model travels in the
package; searching took ${seconds} seconds on this machine's CPU, reading ${emoji.length} pictures included.</p>
<h2>What it finds among all emoji</h2>
<p>On the left the query as the model sees it. Its number is the cosine of the two vectors.</p>
${rows.join('\n')}
<h2>What it takes pictures for that look like none it has seen</h2>
<p>Twemoji was held out of the training. Ten labels to choose from: ${escapeHtml(LABELS.join(', '))}.</p>
${guessed.join('\n')}
<p class="soft">Pictures: Noto Emoji, Google, Apache-2.0; Twemoji, Twitter and others, CC BY 4.0. Letters: GNU Unifont, SIL OFL 1.1.</p>`,
  );
}

/** Ten times as fast where onnxruntime-node is installed; tfjs does it elsewhere. */
async function compileIfInstalled() {
  try {
    await model.compile(nodeRuntime());
  } catch (error) {
    if (error.code !== 'BACKEND') throw error;
  }
}

function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}
