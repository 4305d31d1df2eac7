// A whole Raster → PNG, grey or RGB, and as the address of a picture within a page. Checked by those who let Rasters in.

import { encode } from 'fast-png';
import type { Raster } from './raster/index.ts';

export function toPng({ width, height, channels, data }: Raster): Uint8Array {
  return encode({ width, height, channels, data, depth: 8 });
}

/** `data:image/png;base64,…` */
export function toPngUrl(raster: Raster): string {
  let binary = '';
  for (const byte of toPng(raster)) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}
