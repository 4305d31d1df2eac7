// A picture → the same picture as it might also look: moved, turned, scaled, in other colours, less sharp. One pass
// over the pixels: the inverse map of a similarity, bilinear, and one 3 x 4 matrix of colours.
// Simplified: no perspective, no elastic deformation; what comes in from outside is the nearest edge pixel.

import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { Random } from '../random.ts';
import { assertRaster, type Raster, toRgb } from './raster.ts';

/** How far a picture may be changed. Every field is off by default; each draw is uniform within its range. */
export interface AugmentOptions {
  /** Chance of a mirror image, left to right, 0 … 1. */
  readonly flip?: number;
  /** Turns by up to this many degrees either way, 0 … 180. */
  readonly rotate?: number;
  /** Smallest and largest factor of the size, e.g. `[0.7, 1.1]`; uniform in its logarithm. */
  readonly scale?: readonly [number, number];
  /** Wider against higher by up to this factor either way, e.g. 1.15; 1 … 4. */
  readonly stretch?: number;
  /** Moves by up to this share of the side, in both directions, 0 … 1. */
  readonly shift?: number;
  /** Adds up to this share of the full range to all colours, either way, 0 … 1. */
  readonly brightness?: number;
  /** Multiplies distances from middle grey by 1 ± up to this, 0 … 1. */
  readonly contrast?: number;
  /** Multiplies distances from the grey of the same lightness by 1 ± up to this, 0 … 1. */
  readonly saturation?: number;
  /** Turns the circle of colours by up to this many degrees either way, 0 … 180. */
  readonly hue?: number;
  /** Chance of losing all colour, 0 … 1. */
  readonly grey?: number;
  /** Chance of being blurred, 0 … 1: each pixel the mean of its neighbourhood of 3 x 3. */
  readonly blur?: number;
  /** Chance that transparent parts lie on a colour of chance in place of white, 0 … 1. Used where pictures are decoded. */
  readonly background?: number;
}

/** {@link AugmentOptions} with every default filled in. */
export type ResolvedAugmentOptions = Required<AugmentOptions>;

const RANGES = {
  flip: [0, 1],
  rotate: [0, 180],
  stretch: [1, 4],
  shift: [0, 1],
  brightness: [0, 1],
  contrast: [0, 1],
  saturation: [0, 1],
  hue: [0, 180],
  grey: [0, 1],
  blur: [0, 1],
  background: [0, 1],
} as const;

/** @throws ConfigError naming every field that is unknown or out of range */
export function resolveAugmentOptions(door: string, options: AugmentOptions): ResolvedAugmentOptions {
  const ranges = Object.entries(RANGES) as [keyof typeof RANGES, readonly [number, number]][];
  refuseUnknown(door, options, [...ranges.map(([name]) => name), 'scale']);
  const problems = ranges.flatMap(([name, [low, high]]) => {
    const value = options[name] ?? low;
    const fits = typeof value === 'number' && value >= low && value <= high;
    return fits ? [] : [`${name}: expected a number from ${low} to ${high}, got ${describeValue(value)}`];
  });
  const { scale = [1, 1] } = options;
  const isRange = Array.isArray(scale) && scale.length === 2 && scale.every(Number.isFinite);
  if (!isRange || !(scale[0] > 0 && scale[0] <= scale[1] && scale[1] <= 16)) {
    problems.push(
      `scale: expected [smallest, largest], positive and at most 16, got ${describeValue(scale)}`,
    );
  }
  if (problems.length > 0) throw new ConfigError(`${door}: ${problems.join('; ')}.`);
  const resolved = Object.fromEntries(ranges.map(([name, [low]]) => [name, options[name] ?? low]));
  // All fields of RANGES and scale are all there are.
  return { ...resolved, scale } as ResolvedAugmentOptions;
}

/**
 * A changed copy of a picture, of the same size, RGB.
 *
 * @param random - where the changes are drawn; the same draws give the same picture
 * @example augment(picture, resolveAugmentOptions('train', { rotate: 15, hue: 20 }), createRandom(1, 'example 7'));
 */
export function augment(raster: Raster, options: ResolvedAugmentOptions, random: Random): Raster {
  assertRaster(raster, 'augment');
  // All draws come first, so that none depends on another's outcome.
  const place = drawPlace(options, random);
  const colours = drawColours(options, random);
  const isBlurred = random.next() < options.blur;
  const source = toRgb(raster);
  const moved = transform(source, place, colours);
  return isBlurred ? blur(moved) : moved;
}

/** A colour for what is transparent: white, or by chance any. RGB, 0 … 255. */
export function drawBackground(
  { background }: Pick<ResolvedAugmentOptions, 'background'>,
  random: Random,
): readonly [number, number, number] {
  const isColoured = random.next() < background;
  const colour = [random.integer(256), random.integer(256), random.integer(256)] as const;
  return isColoured ? colour : [255, 255, 255];
}

