// Text becomes a picture: the first half of CLIPPO, and all it takes to see what the model will see.
// Run: node examples/01-render-text.mjs [text]

import { writePng } from 'clippo-ts/node';
import { renderText } from 'clippo-ts/render';
import { outputPath } from './output-path.mjs';

const text = process.argv[2] ?? 'A photo of a dog · фото собаки · 犬の写真 · 🐕';
const image = await renderText(text);

console.log(
  `${image.width} x ${image.height} px, ${image.visibleCharacters} of ${image.characterCount} characters drawn`,
);
for (const line of image.lines) {
  console.log(`  at y = ${line.top}: "${line.text}" is ${line.width} px wide`);
}
if (image.missingGlyphs > 0) console.log(`${image.missingGlyphs} characters have no glyph and are blank`);

// Which 16 x 16 patch of the Vision Transformer shows the last character?
const last = image.patchOf(image.characterCount - 1);
console.log(`The last character begins in patch row ${last.row}, column ${last.column}`);

// What is background in the reference is 127, ink is 0.
const ink = image.data.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
console.log(`${ink} pixels of ink`);

const path = outputPath('01-render-text.png');
await writePng(path, image);
console.log(`Wrote ${path}`);
