// The pictures of docs/rendering.md: every rule of the renderer shown on its own output.

import { readFile } from 'node:fs/promises';
import type { Raster } from '../../src/raster/index.ts';
import {
  composeQuestion,
  type GlyphSource,
  parseOutlineFont,
  parseUnifontHex,
  type RenderedText,
  type RenderOptions,
  renderText,
} from '../../src/render/index.ts';
import {
  BLUE,
  type Colour,
  createCanvas,
  fill,
  frame,
  INK,
  LINE,
  PAPER,
  place,
  RED,
  SOFT,
  stroke,
  textWidth,
  write,
} from './canvas.ts';
import { emoji } from './two-roads.ts';

const readFont = (name: string) => readFile(new URL(`../../fonts/${name}`, import.meta.url));

/** One line of text as the renderer draws it, as high as a line and as wide as its ink asks for. */
async function strip(text: string, width: number, options: RenderOptions = {}): Promise<RenderedText> {
  return renderText(text, { ...options, size: { width, height: 16 } });
}

export async function drawScripts(): Promise<Raster> {
  const samples: readonly [string, string][] = [
    ['English', 'A photo of a dog.'],
    ['Deutsch', 'Ein großer Hund läuft.'],
    ['Русский', 'фотография собаки'],
    ['Ελληνικά', 'μια φωτογραφία'],
    ['العربية', 'صورة كلب'],
    ['हिन्दी', 'कुत्ते की तस्वीर'],
    ['中文', '一只狗的照片'],
    ['日本語', '犬の写真です'],
    ['한국어', '개 사진입니다'],
    ['emoji', '🐕🌳⚽🚲🎈'],
  ];
  const canvas = createCanvas(824, samples.length * 56 + 8);
  for (const [i, [language, text]] of samples.entries()) {
    const top = 8 + 56 * i;
    write(canvas, language, 8, top + 16, SOFT);
    place(canvas, await strip(text, 240), 88, top, 3);
  }
  return canvas;
}

/** The cells of some glyphs, what is cut away dimmed, and the same characters on a line. */
export async function drawTrimming(): Promise<Raster> {
  const font = await parseUnifontHex(await readFont('unifont-15.0.01.hex.gz'));
  const characters = [...'im é字'];
  const scale = 8;
  const canvas = createCanvas(24 + characters.length * 152, 330);
  for (const [i, character] of characters.entries()) {
    const left = 16 + 152 * i;
    await drawCell(canvas, font, character, left, 8, scale);
    const { lines } = await strip(character, 64);
    const label = character === ' ' ? 'space' : character;
    write(canvas, `${label}: ${lines[0]!.width} of 16 px`, left, 8 + 16 * scale + 6);
  }
  write(canvas, 'light grey: cut away    blue: kept blank column    dark: ink', 16, 186, SOFT);
  place(canvas, await strip(characters.join(''), 64, { backgroundBrightness: 200 }), 16, 214, 6);
  return canvas;
}

async function drawCell(
  canvas: Raster,
  font: GlyphSource,
  character: string,
  left: number,
  top: number,
  scale: number,
): Promise<void> {
  const { coverage } = font.glyph(character.codePointAt(0)!)!;
  const advance = (await strip(character, 64)).lines[0]!.width;
  const inked = Array.from({ length: 16 }, (_, x) => coverage.some((value, i) => i % 16 === x && value > 0));
  const ink = inked.indexOf(true);
  const first = Math.max(ink - 1, 0);
  const cutAway: Colour = [232, 234, 237];
  const blank: Colour = [190, 218, 250];
  const kept: Colour = [170, 174, 180];
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < 16; x++) {
      const isKept = x >= first && x < first + advance;
      const isBlank = isKept && !inked[x];
      const colour = coverage[y * 16 + x]! > 0 ? INK : isBlank ? blank : isKept ? kept : cutAway;
      fill(canvas, left + x * scale, top + y * scale, scale - 1, scale - 1, colour);
    }
  }
}