/** Where a pixel of the result comes from, about the middle: x′ = a·x + b·y + c, y′ = d·x + e·y + f; c, f in sides. */
type Place = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

function drawPlace({ flip, rotate, scale, stretch, shift }: ResolvedAugmentOptions, random: Random): Place {
  const mirror = random.next() < flip ? -1 : 1;
  const angle = (between(random, -rotate, rotate) * Math.PI) / 180;
  const size = Math.exp(between(random, Math.log(scale[0]), Math.log(scale[1])));
  const aspect = Math.exp(between(random, -Math.log(stretch), Math.log(stretch)) / 2);
  const [right, down] = [between(random, -shift, shift), between(random, -shift, shift)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const acrossScale = mirror / (size * aspect);
  const downScale = aspect / size;
  return [
    cos * acrossScale,
    sin * acrossScale,
    -(cos * right + sin * down) * acrossScale,
    -sin * downScale,
    cos * downScale,
    (sin * right - cos * down) * downScale,
  ];
}

/** Three rows of red, green, blue and a constant (0 … 255). */
type Colours = Float64Array;

const LIGHTNESS = [0.299, 0.587, 0.114] as const; // Rec. 601

function drawColours(
  { brightness, contrast, saturation, hue, grey }: ResolvedAugmentOptions,
  random: Random,
): Colours {
  const added = 255 * between(random, -brightness, brightness);
  const spread = 1 + between(random, -contrast, contrast);
  const vividness = 1 + between(random, -saturation, saturation);
  const angle = (between(random, -hue, hue) * Math.PI) / 180;
  const colour = random.next() < grey ? 0 : vividness;
  const colours = new Float64Array(12);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      // A turn about the axis of greys, kept in part, and the grey in the rest.
      const cross = row === column ? 0 : (row + 1) % 3 === column ? -1 : 1;
      const turned = (row === column ? cos : 0) + (1 - cos) / 3 + (cross * sin) / Math.sqrt(3);
      colours[row * 4 + column] = spread * (colour * turned + (1 - colour) * LIGHTNESS[column]!);
    }
    colours[row * 4 + 3] = added + 127.5 * (1 - spread);
  }
  return colours;
}

function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.next();
}

function transform({ width, height, data }: Raster, [a, b, c, d, e, f]: Place, colours: Colours): Raster {
  const out = new Uint8ClampedArray(width * height * 3); // rounds and clamps
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = colours as unknown as number[]; // twelve
  let o = 0;
  for (let y = 0; y < height; y++) {
    const v = y - middleY;
    for (let x = 0; x < width; x++, o += 3) {
      const u = x - middleX;
      const sx = clamp(a * u + b * v + c * width + middleX, width - 1);
      const sy = clamp(d * u + e * v + f * height + middleY, height - 1);
      const left = Math.floor(sx);
      const top = Math.floor(sy);
      const fx = sx - left;
      const fy = sy - top;
      const p00 = (top * width + left) * 3;
      const right = left + 1 < width ? 3 : 0;
      const below = top + 1 < height ? width * 3 : 0;
      const w00 = (1 - fx) * (1 - fy);
      const w01 = fx * (1 - fy);
      const w10 = (1 - fx) * fy;
      const w11 = fx * fy;
      const p01 = p00 + right;
      const p10 = p00 + below;
      const p11 = p10 + right;
      const red = data[p00]! * w00 + data[p01]! * w01 + data[p10]! * w10 + data[p11]! * w11;
      const green = data[p00 + 1]! * w00 + data[p01 + 1]! * w01 + data[p10 + 1]! * w10 + data[p11 + 1]! * w11;
      const blue = data[p00 + 2]! * w00 + data[p01 + 2]! * w01 + data[p10 + 2]! * w10 + data[p11 + 2]! * w11;
      out[o] = m0! * red + m1! * green + m2! * blue + m3!;
      out[o + 1] = m4! * red + m5! * green + m6! * blue + m7!;
      out[o + 2] = m8! * red + m9! * green + m10! * blue + m11!;
    }
  }
  return { width, height, channels: 3, data: new Uint8Array(out.buffer) };
}

function clamp(value: number, high: number): number {
  return value < 0 ? 0 : value > high ? high : value;
}

/** The mean of 3 x 3, at the edges of what there is: rows first, then columns. */
function blur({ width, height, data }: Raster): Raster {
  const rows = new Uint16Array(data.length);
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const i = (y * width + x) * 3 + channel;
        rows[i] = data[i]! + data[x > 0 ? i - 3 : i]! + data[x + 1 < width ? i + 3 : i]!;
      }
    }
  }
  const stride = width * 3;
  for (let i = 0; i < data.length; i++) {
    const above = i >= stride ? i - stride : i;
    const below = i + stride < data.length ? i + stride : i;
    out[i] = Math.round((rows[i]! + rows[above]! + rows[below]!) / 9);
  }
  return { width, height, channels: 3, data: out };
}
