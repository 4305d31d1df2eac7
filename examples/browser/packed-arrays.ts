// Arrays of numbers ↔ a quarter of their size: each row as int8 with one scale, in a safetensors file. The build packs weights and
// vectors with it, the page unpacks them. What it costs in quality is measured by test/examples/demo-model.test.ts.

import {
  createEmbeddings,
  type Embeddings,
  type NdArrayLike,
  parseSafetensors,
  toFloat32,
  writeSafetensors,
} from 'clippo-ts';

/** The scales of array `a` lie beside it as `a#scales`. */
const SCALES = '#scales';
/** Arrays of fewer values stay as they are: biases and norms cost nothing, and matter. */
const SMALLEST = 4096;

/**
 * @param arrays - name → array; the first dimension of a packed array tells its rows
 * @param metadata - text to go with them
 */
export function packArrays(
  arrays: ReadonlyMap<string, NdArrayLike>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const packed = new Map<string, NdArrayLike>();
  for (const [name, array] of arrays) {
    const { shape, data } = array;
    if (!(data instanceof Float32Array)) {
      packed.set(name, array);
    } else if (data.length < SMALLEST) {
      packed.set(name, { dtype: 'float16', shape, data });
    } else {
      const rows = rowsOf(shape);
      const { values, scales } = quantiseRows(data, rows);
      packed.set(name, { dtype: 'int8', shape, data: values });
      packed.set(name + SCALES, { dtype: 'float32', shape: [rows], data: scales });
    }
  }
  return writeSafetensors(packed, { metadata });
}

/** What {@link packArrays} has packed, as float32; whole numbers that have no scales stay whole. */
export function unpackArrays(bytes: Uint8Array): Map<string, NdArrayLike> {
  const packed = parseSafetensors(bytes);
  const arrays = new Map<string, NdArrayLike>();
  for (const [name, array] of packed) {
    if (name.endsWith(SCALES)) continue;
    const { dtype, shape, data } = array;
    const scales = packed.get(name + SCALES);
    if (scales !== undefined && data instanceof Int8Array) {
      const restored = restoreRows(data, toFloat32(scales), rowsOf(shape));
      arrays.set(name, { dtype: 'float32', shape, data: restored });
    } else if (dtype === 'float16') {
      arrays.set(name, { dtype: 'float32', shape, data: toFloat32(array) });
    } else {
      arrays.set(name, { dtype, shape, data });
    }
  }
  return arrays;
}

/** The vectors of a packed file, one a row of its array `vectors`. */
export function unpackVectors(bytes: Uint8Array): Embeddings {
  const { data, shape } = unpackArrays(bytes).get('vectors')!;
  return createEmbeddings(Float32Array.from(data as Float32Array), shape[1]!); // packed from float32
}

/** A single dimension is one row: its values share a scale. */
const rowsOf = (shape: readonly number[]): number => (shape.length > 1 ? leadingRows(shape) : 1);
/** Leading dimensions of size 1 tell nothing apart. */
const leadingRows = (shape: readonly number[]): number => shape.find((size) => size > 1) ?? 1;

function quantiseRows(data: Float32Array, rows: number): { values: Int8Array; scales: Float32Array } {
  const values = new Int8Array(data.length);
  const scales = new Float32Array(rows);
  const length = data.length / rows;
  for (let row = 0; row < rows; row++) {
    const start = row * length;
    let largest = 0;
    for (let i = start; i < start + length; i++) largest = Math.max(largest, Math.abs(data[i]!));
    scales[row] = largest / 127;
    if (largest === 0) continue;
    for (let i = start; i < start + length; i++) values[i] = Math.round((data[i]! / largest) * 127);
  }
  return { values, scales };
}

function restoreRows(values: Int8Array, scales: Float32Array, rows: number): Float32Array {
  const length = values.length / rows;
  const data = new Float32Array(values.length);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let k = 0; k < length; k++, i++) data[i] = values[i]! * scales[row]!;
  }
  return data;
}
