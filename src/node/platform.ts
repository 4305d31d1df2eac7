// Node's side of the `#platform` contract (test/platform.test.ts holds it to it).

import type { OrtRuntime } from '../compile/index.ts';
import { BackendError, DataError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { directoryCache } from './directory-cache.ts';
import { nodeRuntime } from './engines.ts';
import { decode } from './image-file.ts';

export { readFile, writeFile } from './files.ts';
export { sha256 } from './sha256.ts';

export const decodeImage: Platform['decodeImage'] = async (image, options) => {
  if (image instanceof Uint8Array) return decode(image, 'picture', options);
  if (image instanceof Blob) return decode(new Uint8Array(await image.arrayBuffer()), 'picture', options);
  throw new DataError(
    'Image elements exist in browsers only. In Node give a Raster, a URL, or the bytes of an encoded picture.',
  );
};

export const onnxRuntime: Platform['onnxRuntime'] = async () => {
  const found = installedRuntime();
  return found instanceof Error ? undefined : found;
};

export const onnxRuntimeAdvice: Platform['onnxRuntimeAdvice'] = () => {
  const found = installedRuntime();
  return found instanceof Error ? found.message : 'onnxruntime-node is installed and loads.';
};

/** The error is kept, because what is broken is worth telling only to those who ask for it. */
function installedRuntime(): OrtRuntime | BackendError {
  try {
    return nodeRuntime();
  } catch (error) {
    if (error instanceof BackendError) return error;
    throw error;
  }
}

export const defaultCache: Platform['defaultCache'] = () => directoryCache();

export const parseTokenizerJson: Platform['parseTokenizerJson'] = async (file, options) => {
  const { parseTokenizerJson: parse } = await import('../tokens/hugging-face/index.ts');
  return parse(file, options);
};

/** Set to nothing is not set. */
export const environment: Platform['environment'] = (name) => process.env[name] || undefined;