/** The same words with and without one wide character: the widest one moves every line break. */
export async function drawLines(): Promise<Raster> {
  const scale = 3;
  const size = { width: 96, height: 64 };
  const words = 'the quick brown fox jumps over';
  const canvas = createCanvas(660, 270);
  for (const [i, text] of [words, `${words} 犬`].entries()) {
    const left = 16 + 324 * i;
    const drawn = await renderText(text, { size });
    const widest = Math.max(...(await Promise.all([...text].map(advanceOf))));
    const limit = size.width - widest;
    write(canvas, `M = ${widest}: a break every ${limit} px`, left, 8);
    place(canvas, drawn, left, 32, scale);
    // Where the running sum C passes a multiple of W − M, shown on the line that it ends.
    let sum = 0;
    for (const line of drawn.lines) {
      sum += line.width;
      const right = left + line.width * scale;
      fill(canvas, right, 32 + line.top * scale, 2, 16 * scale, RED);
    }
    stroke(canvas, [left + limit * scale, 30], [left + limit * scale, 32 + 64 * scale], BLUE);
    write(canvas, `${drawn.lines.length} lines, ${sum} px in all`, left, 230, SOFT);
  }
  return canvas;
}

async function advanceOf(character: string): Promise<number> {
  return (await strip(character, 64)).lines[0]!.width;
}

/** What has a glyph although nobody sees it elsewhere, and what has none. */
export async function drawSpecialCharacters(): Promise<Raster> {
  const rows: readonly [string, string][] = [
    ['line feed and tab', 'a\nb\tc'],
    ['zero-width joiner, variation selector', '🐈\u200d⬛ ❤\ufe0f'],
    ['left-to-right mark, byte order mark', 'a\u200eb\ufeffc'],
    ['combining tilde after n', 'n\u0303'],
    ['unassigned U+0378: a box', 'a\u0378b'],
    ['private use U+E000: no glyph, a gap', 'a\ue000b'],
    ['lone surrogate: U+FFFD', 'a\ud800b'],
  ];
  const canvas = createCanvas(660, rows.length * 56 + 8);
  for (const [i, [what, text]] of rows.entries()) {
    const top = 8 + 56 * i;
    write(canvas, what, 8, top + 16, SOFT);
    place(canvas, await strip(text, 100), 320, top, 3);
  }
  return canvas;
}

/** More text than fits: the rest is not drawn, and the report says how much that was. */
export async function drawOverflow(): Promise<Raster> {
  const text = 'a text that is longer than its picture ends wherever the last line ends, and nobody is told';
  const drawn = await renderText(text, { size: { width: 128, height: 64 } });
  const canvas = createCanvas(840, 280);
  place(canvas, drawn, 16, 12, 4);
  const facts = [
    ['characterCount', drawn.characterCount],
    ['visibleCharacters', drawn.visibleCharacters],
    ['droppedCharacters', drawn.droppedCharacters],
    ['lines.length', drawn.lines.length],
  ] as const;
  for (const [i, [field, value]] of facts.entries()) {
    write(canvas, field, 548, 40 + 26 * i);
    write(canvas, String(value), 720, 40 + 26 * i);
  }
  const rest = [...text].slice(drawn.visibleCharacters).join('');
  write(canvas, 'not drawn:', 548, 170, RED);
  write(canvas, `"${rest}"`, 548, 194, RED);
  return canvas;
}

export async function drawWordWrap(): Promise<Raster> {
  const text = 'a golden retriever\nin tall grass';
  const canvas = createCanvas(660, 244);
  for (const [i, wrap] of (['character', 'word'] as const).entries()) {
    const left = 16 + 324 * i;
    write(canvas, `wrap: '${wrap}'`, left, 8);
    place(canvas, await renderText(text, { size: { width: 96, height: 64 }, wrap }), left, 36, 3);
  }
  return canvas;
}

