// Picture files → Rasters of the model's size. One that cannot be read is told and left out, so that it does not
// end a long job; a missing decoder does.

import { DataError } from '../errors.ts';
import { readImage } from '../node/index.ts';
import { type Raster, resize } from '../raster/index.ts';
import { printable } from './table.ts';
import type { Terminal } from './terminal.ts';

/**
 * Resized at once: a photo takes a hundred times the memory of what the model sees of it.
 *
 * @returns undefined for a broken picture
 */
export async function readPicture(
  file: string,
  size: number,
  terminal: Terminal,
): Promise<Raster | undefined> {
  terminal.signal.throwIfAborted();
  try {
    return resize(await readImage(file), size);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    terminal.warn(printable(`skipped ${error.message}`));
    return undefined;
  }
}

/** At the very end, when everything else is written. @throws DataError when any was skipped */
export function complainAboutSkipped(skipped: number, total: number): void {
  if (skipped > 0) {
    throw new DataError(
      `${skipped} of ${total} pictures could not be read (listed above); the rest is done.`,
    );
  }
}
