// What a model's arrays do not tell of it ↔ arrays that are saved beside them: the rows that drawn text is read from, how a
// tower of text pools, and the tokenizer.

import { CheckpointError } from '../errors.ts';
import { type ClippoConfig, TEXT_POOLS, type TextPool } from '../model/index.ts';
import type { TextRows } from '../text-rows.ts';
import type { DType } from './dtype.ts';

export interface ModelSettings {
  readonly textRows?: TextRows;
  readonly textPool?: TextPool;
  /** The file that it is read from. */
  readonly tokenizer?: Uint8Array;
}

/** Where a saved model keeps them: beside the parameters, out of the way of big_vision's own loader. */
const ROWS = 'clippo_ts/text_rows';
const POOL = 'clippo_ts/text_pool';
const TOKENIZER = 'clippo_ts/tokenizer';

interface StoredArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

interface SettingArray {
  readonly shape: number[];
  readonly data: Int32Array | Uint8Array;
}

/** The arrays to be saved; none for what is the default. */
export function storedSettings(
  { text, textRows = 'all' }: Pick<ClippoConfig, 'text' | 'textRows'>,
  tokenizer?: Uint8Array,
): [name: string, array: SettingArray][] {
  const one = (value: number): SettingArray => ({ shape: [1], data: Int32Array.of(value) });
  const stored: [string, SettingArray][] = [];
  if (textRows !== 'all') stored.push([ROWS, one(textRows === 'used' ? 0 : textRows)]);
  const pool = text?.kind === 'tokens' ? (text.pool ?? 'last') : 'last';
  if (pool !== 'last') stored.push([POOL, one(TEXT_POOLS.indexOf(pool))]);
  if (tokenizer !== undefined) stored.push([TOKENIZER, { shape: [tokenizer.length], data: tokenizer }]);
  return stored;
}

/** Takes those arrays out of those of a file. @throws CheckpointError when they make no sense */
export function takeSettings(arrays: Map<string, StoredArray & { readonly dtype?: DType }>): ModelSettings {
  const take = (name: string): StoredArray | undefined => {
    const array = arrays.get(name);
    arrays.delete(name);
    return array;
  };
  const number = (name: string, most: number): number | undefined => {
    const array = take(name);
    if (array === undefined) return undefined;
    const value = Number(array.data[0]);
    if (array.shape.join() === '1' && Number.isSafeInteger(value) && value >= 0 && value <= most)
      return value;
    const range = most === Infinity ? 'of at least 0' : `from 0 to ${most}`;
    throw new CheckpointError(
      `${name}: expected one integer ${range}, got ${value} in [${array.shape.join(', ')}].`,
    );
  };
  const rows = number(ROWS, Infinity);
  const pool = number(POOL, TEXT_POOLS.length - 1);
  const tokenizer = take(TOKENIZER)?.data;
  if (tokenizer !== undefined && !(tokenizer instanceof Uint8Array)) {
    throw new CheckpointError(`${TOKENIZER}: expected the bytes of a tokenizer, got other numbers.`);
  }
  return {
    ...(rows === undefined ? {} : { textRows: rows === 0 ? 'used' : rows }),
    ...(pool === undefined ? {} : { textPool: TEXT_POOLS[pool]! }), // within range
    ...(tokenizer === undefined ? {} : { tokenizer: tokenizer.slice() }), // lets go of the file
  };
}
