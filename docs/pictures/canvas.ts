// What the pictures of the docs are drawn with: an RGB Raster, filled shapes, pixels repeated so that they can be
// seen, and letters from the library's own renderer. Nothing here is anti-aliased.

import { encodePng } from '../../src/node/index.ts';
import { createRaster, pasteRaster, type Raster, toRgb } from '../../src/raster/index.ts';
import { createRenderer } from '../../src/render/index.ts';

export type Colour = readonly [red: number, green: number, blue: number];

export const PAPER: Colour = [255, 255, 255];
export const INK: Colour = [31, 35, 40];
export const SOFT: Colour = [96, 104, 116];
export const LINE: Colour = [205, 210, 217];
export const BLUE: Colour = [11, 99, 206];
export const RED: Colour = [200, 50, 40];
export const GREEN: Colour = [30, 130, 70];

const LETTERS = { lowercase: false, textBrightness: 0, backgroundBrightness: 255 };
const letters = await createRenderer({ ...LETTERS, size: { width: 2048, height: 16 } });

/** A blank picture. */
export function createCanvas(width: number, height: number, colour: Colour = PAPER): Raster {
  const canvas = createRaster(width, height, 3);
  fill(canvas, 0, 0, width, height, colour);
  return canvas;
}

/** A filled rectangle; what lies outside the canvas is cut off. */
export function fill(
  canvas: Raster,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  const right = Math.min(canvas.width, left + width);
  const bottom = Math.min(canvas.height, top + height);
  for (let y = Math.max(0, top); y < bottom; y++) {
    for (let x = Math.max(0, left); x < right; x++) canvas.data.set(colour, (y * canvas.width + x) * 3);
  }
}

/** The outline of a rectangle, drawn inwards. */
export function frame(
  canvas: Raster,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: Colour,
  thickness = 1,
): void {
  fill(canvas, left, top, width, thickness, colour);
  fill(canvas, left, top + height - thickness, width, thickness, colour);
  fill(canvas, left, top, thickness, height, colour);
  fill(canvas, left + width - thickness, top, thickness, height, colour);
}

/** One line of text, 16 px high times `scale`. Returns its width in px. */
export function write(
  canvas: Raster,
  text: string,
  left: number,
  top: number,
  colour: Colour = INK,
  scale = 1,
): number {
  const drawn = letters.render(text);
  const width = drawn.lines[0]?.width ?? 0;
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < width; x++) {
      if (drawn.data[y * drawn.width + x] !== 0) continue;
      fill(canvas, left + x * scale, top + y * scale, scale, scale, colour);
    }
  }
  return width * scale;
}

/** Width in px of what {@link write} draws at scale 1. */
export function textWidth(text: string): number {
  return letters.render(text).lines[0]?.width ?? 0;
}

/** A raster with every pixel repeated `scale` times in both directions, at a place on the canvas. */
export function place(canvas: Raster, raster: Raster, left: number, top: number, scale = 1): void {
  pasteRaster(canvas, enlarge(raster, scale), left, top);
}

function enlarge(raster: Raster, scale: number): Raster {
  const { width, height, data } = toRgb(raster);
  const large = createRaster(width * scale, height * scale, 3);
  for (let y = 0; y < large.height; y++) {
    for (let x = 0; x < large.width; x++) {
      const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * 3;
      large.data.set(data.subarray(from, from + 3), (y * large.width + x) * 3);
    }
  }
  return large;
}

/** The part of a raster that begins at (`left`, `top`). */
export function cut(raster: Raster, left: number, top: number, width: number, height = width): Raster {
  const part = createRaster(width, height, 3);
  pasteRaster(part, raster, -left, -top);
  return part;
}

/** A straight line, `thickness` px wide. */
export function stroke(
  canvas: Raster,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  colour: Colour,
  thickness = 2,
): void {
  const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
  const half = thickness >> 1;
  for (let i = 0; i <= steps; i++) {
    const x = Math.round(x0 + ((x1 - x0) * i) / steps);
    const y = Math.round(y0 + ((y1 - y0) * i) / steps);
    fill(canvas, x - half, y - half, thickness, thickness, colour);
  }
}

/** A line that ends in a head, pointing right. */
export function arrow(
  canvas: Raster,
  from: readonly [number, number],
  to: readonly [number, number],
  colour: Colour = SOFT,
): void {
  stroke(canvas, from, [to[0] - 8, to[1]], colour);
  for (let i = 0; i < 9; i++) fill(canvas, to[0] - i, to[1] - (i >> 1), 1, (i >> 1) * 2 + 1, colour);
}

/** The bytes of the PNG. */
export function toPng(canvas: Raster): Uint8Array {
  return encodePng(canvas);
}
