// Made examples ↔ a message between threads: all pixels in one ArrayBuffer, which changes its owner instead of being
// copied, and where each picture lies in it. Texts that are not drawn go as they are.

import type { MadeExample, MadeRange } from '../data/index.ts';
import type { Raster } from '../raster/index.ts';

/** A Raster whose pixels lie in the message's buffer from `start` on. */
interface PackedRaster extends Omit<Raster, 'data'> {
  readonly start: number;
}

type Packed<T> = T extends { readonly kind: 'pair' }
  ? Omit<T, 'image' | 'text'> & {
      readonly image: PackedRaster | string;
      readonly text: PackedRaster | string;
    }
  : T;

export interface PackedRanges {
  readonly ranges: readonly (Omit<MadeRange, 'examples'> & {
    readonly examples: readonly Packed<MadeExample>[];
  })[];
  /** Of its own: nothing else lies in it. */
  readonly pixels: ArrayBuffer;
}

export function packRanges(ranges: readonly MadeRange[]): PackedRanges {
  const rasters = ranges.flatMap(({ examples }) =>
    examples.flatMap((example) => (example.kind === 'pair' ? [example.image, example.text] : [])),
  );
  const sizes = rasters.map((raster) => (typeof raster === 'string' ? 0 : raster.data.length));
  const pixels = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let end = 0;
  function pack(raster: Raster | string): PackedRaster | string {
    if (typeof raster === 'string') return raster;
    const { data, ...shape } = raster;
    const start = end;
    pixels.set(data, start);
    end += data.length;
    return { ...shape, start };
  }
  return {
    ranges: ranges.map((range) => ({
      ...range,
      examples: range.examples.map((example) =>
        example.kind === 'pair'
          ? { ...example, image: pack(example.image), text: pack(example.text) }
          : example,
      ),
    })),
    pixels: pixels.buffer,
  };
}

/** The Rasters are views of the one buffer. */
export function unpackRanges({ ranges, pixels }: PackedRanges): MadeRange[] {
  function unpack(packed: PackedRaster | string): Raster | string {
    if (typeof packed === 'string') return packed;
    const { start, ...shape } = packed;
    const { width, height, channels } = shape;
    return { ...shape, data: new Uint8Array(pixels, start, width * height * channels) };
  }
  return ranges.map((range) => ({
    ...range,
    examples: range.examples.map((example) =>
      example.kind === 'pair'
        ? { ...example, image: unpack(example.image), text: unpack(example.text) }
        : example,
    ),
  }));
}
