// Rasters of several sizes → groups of one size each, because a tensor holds one size. Which raster of the list a
// row of a group belongs to is kept beside it.

import { assertRaster, type Raster } from '../raster/index.ts';

/** Rasters of one size, in the order of the list they come from. */
export interface RasterGroup {
  readonly rasters: readonly Raster[];
  /** The place of each in that list. */
  readonly places: readonly number[];
}

/**
 * Groups rasters by width and height: the tallest first, so that the order of groups does not depend on that of the
 * rasters.
 *
 * @param what - name of the list, as the caller knows it
 * @throws DataError for what is no Raster
 */
export function groupBySize(rasters: readonly Raster[], what = 'rasters'): RasterGroup[] {
  const groups = new Map<string, { rasters: Raster[]; places: number[] }>();
  for (const [place, raster] of rasters.entries()) {
    assertRaster(raster, `${what}[${place}]`);
    const key = `${raster.width} x ${raster.height}`;
    const group = groups.get(key) ?? { rasters: [], places: [] };
    group.rasters.push(raster);
    group.places.push(place);
    groups.set(key, group);
  }
  const sizeOf = ({ rasters: [first] }: RasterGroup): [height: number, width: number] => [
    first!.height, // a group has at least one
    first!.width,
  ];
  return [...groups.values()].sort((a, b) => {
    const [[heightA, widthA], [heightB, widthB]] = [sizeOf(a), sizeOf(b)];
    return heightB - heightA || widthB - widthA;
  });
}
