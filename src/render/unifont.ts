// Unifont → glyphs, from two forms of the same bitmaps: the packed atlas that ships with the package, and
// GNU Unifont's own `.hex` text. Every glyph is a 16 x 16 cell; a narrow one stands in the left 8 columns.
//
// The atlas is a table of pages of 4096 code points, each the base64 of a raw deflate stream of
//   kinds   4096 bytes: 0 no glyph, 1 = 8 px wide, 2 = 16 px wide
//   narrow  16 bytes for every kind 1, a byte a row, bit 7 leftmost
//   left    16 bytes for every kind 2: the left halves
//   right   16 bytes for every kind 2: the right halves
// in the order of code points. Halves apart deflate 16 % smaller than whole rows. A page is inflated when the
// first of its characters is drawn, so a Latin text never pays for the 40 000 ideographs.

import { Gunzip, inflateSync } from 'fflate';
import { FontError } from '../errors.ts';
import type { Glyph, GlyphSource } from './glyph.ts';

/** Page number (code point >> 12) → base64 of a deflated page. */
export type AtlasPages = Readonly<Record<number, string>>;

export const PAGE_SIZE = 4096;
const CELL = 16;
const NARROW = 1;
const WIDE = 2;
/** A .hex file of every code point there is would have 1.1 million lines of 72 bytes. */
const MAX_HEX_BYTES = 80_000_000;

/** All planes of the bundled Unifont; the font data is imported on the first call. */
export async function loadBundledUnifont(): Promise<GlyphSource> {
  const { pages } = await import('./atlas.generated.ts');
  return createAtlasFont(pages);
}

/** @throws FontError from `glyph` when the page it needs is corrupt */
export function createAtlasFont(pages: AtlasPages): GlyphSource {
  const opened = new Map<number, Page>();
  function glyph(codePoint: number): Glyph | undefined {
    const number = Math.floor(codePoint / PAGE_SIZE);
    let page = opened.get(number);
    if (page === undefined) {
      const packed = pages[number];
      if (packed === undefined) return undefined;
      page = openPage(packed, number);
      opened.set(number, page);
    }
    const index = codePoint % PAGE_SIZE;
    const kind = page.bytes[index]!;
    if (kind === 0) return undefined;
    const offset = page.offsets[index]!;
    return drawCell(page.bytes, offset, kind === WIDE ? offset + page.rightHalves : -1);
  }
  return { lineHeight: CELL, glyph };
}

interface Page {
  readonly bytes: Uint8Array;
  /** Where the bitmap (or its left half) of each code point begins in `bytes`. */
  readonly offsets: Uint32Array;
  /** Bytes from a left half to its right half. */
  readonly rightHalves: number;
}

function openPage(packed: string, number: number): Page {
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(decodeBase64(packed));
  } catch (cause) {
    throw new FontError(`bundled Unifont: page ${number} cannot be inflated. Reinstall the package.`, {
      cause,
    });
  }
  let narrow = 0;
  let wide = 0;
  for (let i = 0; i < PAGE_SIZE; i++) {
    if (bytes[i] === NARROW) narrow++;
    else if (bytes[i] === WIDE) wide++;
  }
  const expected = PAGE_SIZE + CELL * narrow + 2 * CELL * wide;
  if (bytes.length !== expected) {
    throw new FontError(
      `bundled Unifont: page ${number} has ${bytes.length} bytes, its ${narrow} narrow and ${wide} wide glyphs need ${expected}. Reinstall the package.`,
    );
  }
  const offsets = new Uint32Array(PAGE_SIZE);
  let narrowAt = PAGE_SIZE;
  let leftAt = PAGE_SIZE + CELL * narrow;
  for (let i = 0; i < PAGE_SIZE; i++) {
    if (bytes[i] === NARROW) {
      offsets[i] = narrowAt;
      narrowAt += CELL;
    } else if (bytes[i] === WIDE) {
      offsets[i] = leftAt;
      leftAt += CELL;
    }
  }
  return { bytes, offsets, rightHalves: CELL * wide };
}

/**
 * GNU Unifont's text format: a line `0041:` + 32 hex digits (8 px wide) or 64 (16 px wide), 16 rows, most
 * significant bit leftmost; code points of 4 to 6 digits; white space at the end of a line is skipped. The published CLIPPO models were trained with
 * version 9.0.06. A code point that comes twice keeps its last glyph.
 *
 * @param data - the text, its bytes, or its bytes gzipped (`.hex.gz`)
 * @throws FontError naming the line that cannot be read
 * @example const font = await parseUnifontHex('0041:0000000018242442427E424242420000');
 * @see https://unifoundry.com/unifont/
 */
