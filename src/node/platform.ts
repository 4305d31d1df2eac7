// Node's side of the `#platform` contract.

import { DataError } from '../errors.ts';
import type { Platform } from '../platform.ts';
import { readFile, writeFile } from './files.ts';
import { decode } from './image-file.ts';

const decodeImage: Platform['decodeImage'] = async (image) => {
  if (image instanceof Uint8Array) return decode(image, 'picture');
  if (image instanceof Blob) return decode(new Uint8Array(await image.arrayBuffer()), 'picture');
  throw new DataError(
    'Image elements exist in browsers only. In Node give a Raster, a URL, or the bytes of an encoded picture.',
  );
};

export { decodeImage, readFile, writeFile };

// The contract both platforms keep; a mismatch is a compile error here.
({ decodeImage, readFile, writeFile }) satisfies Platform;
