// Real pictures and real words without a download: Noto Emoji art (Apache-2.0) and the English names of Unicode
// CLDR (Unicode-3.0), both from npm packages.

import { createRequire } from 'node:module';
import { readImage } from 'clippo-ts/node';

const require = createRequire(import.meta.url);
const noto = require('@iconify-json/noto/icons.json');
const iconOf = require('@iconify-json/noto/chars.json');
const { categories } = require('@iconify-json/noto/metadata.json');
const { annotations } = require('cldr-annotations-full/annotations/en/annotations.json').annotations;

const CATEGORIES = ['Animals & Nature', 'Food & Drink'];

/** Every emoji of the categories: its character, its name, its picture as SVG and as a Raster of `size` px. */
export async function loadEmoji(size) {
  const wanted = new Set(CATEGORIES.flatMap((category) => categories[category]));
  const emoji = [];
  for (const [code, icon] of Object.entries(iconOf)) {
    const character = String.fromCodePoint(...code.split('-').map((digits) => Number.parseInt(digits, 16)));
    const name = annotations[character]?.tts?.[0];
    if (!wanted.has(icon) || name === undefined || emoji.some((other) => other.name === name)) continue;
    const svg = drawSvg(icon, size);
    emoji.push({ character, name, svg, picture: await readImage(new TextEncoder().encode(svg)) });
  }
  return emoji;
}

function drawSvg(icon, size) {
  const { body, width = noto.width, height = noto.height } = noto.icons[icon];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${width} ${height}">${body}</svg>`;
}
