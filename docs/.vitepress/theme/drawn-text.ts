// What the live field shows of a drawn text: the pixels and the patches on a canvas, and the report as a sentence.

import type { RenderedText } from '../../../src/render/index.ts';

/** px; the patch of the published models and of the one in the package */
const PATCH = 16;
const GRID = 'rgb(255 255 255 / 35%)';
const MARK = 'rgb(229 103 23 / 55%)';

/** What is laid over the text: the borders of the patches, and the patches of some of its code points. */
export interface Overlay {
  readonly grid: boolean;
  /** Code point offsets, the second one past the end. */
  readonly marked: readonly [number, number];
}

/** Paints what the model reads, a pixel a pixel; the page enlarges it. */
export function paint(canvas: HTMLCanvasElement, drawn: RenderedText, { grid, marked }: Overlay): void {
  const { width, height, data } = drawn;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(width, height);
  for (let i = 0; i < data.length; i++) {
    image.data.fill(data[i]!, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);

  context.fillStyle = MARK;
  for (const { row, column } of patchesOf(drawn, marked))
    context.fillRect(column * PATCH, row * PATCH, PATCH, PATCH);
  if (!grid) return;
  context.fillStyle = GRID;
  for (let x = PATCH; x < width; x += PATCH) context.fillRect(x, 0, 1, height);
  for (let y = PATCH; y < height; y += PATCH) context.fillRect(0, y, width, 1);
}

/** The patches in which code points `start` … `end − 1` begin, each of them once. */
export function patchesOf(
  drawn: Pick<RenderedText, 'patchOf'>,
  [start, end]: readonly [number, number],
): { row: number; column: number }[] {
  const patches = new Map<string, { row: number; column: number }>();
  for (let i = start; i < end; i++) {
    const patch = drawn.patchOf(i, PATCH);
    if (patch !== undefined) patches.set(`${patch.row},${patch.column}`, patch);
  }
  return [...patches.values()];
}

/** The report in words: how many characters on how many lines, what is missing and what does not fit. */
export function describe(
  drawn: Pick<RenderedText, 'lines' | 'visibleCharacters' | 'droppedCharacters' | 'missingGlyphs'>,
): string {
  const { lines, visibleCharacters, droppedCharacters, missingGlyphs } = drawn;
  const parts = [`${counted(visibleCharacters, 'character')} on ${counted(lines.length, 'line')}`];
  if (missingGlyphs > 0) parts.push(`${missingGlyphs} without a glyph`);
  if (droppedCharacters > 0) parts.push(`${droppedCharacters} do not fit, and the model never sees them`);
  return `${parts.join('; ')}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A selection of a text field, which counts UTF-16 units, in code points. */
export function inCodePoints(text: string, start: number, end: number): [number, number] {
  const before = [...text.slice(0, start)].length;
  return [before, before + [...text.slice(start, end)].length];
}
