// A clean picture and a wrong word → the picture with the word on it: a typographic attack, drawn as captions are drawn.
// The CLIPPO paper writes a wrong class label on each picture of ImageNet. Its code for that was never released, so where
// the word stands, how large it is and on what ground are our reading.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { Random } from '../random.ts';
import { assertRaster, type Raster, toRgb } from '../raster/index.ts';
import { createRenderer, type RenderedText, type RenderOptions } from '../render/index.ts';

/** How {@link drawAttack} writes a word on a picture. */
export interface DrawAttackOptions extends Omit<RenderOptions, 'size' | 'wrap'> {
  /**
   * Where the word stands. At the left edge, as captions do, and in the middle on a multiple of the line height;
   * `'random'`: anywhere. Default `'top'`.
   */
  readonly placement?: 'top' | 'middle' | 'bottom' | 'random';
  /** `'strip'` (default): on a ground of `backgroundBrightness`, as wide as the word; `'overlay'`: letters alone. */
  readonly mode?: 'strip' | 'overlay';
  /**
   * Whole number by which letters of 16 px are enlarged. Default: 1 up to a shorter side of 335 px, then one more for
   * each 224 px, so that letters have about the height a model of 224 px knows when the picture is made that small.
   */
  readonly scale?: number;
  /** Draws the place; needed by `'random'` and used by nothing else. */
  readonly random?: Random;
}

/** A Raster that knows what was written on it. */
export interface AttackedPicture extends Raster {
  readonly channels: 3;
  /** What the word covers, px. */
  readonly box: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  /** Code points at the end of the word for which there was no room. */
  readonly droppedCharacters: number;
  /** Code points without a glyph, which are blank gaps. */
  readonly missingGlyphs: number;
}

const OPTIONS: readonly (keyof DrawAttackOptions)[] = [
  ...(['placement', 'mode', 'scale', 'random'] as const),
  ...(['font', 'lowercase', 'monospace', 'spacing', 'minWidth', 'maxCharacters'] as const),
  ...(['textBrightness', 'backgroundBrightness'] as const),
];

/**
 * Writes a word on a copy of a picture, which keeps its size. Long words go on in further lines, broken after spaces,
 * down to half the height of the picture; what comes then is dropped and counted. Draw on pictures that have the size
 * of the model already: letters that are resized afterwards may not be read any more.
 *
 * @param picture - 1 or 3 channels
 * @param options - placement and ground of the word, and how text is drawn
 * @returns RGB of the picture's size
 * @throws ConfigError when an option is wrong or the picture has no room for a line
 * @throws DataError when `picture` is not a whole Raster, or the word leaves no ink
 * @example
 * const random = createRandom(1, 'place of photo 7');
 * const attacked = await drawAttack(resize(photo, 224), 'iPod', { placement: 'random', random });
 */
export async function drawAttack(
  picture: Raster,
  word: string,
  options: DrawAttackOptions = {},
): Promise<AttackedPicture> {
  const door = 'drawAttack';
  refuseUnknown(door, options, OPTIONS);
  if (typeof picture !== 'object' || picture === null) {
    throw new DataError(`${door}: expected a Raster as the picture, got ${describeValue(picture)}.`);
  }
  assertRaster(picture, door);
  if (typeof word !== 'string') {
    throw new DataError(`${door}: expected a word to write, got ${describeValue(word)}.`);
  }
  const { placement = 'top', mode = 'strip', scale = usualScale(picture), random, ...render } = options;
  const { textBrightness = 0, backgroundBrightness = 127, ...font } = render;
  checkChoices(door, { placement, mode, scale, random, textBrightness, backgroundBrightness });

  // Drawn white on black, brightness is coverage: it serves any colour on any ground.
  const { width, height } = picture;
  const size = { width: Math.floor(width / scale), height: Math.floor(height / scale) };
  if (size.width < 1 || size.height < 1) throw noRoom(picture, scale, 16);
  const coverage = { size, wrap: 'word', textBrightness: 255, backgroundBrightness: 0 } as const;
  const renderer = await createRenderer({ ...font, ...coverage });
  const { lineHeight } = renderer;
  const room = Math.floor(size.height / 2 / lineHeight);
  if (room < 1 || size.width < lineHeight) throw noRoom(picture, scale, lineHeight);
  const text = renderer.render(word);
  const { columns, rows, droppedCharacters } = inkOf(text, lineHeight, room);
  if (columns === 0) {
    throw new DataError(
      `${door}: ${describeValue(word)} leaves no ink. Expected a word that the font can draw.`,
    );
  }

  const inside = { width: columns * scale, height: rows * scale };
  const box = { ...placeOf(picture, inside, placement, lineHeight * scale, random), ...inside };
  const data = toRgb(picture).data.slice();
  if (mode === 'strip') {
    for (let y = box.top; y < box.top + box.height; y++) {
      const start = (y * width + box.left) * 3;
      data.fill(backgroundBrightness, start, start + box.width * 3);
    }
  }
  for (let y = 0; y < box.height; y++) {
    const line = Math.floor(y / scale) * text.width;
    let at = ((box.top + y) * width + box.left) * 3;
    for (let x = 0; x < box.width; x++) {
      const share = text.data[line + Math.floor(x / scale)]! / 255;
      for (let channel = 0; channel < 3; channel++, at++) {
        data[at] = Math.round(data[at]! + share * (textBrightness - data[at]!));
      }
    }
  }
  return { width, height, channels: 3, data, box, droppedCharacters, missingGlyphs: text.missingGlyphs };
}

