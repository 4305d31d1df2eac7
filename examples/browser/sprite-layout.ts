// Where the picture of a candidate lies: sheets of pictures, side by side, so that a page of hits is a few requests.

/** Pictures a side of a sheet. */
export const SHEET_SIDE = 8;
/** Side of a picture on a sheet, px. */
export const PICTURE_SIZE = 80;

export interface Place {
  readonly sheet: number;
  readonly column: number;
  readonly row: number;
}

export function placeOf(index: number): Place {
  const within = index % SHEET_SIDE ** 2;
  return {
    sheet: Math.floor(index / SHEET_SIDE ** 2),
    column: within % SHEET_SIDE,
    row: Math.floor(within / SHEET_SIDE),
  };
}

export const sheetName = (sheet: number): string => `sheet-${sheet}.webp`;
