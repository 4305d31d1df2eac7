// The door of raster/: the one currency of the library, and how its size changes.

export {
  type AugmentOptions,
  augment,
  drawBackground,
  type ResolvedAugmentOptions,
  resolveAugmentOptions,
} from './augment.ts';
export {
  assertRaster,
  assertSize,
  createRaster,
  flattenRgba,
  pasteRaster,
  type Raster,
  toRgb,
} from './raster.ts';
export { centralCrop, resize } from './resize.ts';
