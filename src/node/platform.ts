// Node's side of the `#platform` contract.

import type { OrtRuntime } from '../compile/index.ts';
import { BackendError, DataError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { directoryCache } from './directory-cache.ts';
import { nodeRuntime } from './engines.ts';
import { readFile, writeFile } from './files.ts';
import { decode } from './image-file.ts';
import { sha256 } from './sha256.ts';

const decodeImage: Platform['decodeImage'] = async (image, options) => {
  if (image instanceof Uint8Array) return decode(image, 'picture', options);
  if (image instanceof Blob) return decode(new Uint8Array(await image.arrayBuffer()), 'picture', options);
  throw new DataError(
    'Image elements exist in browsers only. In Node give a Raster, a URL, or the bytes of an encoded picture.',
  );
};

const onnxRuntime: Platform['onnxRuntime'] = async () => {
  const found = installedRuntime();
  return found instanceof Error ? undefined : found;
};

const onnxRuntimeAdvice: Platform['onnxRuntimeAdvice'] = () => {
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

const defaultCache: Platform['defaultCache'] = () => directoryCache();

/** Set to nothing is not set. */
const environment: Platform['environment'] = (name) => process.env[name] || undefined;

export {
  decodeImage,
  defaultCache,
  environment,
  onnxRuntime,
  onnxRuntimeAdvice,
  readFile,
  sha256,
  writeFile,
};

// The contract both platforms keep; a mismatch is a compile error here.
({
  decodeImage,
  defaultCache,
  environment,
  onnxRuntime,
  onnxRuntimeAdvice,
  readFile,
  sha256,
  writeFile,
}) satisfies Platform;
