// Raster → PNG, grey or RGB, and as the address of a picture within a page.

import { encode } from 'fast-png';
import { assertRaster, type Raster } from './raster/index.ts';

/** A Raster as the bytes of a PNG. @throws DataError when it is not whole */
export function encodePng(raster: Raster): Uint8Array {
  assertRaster(raster);
  const { width, height, channels, data } = raster;
  return encode({ width, height, channels, data, depth: 8 });
}

/** `data:image/png;base64,…` */
export function pngUrl(raster: Raster): string {
  let binary = '';
  for (const byte of encodePng(raster)) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}
