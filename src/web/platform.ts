// The browser's side of the `#platform` contract (test/platform.test.ts holds it to it). Pictures are decoded by the
// browser itself; there is no disk, and what is not in the page's bundle is not there.

import { BackendError, ConfigError, DataError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { flattenRgba, type Raster } from '../raster/index.ts';
import { browserCache } from './browser-cache.ts';

export const readFile: Platform['readFile'] = (path) => {
  throw new ConfigError(
    `${String(path)}: a page cannot read the disk. Give an absolute URL (new URL('model.npz', location.href)), a File from an <input>, or the bytes.`,
  );
};

export const writeFile: Platform['writeFile'] = (path) => {
  throw new ConfigError(
    `${String(path)}: a page cannot write to the disk. Save into a WritableStream, such as the one of showSaveFilePicker().`,
  );
};

export const decodeImage: Platform['decodeImage'] = async (image, { background } = {}) => {
  // Copied into a buffer of its own: a Blob may not be made of shared memory.
  const drawable = image instanceof Uint8Array ? new Blob([image.slice()]) : image;
  const options: ImageBitmapOptions = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' };
  const bitmap = await createImageBitmap(drawable, options).catch((cause: unknown) => {
    throw new DataError(
      'The browser cannot decode this picture. Expected a whole PNG, JPEG, WebP, GIF or AVIF.',
      {
        cause,
      },
    );
  });
  try {
    return drawn(bitmap, background);
  } finally {
    bitmap.close();
  }
};

function drawn(bitmap: ImageBitmap, background?: readonly [number, number, number]): Raster {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null)
    throw new DataError(`The browser has no canvas for a picture of ${width} x ${height}.`);
  context.drawImage(bitmap, 0, 0);
  return flattenRgba(context.getImageData(0, 0, width, height).data, width, height, background);
}

export const onnxRuntime: Platform['onnxRuntime'] = async () => undefined;

export const onnxRuntimeAdvice: Platform['onnxRuntimeAdvice'] = () =>
  "A page has no ONNX Runtime but the one it is given. Hand it in: import * as runtime from 'onnxruntime-web'.";

export const sha256: Platform['sha256'] = async (bytes) => {
  // Pages that are served neither by https: nor from this machine have none.
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return undefined;
  // Shared memory is refused; everything else goes in as it is.
  const given = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const digest = new Uint8Array(await subtle.digest('SHA-256', given));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

export const defaultCache: Platform['defaultCache'] = browserCache;

export const parseTokenizerJson: Platform['parseTokenizerJson'] = async (_, { name }) => {
  throw new BackendError(
    `tokenizer "${name}": a page does not read a tokenizer.json by itself. Read it and hand it in: import { parseTokenizerJson } from 'clippo-ts/eval'; ClippoModel.load(file, { tokenizer: await parseTokenizerJson(json, { name: '…' }) }).`,
  );
};

export const environment: Platform['environment'] = () => undefined;
