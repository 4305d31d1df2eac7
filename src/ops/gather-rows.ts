// Rows of a table by number: x_i = T[id_i]. The gradient adds up the rows that came for each number, by a kernel where
// the backend has one; tfjs wasm has none, there it is a product with the matrix that says which is whose.

import * as tf from '@tensorflow/tfjs-core';

/**
 * @param table - float32 [V, D]
 * @param ids - int32 [B, L], 0 … V − 1
 * @returns float32 [B, L, D]
 */
export function gatherRows(table: tf.Tensor2D, ids: tf.Tensor2D): tf.Tensor3D {
  const [V, D] = table.shape;
  const gather = tf.customGrad((...args) => {
    const [table] = args as [tf.Tensor2D];
    return {
      value: tf.gather(table, ids),
      gradFunc: (dy: tf.Tensor) => sumRows(tf.reshape(dy, [-1, D]), tf.reshape(ids, [-1]), V),
    };
  });
  return gather(table) as tf.Tensor3D; // customGrad forgets the rank
}

/** Σ over the rows of each number: rows [N, D], ids [N] → [V, D] */
function sumRows(rows: tf.Tensor2D, ids: tf.Tensor1D, V: number): tf.Tensor2D {
  if (tf.getKernel('UnsortedSegmentSum', tf.getBackend())) return tf.unsortedSegmentSum(rows, ids, V);
  const isOwn = tf.equal(tf.reshape(tf.range(0, V, 1, 'int32'), [V, 1]), tf.reshape(ids, [1, -1])); // [V, N]
  return tf.matMul(tf.cast(isOwn, 'float32') as tf.Tensor2D, rows);
}
