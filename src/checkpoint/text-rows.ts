// `textRows`, the one setting of a model that its arrays do not tell ↔ an array that is saved beside them.

import { CheckpointError } from '../errors.ts';
import type { TextRows } from '../text-rows.ts';

/** Where a saved model keeps its `textRows`: beside the parameters, out of the way of big_vision's own loader. */
const STORED = 'clippo_ts/text_rows';

interface StoredArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

/** The array to be saved; none for the default. */
export function storedTextRows(
  textRows: TextRows,
): [name: string, array: { shape: number[]; data: Int32Array }][] {
  if (textRows === 'all') return [];
  return [[STORED, { shape: [1], data: Int32Array.of(textRows === 'used' ? 0 : textRows) }]];
}

/** Takes that array out of those of a file. @throws CheckpointError when it makes no sense */
export function takeTextRows(arrays: Map<string, StoredArray>): 'used' | number | undefined {
  const array = arrays.get(STORED);
  if (array === undefined) return undefined;
  arrays.delete(STORED);
  const rows = Number(array.data[0]);
  if (array.shape.join() !== '1' || !Number.isSafeInteger(rows) || rows < 0) {
    throw new CheckpointError(
      `${STORED}: expected one integer of at least 0, got ${rows} in [${array.shape.join(', ')}].`,
    );
  }
  return rows === 0 ? 'used' : rows;
}
