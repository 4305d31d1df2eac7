// Features differ in size from one to the next by orders of magnitude, which slows down whatever goes downhill. So a head
// learns on features of mean 0 and deviation 1; what that did to its first layer is undone at the end, and the head that is
// left takes the features as they are.

import type { Embeddings } from '../embeddings.ts';

/** (x − shift) · factor, for each of the D features. */
export interface FeatureScale {
  readonly shift: Float64Array;
  readonly factor: Float64Array;
}

/** The scale by which these rows have mean 0 and deviation 1; a feature that never changes becomes 0. */
export function scaleOf({ data, count, dim }: Embeddings): FeatureScale {
  const shift = new Float64Array(dim);
  const factor = new Float64Array(dim);
  for (let i = 0; i < count; i++) for (let k = 0; k < dim; k++) shift[k]! += data[i * dim + k]!;
  for (let k = 0; k < dim; k++) shift[k]! /= count;
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < dim; k++) factor[k]! += (data[i * dim + k]! - shift[k]!) ** 2;
  }
  for (let k = 0; k < dim; k++) {
    const deviation = Math.sqrt(factor[k]! / count);
    // Beside what float32 can tell apart at that size, a deviation is rounding.
    factor[k] = deviation > 1e-6 * Math.abs(shift[k]!) && deviation > 0 ? 1 / deviation : 0;
  }
  return { shift, factor };
}

/** A dense layer, row-major [D, M], and its bias [M]. */
export interface DenseValues {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** The layer that does on features as they are what this one does on scaled ones. */
export function withoutScale({ kernel, bias }: DenseValues, { shift, factor }: FeatureScale): DenseValues {
  return rescaled(
    { kernel, bias },
    (k) => factor[k]!,
    (k, weight) => -shift[k]! * weight,
  );
}

/** The other way round. */
export function withScale({ kernel, bias }: DenseValues, { shift, factor }: FeatureScale): DenseValues {
  const inverse = (k: number): number => (factor[k] === 0 ? 0 : 1 / factor[k]!);
  return rescaled({ kernel, bias }, inverse, (k, _, before) => shift[k]! * before);
}

/** Rows of the kernel times a factor each; what that moves the outputs by goes into the bias. */
function rescaled(
  { kernel, bias }: DenseValues,
  factorOf: (k: number) => number,
  moved: (k: number, after: number, before: number) => number,
): DenseValues {
  const units = bias.length;
  const sums = Float64Array.from(bias);
  const scaled = new Float32Array(kernel.length);
  for (let k = 0; k < kernel.length / units; k++) {
    const factor = factorOf(k);
    for (let j = 0; j < units; j++) {
      const before = kernel[k * units + j]!;
      const after = before * factor;
      scaled[k * units + j] = after;
      sums[j]! += moved(k, after, before);
    }
  }
  return { kernel: scaled, bias: Float32Array.from(sums) };
}
