// What the training found, as one page without any outside file: the drawn words, the loss curve, the hits.

import { writeFileSync } from 'node:fs';
import { escapeHtml, htmlPage, picture, searchRow, textPicture } from './page.mjs';

/** Writes the page. `history` comes from train(), `searches` are [{ query, hits: [{ index, score }] }]. */
export function writeTrainingPage(
  path,
  { emoji, words, history, batchSize, searches, recall, seconds, queryImages },
) {
  const pairs = emoji
    .slice(0, 24)
    .map(
      (one, i) =>
        `<figure><div class="pair">${picture(one)}${textPicture(words[i], one.name)}</div><figcaption>${escapeHtml(one.name)}</figcaption></figure>`,
    );
  const rows = searches.map(({ query, hits }, i) =>
    searchRow({
      query,
      drawn: queryImages[i],
      hits: hits.map(({ index, score }) => ({ emoji: emoji[index], score })),
    }),
  );
  writeFileSync(
    path,
    htmlPage(
      'clippo-ts: a training',
      `<h1>One network reads words and pictures</h1>
<p class="soft">Every word is drawn as a picture first; the same Vision Transformer then reads both. Trained from nothing on
${emoji.length} pairs in ${seconds} seconds on this machine's CPU.</p>
<h2>What it saw</h2>
<p>Pictures on the left, their names as the model sees them on the right (the first 24 of ${emoji.length}).</p>
<div class="cards">${pairs.join('\n')}</div>
<h2>How it learned</h2>
${lossCurve(history, batchSize)}
<h2>What it finds</h2>
<p>Recall@1 from name to picture over its training pairs: <b>${(100 * recall).toFixed(1)} %</b>. This is memorised: it has
seen exactly these names and pictures. Words it has not seen land on whatever looks alike to it, letter for letter.</p>
${rows.join('\n')}
<p class="soft">Pictures: Noto Emoji, Google, Apache-2.0. Names: Unicode CLDR, Unicode License v3. Letters: GNU Unifont, SIL OFL 1.1.</p>`,
    ),
  );
}

function lossCurve(history, batchSize) {
  const [width, height, left, bottom] = [720, 260, 44, 30];
  const chance = Math.log(batchSize);
  const top = Math.max(chance, ...history.map(({ loss }) => loss)) * 1.05;
  const last = history.at(-1);
  const x = (step) => left + ((step - 1) / Math.max(1, last.step - 1)) * (width - left - 10);
  const y = (loss) => 10 + (1 - loss / top) * (height - bottom - 10);
  const points = history.map(({ step, loss }) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(' ');
  const ticks = Array.from({ length: Math.floor(top) + 1 }, (_, loss) => {
    const at = y(loss).toFixed(1);
    return `<line x1="${left}" x2="${width - 10}" y1="${at}" y2="${at}" stroke="var(--line)"/><text x="${left - 8}" y="${at}" dy=".35em" text-anchor="end">${loss}</text>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="loss falls from ${history[0].loss.toFixed(2)} to ${last.loss.toFixed(2)}" font-size="13" fill="currentColor">
${ticks.join('')}
<line x1="${left}" x2="${width - 10}" y1="${y(chance)}" y2="${y(chance)}" stroke="currentColor" stroke-dasharray="5 5"/>
<text x="${width - 12}" y="${y(chance) - 6}" text-anchor="end">chance, ln ${batchSize}</text>
<polyline points="${points}" fill="none" stroke="var(--accent)" stroke-width="2"/>
<text x="${left}" y="${height - 8}">step 1</text><text x="${width - 10}" y="${height - 8}" text-anchor="end">step ${last.step}, loss ${last.loss.toFixed(2)}</text>
</svg>`;
}
