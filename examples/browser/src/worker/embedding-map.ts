// Pictures and words → a plane to look at: their first two principal components, the gap between the two kinds, and the place of any
// further text on that plane.

import { createEmbeddings, type Embeddings, similarityMatrix } from 'clippo-ts';
import type { EmbeddingMap } from '../protocol.ts';

interface Plane {
  /** [2, dim] */
  readonly components: Float64Array;
  readonly centre: Float64Array;
}

let plane: Plane | undefined;

/** @param words - row i names picture i */
export async function mapOf(pictures: Embeddings, words: Embeddings): Promise<EmbeddingMap> {
  const { modalityGap } = await import('clippo-ts/eval');
  const { distance, pca } = modalityGap(pictures, words);
  plane = { components: pca.components, centre: centreOf([pictures, words]) };
  let matched = 0;
  for (let i = 0; i < pictures.count; i++) {
    matched += similarityMatrix(oneRow(pictures, i), oneRow(words, i)).data[0]! / pictures.count;
  }
  return {
    gap: distance,
    explained: pca.explained,
    matched,
    pictures: Float32Array.from(pca.a),
    words: Float32Array.from(pca.b),
  };
}

/** Where a vector lies on the plane of the map that was made last. */
export function placeOnMap(row: Float32Array): readonly [number, number] {
  if (plane === undefined) throw new Error('There is no map yet. Press “Draw the map”.');
  const { components, centre } = plane;
  const along = (axis: number): number =>
    row.reduce((sum, value, k) => sum + (value - centre[k]!) * components[axis * row.length + k]!, 0);
  return [along(0), along(1)];
}

const oneRow = ({ data, dim }: Embeddings, i: number): Embeddings =>
  createEmbeddings(data.subarray(i * dim, (i + 1) * dim), dim);

function centreOf(kinds: readonly Embeddings[]): Float64Array {
  const count = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const centre = new Float64Array(kinds[0]!.dim);
  for (const { data, dim } of kinds) {
    for (let i = 0; i < data.length; i++) centre[i % dim]! += data[i]! / count;
  }
  return centre;
}
