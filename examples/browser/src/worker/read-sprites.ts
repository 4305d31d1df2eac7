// Sheets of pictures → one Raster a picture, for a model that has to read them all.

import { flattenRgba, type Raster } from 'clippo-ts';
import { PICTURE_SIZE, placeOf, SHEET_SIDE, sheetName } from '../../sprite-layout.ts';

/** @param data - address of the data's folder @param count - pictures in all */
export async function readSprites(data: string, count: number, signal: AbortSignal): Promise<Raster[]> {
  const rasters: Raster[] = [];
  const side = SHEET_SIDE * PICTURE_SIZE;
  for (let sheet = 0; rasters.length < count; sheet++) {
    const response = await fetch(data + sheetName(sheet), { signal });
    if (!response.ok)
      throw new Error(`${sheetName(sheet)} could not be loaded: the server answered ${response.status}.`);
    const bitmap = await createImageBitmap(await response.blob());
    const context = new OffscreenCanvas(side, side).getContext('2d', { willReadFrequently: true })!; // of a size that all browsers have
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    for (let i = 0; i < SHEET_SIDE ** 2 && rasters.length < count; i++) {
      const { column, row } = placeOf(i);
      const { data: rgba } = context.getImageData(
        column * PICTURE_SIZE,
        row * PICTURE_SIZE,
        PICTURE_SIZE,
        PICTURE_SIZE,
      );
      rasters.push(flattenRgba(rgba, PICTURE_SIZE, PICTURE_SIZE));
    }
  }
  return rasters;
}
