// A float32 matrix ↔ the .npy format of numpy, for indexes that Python reads too.

import { DataError } from '../errors.ts';

const MAGIC = '\x93NUMPY';

/** Version 1.0, row-major, little-endian, the data at a multiple of 64 bytes as numpy wants it. */
export function npyChunks(data: Float32Array, count: number, dim: number): Uint8Array[] {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${dim}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = `${MAGIC}\x01\x00${String.fromCharCode((length - 10) & 255, (length - 10) >> 8)}${text}`;
  const bytes = Uint8Array.from(`${header.padEnd(length - 1)}\n`, (character) => character.charCodeAt(0));
  return [bytes, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

/** @throws DataError unless `bytes` is a whole row-major float32 matrix */
export function parseNpyMatrix(bytes: Uint8Array, what: string): { data: Float32Array; dim: number } {
  const length = 10 + ((bytes[8] ?? 0) | ((bytes[9] ?? 0) << 8));
  const start = String.fromCharCode(...bytes.subarray(0, Math.min(length, 512)));
  const header = start.slice(10);
  const [, rows, columns] = /'shape': \((\d+), (\d+)\)/.exec(header) ?? [];
  const isMatrix =
    start.startsWith(`${MAGIC}\x01\x00`) &&
    header.includes("'descr': '<f4'") &&
    header.includes("'fortran_order': False");
  const [count, dim] = [Number(rows), Number(columns)];
  if (!isMatrix || !(dim > 0) || bytes.length !== length + count * dim * 4) {
    throw new DataError(
      `${what}: expected a whole .npy file of a float32 matrix, as \`clippo embed\` writes it.`,
    );
  }
  return { data: new Float32Array(bytes.slice(length).buffer), dim };
}
