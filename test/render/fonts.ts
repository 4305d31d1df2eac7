// Fonts for the tests of this folder: Unifont's own files, and a font of three glyphs made on the spot.

import { readFileSync } from 'node:fs';
import * as opentype from 'opentype.js';
import { type GlyphSource, parseUnifontHex } from '../../src/render/index.ts';

const fonts = new URL('../../fonts/', import.meta.url);

export function readFont(name: string): Uint8Array {
  return readFileSync(new URL(name, fonts));
}

/** Unifont 15.0.01, BMP only, read from the .hex file. */
export function loadBmp(): Promise<GlyphSource> {
  return parseUnifontHex(readFont('unifont-15.0.01.hex.gz'));
}

/** The part of opentype.js that makes fonts; src/render/opentype.d.ts knows only the part that reads them. */
interface FontMaker {
  Path: new () => {
    moveTo(x: number, y: number): void;
    lineTo(x: number, y: number): void;
    curveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void;
    close(): void;
  };
  Glyph: new (options: object) => object;
  Font: new (options: object) => { toArrayBuffer(): ArrayBuffer };
}

/**
 * An OTF of three glyphs on 1000 units, ascender 800, descender −200: A = a square of 400..., B = a disc,
 * C = a frame that reaches left of its origin and has no advance.
 */
export function makeTinyFont(): ArrayBuffer {
  // Node sees only the default export of this CommonJS package, and its declaration is ours.
  const maker = (opentype as unknown as { default: FontMaker }).default;
  const glyph = (name: string, unicode: number, advanceWidth: number, draw: (path: Pen) => void) => {
    const path = new maker.Path();
    draw(path);
    return new maker.Glyph({ name, unicode, advanceWidth, path });
  };
  return new maker.Font({
    familyName: 'Tiny',
    styleName: 'Regular',
    unitsPerEm: 1000,
    ascender: 800,
    descender: -200,
    glyphs: [
      glyph('.notdef', 0, 500, () => {}),
      // 100..500 x 0..400 units: at 20 px (50 units a pixel) columns 2..9, rows 8..15.
      glyph('A', 65, 600, (path) => rectangle(path, 100, 0, 500, 400)),
      glyph('B', 66, 1000, (path) => disc(path, 500, 300, 450)),
      glyph('C', 67, 0, (path) => {
        rectangle(path, -400, 0, 0, 400);
        hole(path, -300, 100, -100, 300);
      }),
    ],
  }).toArrayBuffer();
}

type Pen = InstanceType<FontMaker['Path']>;

function rectangle(path: Pen, left: number, bottom: number, right: number, top: number): void {
  path.moveTo(left, bottom);
  path.lineTo(right, bottom);
  path.lineTo(right, top);
  path.lineTo(left, top);
  path.close();
}

/** A rectangle the other way round: under the nonzero rule it cuts a hole. */
function hole(path: Pen, left: number, bottom: number, right: number, top: number): void {
  path.moveTo(left, bottom);
  path.lineTo(left, top);
  path.lineTo(right, top);
  path.lineTo(right, bottom);
  path.close();
}

function disc(path: Pen, x: number, y: number, r: number): void {
  const k = r * 0.5523;
  path.moveTo(x + r, y);
  path.curveTo(x + r, y + k, x + k, y + r, x, y + r);
  path.curveTo(x - k, y + r, x - r, y + k, x - r, y);
  path.curveTo(x - r, y - k, x - k, y - r, x, y - r);
  path.curveTo(x + k, y - r, x + r, y - k, x + r, y);
  path.close();
}