/** The same words under one changed option each. */
export async function drawOptions(): Promise<Raster> {
  const variants: readonly [string, RenderOptions][] = [
    ['defaults', {}],
    ['lowercase: false', { lowercase: false }],
    ['monospace: true', { monospace: true }],
    ['spacing: 0', { spacing: 0 }],
    ['spacing: 3', { spacing: 3 }],
    ['minWidth: 8', { minWidth: 8 }],
    ['textBrightness: 255', { textBrightness: 255 }],
    ['backgroundBrightness: 255', { backgroundBrightness: 255 }],
  ];
  const canvas = createCanvas(660, variants.length * 56 + 8);
  for (const [i, [label, options]] of variants.entries()) {
    const top = 8 + 56 * i;
    write(canvas, label, 8, top + 16, SOFT);
    place(canvas, await strip('A Cat 42', 144, options), 220, top, 3);
    frame(canvas, 219, top - 1, 144 * 3 + 2, 50, LINE);
  }
  return canvas;
}

/** Which patch shows which character. */
export async function drawPatches(): Promise<Raster> {
  const text = 'one photo of a dog, one of a cat';
  const [columns, rows, scale] = [6, 3, 4];
  const drawn = await renderText(text, { size: { width: 16 * columns, height: 16 * rows } });
  const canvas = createCanvas(680, 24 + drawn.height * scale);
  place(canvas, drawn, 16, 12, scale);
  for (let i = 0; i <= columns; i++) fill(canvas, 16 + i * 16 * scale, 12, 1, drawn.height * scale, PAPER);
  for (let i = 0; i <= rows; i++) fill(canvas, 16, 12 + i * 16 * scale, drawn.width * scale, 1, PAPER);
  const words = [
    ['photo', RED],
    ['cat', BLUE],
  ] as const;
  for (const [i, [word, colour]] of words.entries()) {
    const patch = drawn.patchOf(text.indexOf(word))!;
    const [x, y] = [16 + patch.column * 16 * scale, 12 + patch.row * 16 * scale];
    frame(canvas, x, y, 16 * scale, 16 * scale, colour, 4);
    write(canvas, `"${word}" begins in`, 430, 40 + 80 * i, colour);
    write(canvas, `row ${patch.row}, column ${patch.column}`, 430, 64 + 80 * i, colour);
  }
  return canvas;
}

/** One font as bitmaps, one as outlines of two sizes. */
export async function drawFonts(): Promise<Raster> {
  const otf = await readFont('unifont_upper-15.0.01.otf');
  const canvas = createCanvas(660, 290);
  const sizes = [16, 24, 32];
  let top = 8;
  for (const size of sizes) {
    const font = await parseOutlineFont(otf, { size });
    write(canvas, `size: ${size}`, 8, top + 16, SOFT);
    place(canvas, await renderText('🐕🚲🎈𝄞', { font, size: { width: 160, height: size } }), 120, top, 3);
    top += size * 3 + 24;
  }
  return canvas;
}

/** A question and a picture on one canvas, the three placements and the overlay. */
export async function drawQuestion(): Promise<Raster> {
  const picture = await emoji('dog', 128);
  const question = 'what is the dog looking at?';
  const variants = [
    ["placement: 'top'", { placement: 'top' }],
    ["'middle'", { placement: 'middle' }],
    ["'bottom'", { placement: 'bottom' }],
    ["mode: 'overlay'", { mode: 'overlay' }],
  ] as const;
  const canvas = createCanvas(844, 240);
  for (const [i, [label, options]] of variants.entries()) {
    const left = 12 + 208 * i;
    write(canvas, label, left + ((192 - textWidth(label)) >> 1), 8);
    place(canvas, await composeQuestion(question, picture, { ...options, size: 96 }), left, 34, 2);
    frame(canvas, left - 1, 33, 194, 194, LINE);
  }
  return canvas;
}
