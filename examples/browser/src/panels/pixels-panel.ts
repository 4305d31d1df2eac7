// The first picture of the page: a text as the model sees it, enlarged, with the grid of patches. What it does not read is dimmed, what has no glyph is
// framed, and what found no room is written below.

import { byId, colour } from '../dom.ts';
import type { Drawing } from '../protocol.ts';

const canvas = byId('pixels', HTMLCanvasElement);
const report = byId('seen-report', HTMLElement);
const lost = byId('seen-lost', HTMLElement);

/** The canvas is drawn so large that a pixel of the model is a square with a gap around it. */
const SIDE = 896;

export function showDrawing(drawing: Drawing, text: string): void {
  const { pixels, patchSize, readHeight, missing } = drawing;
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext('2d')!; // the only context that is asked for
  const scale = SIDE / pixels.width;
  const gap = scale >= 8 ? 1 : 0;

  const read = readHeight * scale;
  context.fillStyle = '#727272'; // between the pixels
  context.fillRect(0, 0, SIDE, read);
  for (let y = 0, i = 0; y < readHeight; y++) {
    for (let x = 0; x < pixels.width; x++, i++) {
      const shade = pixels.data[i]!;
      context.fillStyle = `rgb(${shade},${shade},${shade})`;
      context.fillRect(x * scale, y * scale, scale - gap, scale - gap);
    }
  }
  // What is not read is paper, with the patches that a longer text would fill.
  context.lineWidth = 2;
  for (const [from, to, tint] of [
    [0, read, 'rgb(255 255 255 / 0.6)'],
    [read, SIDE, colour('line')],
  ] as const) {
    context.strokeStyle = tint;
    context.beginPath();
    for (let at = 0; at <= pixels.width; at += patchSize) {
      const line = Math.min(SIDE - 1, Math.max(1, at * scale - 0.5));
      context.moveTo(line, from);
      context.lineTo(line, to);
      if (line < from || line > to) continue;
      context.moveTo(0, line);
      context.lineTo(SIDE, line);
    }
    if (to > from) context.stroke();
  }
  context.strokeStyle = '#ffb38a';
  context.lineWidth = 4;
  for (const { left, top } of missing)
    context.strokeRect(left * scale + 2, top * scale + 2, 8 * scale - 4, 16 * scale - 4);

  canvas.setAttribute(
    'aria-label',
    `“${text.slice(0, 200)}” drawn in ${drawing.lines} lines, as the model sees it`,
  );
  report.textContent = describe(drawing);
  lost.hidden = drawing.droppedCount === 0;
  lost.textContent = `No room for ${count(drawing.droppedCount, 'character')}: “${drawing.dropped}${drawing.droppedCount > Array.from(drawing.dropped).length ? '…' : ''}”`;
}

/** A sentence or two for the caption, and for those who hear the page. */
export function describe(drawing: Drawing): string {
  const { pixels, patchSize, readHeight, characters, droppedCount, missing, rightToLeft } = drawing;
  const side = pixels.width / patchSize;
  const read = Math.round(readHeight / patchSize);
  const sentences = [
    characters === 0
      ? 'Nothing is written, and an empty canvas is what it reads.'
      : `${count(characters - droppedCount, 'character')} drawn on ${pixels.width} × ${pixels.height} pixels; the model reads ${read * side} of ${side * side} patches.`,
  ];
  if (missing.length > 0) {
    const which = [...new Set(missing.map(({ character }) => character))].map(codePoint).join(', ');
    sentences.push(`The font has no glyph for ${which}: a gap is left, framed here.`);
  }
  if (rightToLeft) {
    sentences.push(
      'Letters stand in the order of the text, from the left: the model has learned right-to-left scripts so.',
    );
  }
  return sentences.join(' ');
}

export const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;

const codePoint = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
