// RenderOptions, what a caller may say → ResolvedRenderOptions, what the renderer relies on. Checked here and
// nowhere else. Defaults are those of CLIPPO's config (big_vision configs/proj/clippo/train_clippo.py).

import { ConfigError } from '../errors.ts';
import { refuseUnknown } from '../options.ts';
import type { GlyphSource } from './glyph.ts';

/** How text is drawn. */
export interface RenderOptions {
  /** Canvas in px, integers in 1..16384; a number is a square. Default 224. */
  readonly size?: number | { readonly width: number; readonly height: number };
  /** Default: the bundled Unifont 15.0.01, all planes. */
  readonly font?: GlyphSource;
  /** Turn A-Z into a-z, ASCII only. Default true. */
  readonly lowercase?: boolean;
  /** Keep whole cells; `spacing` and `minWidth` then have no effect, as in the reference. Default false. */
  readonly monospace?: boolean;
  /** Blank columns kept on the left of the ink. Integer in 0..256, default 1. */
  readonly spacing?: number;
  /** Least width of a trimmed glyph in px, never more than its cell. Integer in 0..256, default 4. */
  readonly minWidth?: number;
  /** Code points that are kept; 0 = all. Integer, default 768. */
  readonly maxCharacters?: number;
  /** `'character'` breaks lines anywhere, as the reference does; `'word'` after spaces and at `\n`. */
  readonly wrap?: 'character' | 'word';
  /** Integer in 0..255, default 0. */
  readonly textBrightness?: number;
  /** Integer in 0..255, default 127. */
  readonly backgroundBrightness?: number;
}

/** Resolved options: nothing is optional but the font, whose absence means the bundled one. */
export interface ResolvedRenderOptions {
  readonly width: number;
  readonly height: number;
  readonly font: GlyphSource | undefined;
  readonly lowercase: boolean;
  readonly monospace: boolean;
  readonly spacing: number;
  readonly minWidth: number;
  readonly maxCharacters: number;
  readonly wrap: 'character' | 'word';
  readonly textBrightness: number;
  readonly backgroundBrightness: number;
}

const MAX_SIZE = 16_384;

const KNOWN: readonly (keyof RenderOptions)[] = [
  'size',
  'font',
  'lowercase',
  'monospace',
  'spacing',
  'minWidth',
  'maxCharacters',
  'wrap',
  'textBrightness',
  'backgroundBrightness',
];

/** @throws ConfigError when an option is unknown, of the wrong type or out of range */
export function resolveRenderOptions(options: RenderOptions = {}): ResolvedRenderOptions {
  refuseUnknown('render options', options, KNOWN);
  const {
    size = 224,
    font,
    lowercase = true,
    monospace = false,
    spacing = 1,
    minWidth = 4,
    maxCharacters = 768,
    wrap = 'character',
    textBrightness = 0,
    backgroundBrightness = 127,
  } = options;
  if (wrap !== 'character' && wrap !== 'word') {
    throw new ConfigError(`render options: wrap must be 'character' or 'word', got ${String(wrap)}.`);
  }
  return {
    ...resolveSize(size),
    font: resolveFont(font),
    lowercase: boolean('lowercase', lowercase),
    monospace: boolean('monospace', monospace),
    spacing: integer('spacing', spacing, 0, 256),
    minWidth: integer('minWidth', minWidth, 0, 256),
    maxCharacters: integer('maxCharacters', maxCharacters, 0, 2 ** 31 - 1),
    wrap,
    textBrightness: integer('textBrightness', textBrightness, 0, 255),
    backgroundBrightness: integer('backgroundBrightness', backgroundBrightness, 0, 255),
  };
}

function resolveSize(size: NonNullable<RenderOptions['size']>): { width: number; height: number } {
  const { width, height } = typeof size === 'object' && size !== null ? size : { width: size, height: size };
  if (isInteger(width, 1, MAX_SIZE) && isInteger(height, 1, MAX_SIZE)) return { width, height };
  throw new ConfigError(
    `render options: size must be an integer in 1..${MAX_SIZE} px or { width, height } of such, got ${width === height ? String(width) : `${width} x ${height}`}.`,
  );
}

function resolveFont(font: GlyphSource | undefined): GlyphSource | undefined {
  if (font === undefined) return undefined;
  if (font !== null && typeof font.glyph === 'function' && isInteger(font.lineHeight, 1, MAX_SIZE))
    return font;
  throw new ConfigError(
    'render options: font must be a GlyphSource. Make one with await parseUnifontHex(...) or await parseOutlineFont(...).',
  );
}

function boolean(name: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw new ConfigError(`render options: ${name} must be true or false, got ${String(value)}.`);
}

function integer(name: string, value: number, min: number, max: number): number {
  if (isInteger(value, min, max)) return value;
  throw new ConfigError(
    `render options: ${name} must be an integer in ${min}..${max}, got ${String(value)}.`,
  );
}

function isInteger(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
