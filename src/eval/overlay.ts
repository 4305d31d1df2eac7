// A picture and a map of it → one picture: the map as coloured paper, and on it the picture in grey, so that letters stay
// black whatever they are worth. Heat runs from dark to bright; signed values from blue over white to red.

import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { assertRaster, createRaster, type Raster } from '../raster/index.ts';
import { assertPatchMap, type PatchMap } from './patch-map.ts';

/** How {@link overlay} colours a map. */
export interface OverlayOptions {
  /** Pixels a side that one pixel becomes, an integer. Default: as many as make the picture 448 px wide. */
  readonly scale?: number;
  /** 0 … 1: below 1 the picture's own colours shine through. Default 1. */
  readonly opacity?: number;
  /**
   * `'heat'` from the least value there can be, 0, to the largest of the map; `'diverging'` around 0, white, as far as
   * the value furthest from it. Default: `'diverging'` where a value is below 0.
   */
  readonly colours?: 'heat' | 'diverging';
}

/** Colours at equal distances, each brighter to the eye than the one before. */
const HEAT = [86, 68, 140, 146, 62, 138, 204, 74, 110, 238, 112, 72, 250, 168, 62, 253, 228, 128];
/** Blue, white, red: as bright on one side as on the other. */
const DIVERGING = [40, 92, 178, 134, 176, 226, 246, 245, 242, 236, 158, 122, 186, 46, 42];

/** What is black in the picture keeps this much of the paper's colour. */
const INK = 0.08;
/** Below 1: dark pictures get lighter, so that colours show on them too. */
const GAMMA = 0.6;

/**
 * Lays a map over the picture it is of.
 *
 * @param raster - the picture as the model read it, `await model.toRaster(input)`
 * @param map - of {@link attentionMap} or {@link occlusionMap}; drawn smooth, each value at the centre of its cell
 * @returns RGB, `scale` times as large
 * @throws ConfigError for options that cannot work, ShapeError for a map of another picture, DataError for broken values
 * @example await writePng('seen.png', overlay(await model.toRaster(text), await attentionMap(model, text)));
 */
export function overlay(raster: Raster, map: PatchMap, options: OverlayOptions = {}): Raster {
  refuseUnknown('overlay', options, ['scale', 'opacity', 'colours']);
  assertRaster(raster, 'overlay');
  assertPatchMap('overlay', map, raster);
  const { width, height, channels, data } = raster;
  const { scale = Math.ceil(448 / width), opacity = 1 } = options;
  if (!Number.isInteger(scale) || scale < 1) {
    throw new ConfigError(`overlay: scale: expected a positive integer, got ${describeValue(scale)}.`);
  }
  assertNumber('overlay', 'opacity', opacity, 0, 1);
  const negative = map.values.find((value) => value < 0);
  const { colours = negative === undefined ? 'heat' : 'diverging' } = options;
  if (colours !== 'heat' && colours !== 'diverging') {
    throw new ConfigError(`overlay: colours: expected 'heat' or 'diverging', got ${describeValue(colours)}.`);
  }
  if (colours === 'heat' && negative !== undefined) {
    throw new ConfigError(
      `overlay: heat starts at 0, and the map has ${negative}. Use { colours: 'diverging' }.`,
    );
  }

  const out = createRaster(width * scale, height * scale);
  const palette = paletteOf(colours);
  const [low, high] = rangeOf(map.values, colours);
  const shades = shadesOf(raster);
  const across = taps(map.columns, map.patchSize * scale, out.width);
  const down = taps(map.rows, map.patchSize * scale, out.height);
  let o = 0;
  for (let y = 0; y < out.height; y++) {
    const row = Math.floor(y / scale) * width;
    for (let x = 0; x < out.width; x++) {
      const value = sample(map, down, y, across, x);
      const level = Math.round((255 * (value - low)) / (high - low)) * 3;
      const pixel = row + Math.floor(x / scale);
      for (let channel = 0; channel < 3; channel++) {
        const own = data[channels === 3 ? pixel * 3 + channel : pixel]!;
        const tinted = palette[level + channel]! * shades[pixel]!;
        out.data[o++] = Math.round(own + opacity * (tinted - own));
      }
    }
  }
  return out;
}

/** 256 colours of three bytes */
function paletteOf(colours: 'heat' | 'diverging'): Float32Array {
  const stops = colours === 'heat' ? HEAT : DIVERGING;
  const last = stops.length / 3 - 1;
  const palette = new Float32Array(256 * 3);
  for (let i = 0; i < palette.length; i++) {
    const at = (Math.floor(i / 3) / 255) * last;
    const stop = Math.min(last - 1, Math.floor(at));
    const [before, after] = [stops[stop * 3 + (i % 3)]!, stops[stop * 3 + 3 + (i % 3)]!];
    palette[i] = before + (after - before) * (at - stop);
  }
  return palette;
}

/** The values that get the first and the last colour. */
function rangeOf(values: Float32Array, colours: 'heat' | 'diverging'): [low: number, high: number] {
  let [most, furthest] = [0, 0];
  for (const value of values) {
    most = Math.max(most, value);
    furthest = Math.max(furthest, Math.abs(value));
  }
  // A map of zeros is as cold as can be, or white.
  return colours === 'heat' ? [0, most || 1] : [-(furthest || 1), furthest || 1];
}

/** How bright each pixel is beside the brightest one of the picture, from INK to 1. */
function shadesOf({ data, channels }: Raster): Float32Array {
  const shades = new Float32Array(data.length / channels);
  let brightest = 1;
  for (let i = 0; i < shades.length; i++) {
    const [r, g, b] = channels === 3 ? data.subarray(i * 3, i * 3 + 3) : [data[i]!, data[i]!, data[i]!];
    shades[i] = 0.299 * r! + 0.587 * g! + 0.114 * b!;
    brightest = Math.max(brightest, shades[i]!);
  }
  for (let i = 0; i < shades.length; i++) shades[i] = INK + (1 - INK) * (shades[i]! / brightest) ** GAMMA;
  return shades;
}

/** For each pixel the cell before it, the one after, and how far it lies between their centres. */
interface Taps {
  readonly before: Uint32Array;
  readonly after: Uint32Array;
  readonly fraction: Float32Array;
}

function taps(cells: number, cell: number, pixels: number): Taps {
  const before = new Uint32Array(pixels);
  const after = new Uint32Array(pixels);
  const fraction = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const at = Math.min(cells - 1, Math.max(0, (i + 0.5) / cell - 0.5));
    before[i] = Math.floor(at);
    after[i] = Math.min(cells - 1, before[i]! + 1);
    fraction[i] = at - before[i]!;
  }
  return { before, after, fraction };
}

function sample({ values, columns }: PatchMap, down: Taps, y: number, across: Taps, x: number): number {
  const [left, right, fx] = [across.before[x]!, across.after[x]!, across.fraction[x]!];
  const [top, bottom, fy] = [down.before[y]! * columns, down.after[y]! * columns, down.fraction[y]!];
  const above = values[top + left]! * (1 - fx) + values[top + right]! * fx;
  const below = values[bottom + left]! * (1 - fx) + values[bottom + right]! * fx;
  return above * (1 - fy) + below * fy;
}
