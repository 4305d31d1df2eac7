// An input → what the network reads: a string goes the way of text, a picture is resized to the square, unless it is to go
// in as it is.

import { ConfigError, DataError } from '../errors.ts';
import { type ImageLike, toRaster } from '../image-input.ts';
import type { NetworkInput, ResolvedClippoConfig } from '../model/index.ts';
import { describeValue } from '../options.ts';
import { resize } from '../raster/index.ts';
import { createTextReader, type ReadText, type TextReaderOptions } from './text-reader.ts';

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
) => Promise<NetworkInput>;

/** The font is loaded with the first string, and kept. */
export function createInputReader(config: ResolvedClippoConfig, textOptions: TextReaderOptions): ReadInput {
  const { imageSize: S, patchSize: P } = config;
  let readText: Promise<ReadText> | undefined;

  return async (input, what, { resize: fit = true, signal }) => {
    if (typeof input === 'string') {
      readText ??= createTextReader(config, textOptions);
      return (await readText)(input);
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
