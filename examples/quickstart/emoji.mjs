// Real pictures and real words without a download: emoji art and the English names of Unicode CLDR (Unicode-3.0), all of
// it from npm packages.

import { createRequire } from 'node:module';
import { readImage } from 'clippo-ts/node';
import { characterOf, hasTone, loadArt, loadWords } from '../emoji/corpus.mjs';

const require = createRequire(import.meta.url);

/**
 * Emoji of an art style, without skin tones: code, character, English name, picture as SVG and as a Raster of `size` px.
 * With `categories` of Noto's list, only those.
 */
export async function loadEmoji(style, size, categories) {
  const wanted = categories && new Set(codesOf(categories));
  const words = loadWords('en');
  const emoji = [];
  for (const [code, svg] of loadArt(style, size)) {
    const name = words.get(code)?.name;
    if (name === undefined || hasTone(code) || (wanted && !wanted.has(code))) continue;
    const picture = await readImage(new TextEncoder().encode(svg));
    emoji.push({ code, character: characterOf(code), name, svg, picture });
  }
  return emoji;
}

function codesOf(categories) {
  const icons = require('@iconify-json/noto/metadata.json').categories;
  const wanted = new Set(categories.flatMap((category) => icons[category]));
  const codes = Object.entries(require('@iconify-json/noto/chars.json'));
  return codes.filter(([, icon]) => wanted.has(icon)).map(([code]) => code);
}
