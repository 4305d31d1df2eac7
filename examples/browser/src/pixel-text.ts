// Words in the letters that the model reads, as elements: every script looks right on every system, and the page shows what it speaks of.

import { colour, make } from './dom.ts';
import type { AskModel } from './model-client.ts';
import type { Pixels } from './protocol.ts';

/** Brightness of the paper that the letters stand on. */
const PAPER = 127;

const drawn = new Map<HTMLCanvasElement, Pixels>();

/**
 * Puts the letters of each text into its element; the text itself stays there for those who hear the page.
 *
 * @param texts - element → what it says
 */
export async function writeInPixels(ask: AskModel, texts: ReadonlyMap<HTMLElement, string>): Promise<void> {
  const lines = await ask('drawLines', { texts: [...texts.values()] });
  [...texts].forEach(([element, text], i) => {
    const canvas = make('canvas', { className: 'pixel-text' });
    canvas.ariaHidden = 'true';
    drawn.set(canvas, lines[i]!);
    ink(canvas, lines[i]!);
    element.replaceChildren(canvas, make('span', { className: 'unseen' }, text));
  });
}

/** In the colours of now. */
export function inkAnew(): void {
  for (const [canvas, pixels] of drawn) {
    if (canvas.isConnected) ink(canvas, pixels);
    else drawn.delete(canvas);
  }
}

function ink(canvas: HTMLCanvasElement, { width, height, data }: Pixels): void {
  canvas.width = width;
  canvas.height = height;
  // The style sheet enlarges a pixel to one and a half.
  canvas.style.width = `${1.5 * width}px`;
  const context = canvas.getContext('2d')!; // the first context that is asked for
  context.fillStyle = colour('ink');
  for (let i = 0; i < data.length; i++) {
    if (data[i]! < PAPER) context.fillRect(i % width, Math.floor(i / width), 1, 1);
  }
}
