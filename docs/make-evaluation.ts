// Makes every figure and picture of docs/evaluation.md, from the emoji corpus and the shipped model:
//
//   npm run build && npx tsx docs/make-evaluation.ts            all of them
//   npx tsx docs/make-evaluation.ts retrieval gap               some, by the marks in the page
//
// What stands between `<!-- figures: NAME -->` and `<!-- /figures -->` is replaced; nothing is written before all is done.
// Everything drawn by chance is drawn by seed: two runs on one machine give the same page.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-wasm';
import { ClippoModel } from '../src/clippo-model.ts';
import { nodeRuntime, writeFile, writePng } from '../src/node/index.ts';
import { loadEmoji } from './figures/emoji-sources.ts';
import { EVALUATIONS, type Figure, MODEL } from './figures/evaluations.ts';

const PAGE = new URL('evaluation.md', import.meta.url);

/** The page with another text between the marks. */
function withFigure(page: string, name: string, markdown: string): string {
  const marks = new RegExp(`(<!-- figures: ${name} -->\n)[\\s\\S]*?(<!-- /figures -->)`);
  if (!marks.test(page)) throw new Error(`docs/evaluation.md has no marks for '${name}'.`);
  return page.replace(marks, (_, before: string, after: string) => `${before}\n${markdown}\n\n${after}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => EVALUATIONS[name] === undefined);
  if (unknown.length > 0) {
    console.error(`Not known: ${unknown.join(', ')}. There are ${Object.keys(EVALUATIONS).join(', ')}.`);
    process.exit(2);
  }
  const model = await ClippoModel.load(MODEL);
  const runtime = nodeRuntime();
  await model.compile(runtime);
  const emoji = await loadEmoji(model.config.imageSize);
  const made = new Map<string, Figure>();
  for (const name of asked.length > 0 ? asked : Object.keys(EVALUATIONS)) {
    const start = performance.now();
    const figure = await EVALUATIONS[name]!({ model, runtime, emoji });
    made.set(name, figure);
    console.log(`${name}, ${((performance.now() - start) / 1000).toFixed(1)} s\n${figure.markdown}\n`);
  }
  model.dispose();

  let page = await readFile(PAGE, 'utf8');
  for (const [name, { markdown, pictures = {} }] of made) {
    page = withFigure(page, name, markdown);
    for (const [file, picture] of Object.entries(pictures)) {
      const place = new URL(`images/${file}`, import.meta.url);
      if (typeof picture === 'string') await writeFile(place, [new TextEncoder().encode(picture)]);
      else await writePng(place, picture);
    }
  }
  await writeFile(PAGE, [new TextEncoder().encode(page)]);
}
