// An input → the picture that the network reads: a string is drawn, on the rows that are encoded of a text, and a
// picture is resized to the square, unless it is to go in as it is.

import { ConfigError, DataError } from '../errors.ts';
import { type ImageLike, toRaster } from '../image-input.ts';
import type { ResolvedClippoConfig } from '../model/index.ts';
import { describeValue } from '../options.ts';
import { type Raster, resize } from '../raster/index.ts';
import { createTextCanvas, type DrawText, type RenderOptions } from '../render/index.ts';

export interface ReadInputOptions {
  /** Default true; false leaves a picture as it is, which must then fit the network. */
  readonly resize?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @param what - name of the input, as the caller knows it */
export type ReadInput = (
  input: string | ImageLike,
  what: string,
  options: ReadInputOptions,
) => Promise<Raster>;

/** The font is loaded with the first string, and kept. */
export function createInputReader(
  config: ResolvedClippoConfig,
  render: Omit<RenderOptions, 'size'>,
): ReadInput {
  const { imageSize: S, patchSize: P } = config;
  let drawText: Promise<DrawText> | undefined;

  return async (input, what, { resize: fit = true, signal }) => {
    if (typeof input === 'string') {
      drawText ??= createTextCanvas(config, render);
      return (await drawText)(input);
    }
    const raster = await toRaster(input, what, signal);
    if (fit) return resize(raster, S);
    const { width, height } = raster;
    if (width === S && height <= S && height % P === 0) return raster;
    throw new DataError(
      `${what}: with resize: false a picture must be ${S} px wide and ${P} … ${S} px high in steps of ${P}, got ${width} x ${height}.`,
    );
  };
}

/** @throws ConfigError that says how to make a list of what was given instead */
export function assertList(what: string, list: readonly unknown[]): void {
  if (Array.isArray(list)) return;
  const given = typeof list === 'string' ? `the string ${JSON.stringify(list)}` : describeValue(list);
  throw new ConfigError(
    `${what}: expected a list, got ${given}. Put it into brackets: [${typeof list === 'string' ? JSON.stringify(list) : '…'}].`,
  );
}
