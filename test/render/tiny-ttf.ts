// A TrueType font of two glyphs, byte by byte: quadratic curves, `cmap` of format 4, `loca` of 16 bits.
// 16 units per em, ascender 12, descender −4: at 16 px a unit is a pixel.

import { zlibSync } from 'fflate';

const u16 = (...values: number[]) => values.flatMap((value) => [(value >> 8) & 255, value & 255]);
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)];

// An on-curve point has flag 1; a point off the curve controls it. Coordinates are 16-bit deltas.
/** One contour; `lastPoint` may lie about the number of its points. */
export const simpleGlyph = (points: [x: number, y: number, on: 0 | 1][], lastPoint = points.length - 1) => {
  const deltas = (axis: 0 | 1) =>
    points.flatMap((point, i) => u16(point[axis] - (points[i - 1]?.[axis] ?? 0)));
  const bytes = [
    ...[...u16(1), ...u16(0, 0, 16, 16), ...u16(lastPoint), ...u16(0)],
    ...[...points.map(([, , on]) => on), ...deltas(0), ...deltas(1)],
  ];
  return bytes.length % 2 === 0 ? bytes : [...bytes, 0];
};

// A: a square of 8 px. B: a leaf between (0, 0) and (8, 8), bounded by two parabolas.
const A = simpleGlyph([
  [2, 0, 1],
  [2, 8, 1],
  [10, 8, 1],
  [10, 0, 1],
]);
const B = simpleGlyph([
  [0, 0, 1],
  [0, 8, 0],
  [8, 8, 1],
  [8, 0, 0],
]);

/** Segments 41-42 (delta: glyph 1, 2) and the terminator. */
const CMAP = [
  ...u16(0, 1, 3, 1),
  ...u32(12),
  ...[...u16(4, 32, 0, 4, 4, 1, 0), ...u16(0x42, 0xffff), ...u16(0), ...u16(0x41, 0xffff)],
  ...[...u16(1 - 0x41, 1), ...u16(0, 0)],
];

const TABLES: Record<string, number[]> = {
  cmap: CMAP,
  glyf: [...A, ...B],
  head: [
    ...[...u32(0x10000), ...u32(0), ...u32(0), ...u32(0x5f0f3cf5), ...u16(0, 16)],
    ...[...u32(0), ...u32(0), ...u32(0), ...u32(0), ...u16(0, 0, 16, 16), ...u16(0, 8, 2, 0, 0)],
  ],
  hhea: [...u32(0x10000), ...u16(12, -4, 0, 16, 0, 0, 16, 1, 0, 0, 0, 0, 0, 0, 0, 3)],
  hmtx: u16(8, 0, 12, 2, 10, 0),
  loca: u16(0, 0, A.length / 2, (A.length + B.length) / 2),
  maxp: [...u32(0x10000), ...u16(3, 8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)],
};

/** @param tables - replaces or, with undefined, removes tables */
export function makeTinyTtf(tables: Record<string, number[] | undefined> = {}): Uint8Array {
  const entries = Object.entries({ ...TABLES, ...tables }).filter(
    (entry): entry is [string, number[]] => !!entry[1],
  );
  let offset = 12 + 16 * entries.length;
  const directory: number[] = [...u32(0x10000), ...u16(entries.length, 0, 0, 0)];
  const data: number[] = [];
  for (const [tag, bytes] of entries) {
    directory.push(...[...tag].map((c) => c.charCodeAt(0)), ...u32(0), ...u32(offset), ...u32(bytes.length));
    const padded = [...bytes, 0, 0, 0].slice(0, Math.ceil(bytes.length / 4) * 4);
    data.push(...padded);
    offset += padded.length;
  }
  return Uint8Array.from([...directory, ...data]);
}

/** The same font as WOFF: tables deflated where that makes them smaller. */
export function makeTinyWoff(): Uint8Array {
  const entries = Object.entries(TABLES);
  let offset = 44 + 20 * entries.length;
  const header = [...u32(0x774f4646), ...u32(0x10000), ...u32(0), ...u16(entries.length, 0)];
  const directory = [...header, ...new Array<number>(44 - header.length).fill(0)];
  const data: number[] = [];
  for (const [tag, bytes] of entries) {
    const deflated = [...zlibSync(Uint8Array.from(bytes), { level: 9 })];
    const stored = deflated.length < bytes.length ? deflated : bytes;
    directory.push(...[...tag].map((c) => c.charCodeAt(0)), ...u32(offset), ...u32(stored.length));
    directory.push(...u32(bytes.length), ...u32(0));
    data.push(...stored);
    offset += stored.length;
  }
  return Uint8Array.from([...directory, ...data]);
}