export async function parseUnifontHex(data: string | ArrayBuffer | Uint8Array): Promise<GlyphSource> {
  if (typeof data !== 'string' && !(data instanceof ArrayBuffer) && !(data instanceof Uint8Array)) {
    throw new FontError(
      `parseUnifontHex: expected a string, an ArrayBuffer or a Uint8Array, got ${typeof data}.`,
    );
  }
  const bytes =
    typeof data === 'string'
      ? new TextEncoder().encode(data)
      : gunzipIfNeeded(data instanceof Uint8Array ? data : new Uint8Array(data));
  // A glyph takes at least 37 bytes of text for 16 bytes of bitmap, and 69 for 32.
  const cells = new Uint8Array(bytes.length >> 1);
  const offsets = new Map<number, number>();
  let end = 0;
  let lineNumber = 0;
  for (let from = 0; from < bytes.length; ) {
    let to = bytes.indexOf(0x0a, from);
    if (to === -1) to = bytes.length;
    const next = to + 1;
    while (to > from && isBlank(bytes[to - 1]!)) to--;
    lineNumber++;
    if (to > from) {
      const colon = bytes.indexOf(0x3a, from);
      const digits = colon - from;
      if (colon === -1 || digits < 4 || digits > 6) {
        throw badLine(lineNumber, 'expected 4 to 6 hex digits and a colon');
      }
      const length = to - colon - 1;
      if (length !== 2 * CELL && length !== 4 * CELL) {
        throw badLine(lineNumber, `expected 32 or 64 hex digits after the colon, got ${Math.max(length, 0)}`);
      }
      const codePoint = readHex(bytes, from, colon, lineNumber);
      if (codePoint > 0x10ffff) throw badLine(lineNumber, 'the last code point is 10FFFF');
      const wide = length === 4 * CELL;
      for (let row = 0, at = colon + 1; row < CELL; row++) {
        cells[end + row] = readHex(bytes, at, at + 2, lineNumber);
        at += 2;
        if (!wide) continue;
        cells[end + CELL + row] = readHex(bytes, at, at + 2, lineNumber);
        at += 2;
      }
      // The lowest bit of an offset (a multiple of 16) tells wide from narrow.
      offsets.set(codePoint, wide ? end + 1 : end);
      end += wide ? 2 * CELL : CELL;
    }
    from = next;
  }
  if (offsets.size === 0) throw new FontError('parseUnifontHex: the file holds no glyph.');
  const bits = cells.slice(0, end);

  function glyph(codePoint: number): Glyph | undefined {
    const found = offsets.get(codePoint);
    if (found === undefined) return undefined;
    const wide = found % CELL === 1;
    const offset = wide ? found - 1 : found;
    return drawCell(bits, offset, wide ? offset + CELL : -1);
  }
  return { lineHeight: CELL, glyph };
}

/** 16 bytes of the left half at `left`, 16 of the right half at `right` (-1: a narrow glyph) → coverage. */
function drawCell(bits: Uint8Array, left: number, right: number): Glyph {
  const coverage = new Uint8Array(CELL * CELL);
  for (let y = 0; y < CELL; y++) {
    const row = (bits[left + y]! << 8) | (right === -1 ? 0 : bits[right + y]!);
    for (let x = 0; x < CELL; x++) {
      if (row & (0x8000 >> x)) coverage[y * CELL + x] = 255;
    }
  }
  return { width: CELL, coverage };
}

/** Tab, carriage return, space. */
function isBlank(byte: number): boolean {
  return byte === 0x09 || byte === 0x0d || byte === 0x20;
}

function readHex(bytes: Uint8Array, from: number, to: number, lineNumber: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    let digit = byte - 0x30;
    if (digit < 0 || digit > 9) {
      // Bit 5 is the only difference between A-F and a-f.
      digit = (byte | 0x20) - 0x61 + 10;
      if (digit < 10 || digit > 15) throw badLine(lineNumber, `byte ${byte} is not a hex digit`);
    }
    value = value * 16 + digit;
  }
  return value;
}

function badLine(lineNumber: number, reason: string): FontError {
  return new FontError(`parseUnifontHex: line ${lineNumber}: ${reason}. Is this a .hex file of GNU Unifont?`);
}

function gunzipIfNeeded(data: Uint8Array): Uint8Array {
  if (data[0] !== 0x1f || data[1] !== 0x8b) return data;
  const chunks: Uint8Array[] = [];
  let total = 0;
  let finished = false;
  const stream = new Gunzip((chunk, final) => {
    total += chunk.length;
    if (total > MAX_HEX_BYTES) {
      throw new FontError(`parseUnifontHex: the gzipped file inflates to more than ${MAX_HEX_BYTES} bytes.`);
    }
    chunks.push(chunk);
    finished ||= final;
  });
  try {
    // Small steps, so that a bomb is noticed before it is inflated.
    const step = 16_384;
    for (let at = 0; at < data.length; at += step) {
      stream.push(data.subarray(at, at + step), at + step >= data.length);
    }
  } catch (cause) {
    if (cause instanceof FontError) throw cause;
    throw new FontError('parseUnifontHex: the gzipped data is corrupt or cut short.', { cause });
  }
  if (!finished) throw new FontError('parseUnifontHex: the gzipped data is cut short.');
  const whole = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
