// The options of `fromPretrained` → the bytes of the model and what `load` needs to know, the font among it.

import {
  isShippedName,
  type PretrainedName,
  readPretrained,
  requirePretrainedName,
} from '../checkpoint/index.ts';
import type { LoadOptions } from '../clippo-model.ts';
import { DOWNLOAD_OPTIONS, type DownloadOptions, resolveDownloads } from '../download/index.ts';
import { ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { fetchUnifont, TRAINING_UNIFONT } from '../unifont-release.ts';

/** How `ClippoModel.fromPretrained` comes by a model. */
export interface PretrainedOptions extends Omit<LoadOptions, 'cache' | 'tokenizer'>, DownloadOptions {
  /**
   * `'exact'`: the Unifont release that the model was trained with, fetched for the published ones and kept as they are.
   * Default `'bundled'`: Unifont 15.0.01 in the package, which draws a few characters differently.
   */
  readonly font?: 'bundled' | 'exact';
}

/** What `ClippoModel.load` takes. */
export const LOAD_OPTIONS: readonly string[] = [
  ...['signal', 'onProgress', 'cache', 'imageSize', 'render', 'textRows', 'tokenizer'],
];

const DOOR = 'ClippoModel.fromPretrained';

/** @throws ConfigError, CheckpointError, FontError */
export async function openPretrained(
  name: PretrainedName,
  options: PretrainedOptions,
): Promise<{ bytes: Uint8Array; loadOptions: LoadOptions }> {
  requirePretrainedName(name);
  refuseUnknown(DOOR, options, [...DOWNLOAD_OPTIONS, 'font', 'imageSize', 'render', 'textRows']);
  const { font = 'bundled', imageSize, render, textRows, ...downloads } = options;
  if (font !== 'bundled' && font !== 'exact') {
    throw new ConfigError(`${DOOR}: font: expected 'bundled' or 'exact', got ${describeValue(font)}.`);
  }
  if (font === 'exact' && render?.font !== undefined) {
    throw new ConfigError(
      `${DOOR}: font 'exact' and render.font contradict each other. Leave one of them out.`,
    );
  }
  const resolved = resolveDownloads(DOOR, downloads);
  const bytes = await readPretrained(name, resolved);
  const loadOptions: LoadOptions = {
    ...(downloads.signal && { signal: downloads.signal }),
    ...(imageSize !== undefined && { imageSize }),
    ...(textRows !== undefined && { textRows }),
    ...(render && { render }),
  };
  // What is in the package was trained with the font in the package.
  if (isShippedName(name) || render?.font !== undefined) return { bytes, loadOptions };
  if (font === 'bundled') {
    resolved.warn(
      `${name} was trained on text drawn with Unifont ${TRAINING_UNIFONT}; it is drawn with the bundled 15.0.01, in which some characters differ. For the exact pixels: font: 'exact'.`,
    );
    return { bytes, loadOptions };
  }
  const { sha256: _, ...forFont } = downloads; // the checkpoint's
  const exact = await fetchUnifont({ ...forFont, version: TRAINING_UNIFONT });
  return { bytes, loadOptions: { ...loadOptions, render: { ...render, font: exact } } };
}
