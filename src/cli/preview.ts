// A rendered text → lines for a terminal, ink in its own colour: half blocks (one column a pixel) where the text is
// narrow enough for the window, else braille dots (half a column a pixel), shrunk by a whole factor if need be.
// What lies right of and below the text is left out.

import type { RenderedText } from '../render/index.ts';

/** How many pixels one character shows, and which character shows which of them (bit x + y · width). */
interface Cell {
  readonly width: number;
  readonly height: number;
  character(bits: number): string;
}

const HALF_BLOCK: Cell = { width: 1, height: 2, character: (bits) => ' ▀▄█'[bits]! };

/** Unicode counts the dots of braille down the left column, down the right one, then the last row. */
const DOTS = [0, 3, 1, 4, 2, 5, 6, 7];
const BRAILLE: Cell = {
  width: 2,
  height: 4,
  character: (bits) => {
    let dots = 0;
    for (let i = 0; i < 8; i++) dots |= ((bits >> i) & 1) << DOTS[i]!;
    return dots === 0 ? ' ' : String.fromCharCode(0x2800 + dots);
  },
};

/**
 * @param levels - which brightness is ink and which is ground
 * @param columns - of the window
 */
export function preview(
  rendered: RenderedText,
  levels: { readonly textBrightness: number; readonly backgroundBrightness: number },
  columns: number,
): string {
  const { data, lines } = rendered;
  const { textBrightness: ink, backgroundBrightness: ground } = levels;
  // The last line ends where the next would begin, as the one before it did.
  const [last, before] = [lines.at(-1), lines.at(-2)];
  const lineHeight = last && before ? last.top - before.top : 16;
  const height = Math.min(rendered.height, (last?.top ?? 0) + lineHeight);
  const width = Math.min(rendered.width, Math.max(1, ...lines.map((line) => line.width)));
  const cell = width <= columns ? HALF_BLOCK : BRAILLE;
  const factor = Math.ceil(width / (cell.width * columns));

  /** Any ink in a square of `factor` pixels: strokes are one pixel wide and must not vanish. */
  function isInk(left: number, top: number): boolean {
    for (let y = top; y < Math.min(top + factor, height); y++) {
      for (let x = left; x < Math.min(left + factor, width); x++) {
        const value = data[y * rendered.width + x]!;
        if (Math.abs(value - ink) < Math.abs(value - ground)) return true;
      }
    }
    return false;
  }

  let text = '';
  for (let top = 0; top < height; top += cell.height * factor) {
    let line = '';
    for (let left = 0; left < width; left += cell.width * factor) {
      let bits = 0;
      for (let i = 0; i < cell.width * cell.height; i++) {
        const y = Math.floor(i / cell.width);
        if (isInk(left + (i % cell.width) * factor, top + y * factor)) bits |= 1 << i;
      }
      line += cell.character(bits);
    }
    text += `${line.trimEnd()}\n`;
  }
  return text;
}