type Choices = Required<
  Pick<DrawAttackOptions, 'placement' | 'mode' | 'scale' | 'textBrightness' | 'backgroundBrightness'>
> & { readonly random: Random | undefined };

/** @throws ConfigError */
function checkChoices(door: string, { placement, mode, random, ...numbers }: Choices): void {
  if (!['top', 'middle', 'bottom', 'random'].includes(placement)) {
    throw new ConfigError(
      `${door}: placement: expected 'top', 'middle', 'bottom' or 'random', got ${describeValue(placement)}.`,
    );
  }
  if (mode !== 'strip' && mode !== 'overlay') {
    throw new ConfigError(`${door}: mode: expected 'strip' or 'overlay', got ${describeValue(mode)}.`);
  }
  for (const [name, value] of Object.entries(numbers)) {
    const [low, high] = name === 'scale' ? [1, 1024] : [0, 255];
    if (Number.isInteger(value) && value >= low && value <= high) continue;
    throw new ConfigError(
      `${door}: ${name}: expected an integer from ${low} to ${high}, got ${describeValue(value)}.`,
    );
  }
  if (placement === 'random' && typeof random?.integer !== 'function') {
    throw new ConfigError(
      `${door}: placement 'random' needs random, one for each picture: createRandom(seed, key). Got ${describeValue(random)}.`,
    );
  }
}

function usualScale({ width, height }: Raster): number {
  return Math.max(1, Math.round(Math.min(width, height) / 224));
}

/** The part of a canvas of text that is used: whole lines, and columns up to the last ink and one more. */
function inkOf(
  { width, data, lines, characterCount, droppedCharacters }: RenderedText,
  lineHeight: number,
  room: number,
): { columns: number; rows: number; droppedCharacters: number } {
  const firstDropped = lines.find(({ top }) => top >= room * lineHeight);
  const last = lines.findLast(({ top }) => top < room * lineHeight);
  const rows = (last?.top ?? 0) + lineHeight;
  let columns = 0;
  for (let i = 0; i < width * rows; i++) {
    if (data[i] !== 0) columns = Math.max(columns, Math.min((i % width) + 2, width));
  }
  const dropped = firstDropped === undefined ? droppedCharacters : characterCount - firstDropped.start;
  return { columns, rows, droppedCharacters: dropped };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function placeOf(
  picture: Size,
  box: Size,
  placement: NonNullable<DrawAttackOptions['placement']>,
  lineHeight: number,
  random: Random | undefined,
): { left: number; top: number } {
  const free = picture.height - box.height;
  if (placement === 'top') return { left: 0, top: 0 };
  if (placement === 'bottom') return { left: 0, top: free };
  if (placement === 'middle') return { left: 0, top: Math.floor(free / 2 / lineHeight) * lineHeight };
  // checkChoices saw to it that there is one
  return { left: random!.integer(picture.width - box.width + 1), top: random!.integer(free + 1) };
}

function noRoom({ width, height }: Size, scale: number, lineHeight: number): ConfigError {
  const line = lineHeight * scale;
  return new ConfigError(
    `drawAttack: a picture of ${width} x ${height} px has no room for a line of ${line} px in half its height. Take pictures of at least ${line} x ${2 * line} px${scale > 1 ? ' or a smaller scale' : ''}.`,
  );
}
