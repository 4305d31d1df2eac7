// What cuts texts into tokens, behind one contract: for counting them, and for models that read them. What begins, ends or
// fills up a sequence ([CLS], </s>, padding) is not counted, since patches of drawn text have none of it.

import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';

/** Anything that cuts a text into tokens. */
export interface Tokenizer {
  /** As it stands in tables and figures. */
  readonly name: string;
  /** Tokens of a text, without those that begin, end or fill up a sequence. */
  count(text: string): number;
}

/** A tokenizer whose tokens have numbers, as a model that reads tokens needs them. */
export interface TextTokenizer extends Tokenizer {
  /** V: ids are 0 … V − 1. */
  readonly vocabulary: number;
  /** The id that ends a text and fills up what is left of a sequence; undefined where the file names none. */
  readonly end: number | undefined;
  /** Ids of a text, without those that begin, end or fill up a sequence. */
  encode(text: string): Int32Array;
  /** The file it was read from: a model that is saved takes it along. */
  readonly file: Uint8Array;
}

/** @throws ConfigError unless `name` can head a column */
export function tokenizerName(door: string, name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '') return name;
  throw new ConfigError(`${door}: name: expected a name for tables and figures, got ${describeValue(name)}.`);
}

/** @throws DataError */
export function assertText(name: string, text: unknown): asserts text is string {
  if (typeof text === 'string') return;
  throw new DataError(`tokenizer "${name}": expected a string, got ${describeValue(text)}.`);
}

/** Pieces that end a text, by their custom in several families of tokenizers; the first that is there is taken. */
const END_PIECES = ['</s>', '<|endoftext|>', '<eos>', '[SEP]'];

/**
 * @param idOf - of a piece; undefined where there is none
 * @param end - the piece that the caller wants; undefined: one of the customary ones
 * @throws ConfigError when that piece is none
 */
export function endOf(
  what: string,
  idOf: (piece: string) => number | undefined,
  end: string | undefined,
): number | undefined {
  if (end === undefined) return END_PIECES.map(idOf).find((id) => id !== undefined);
  const id = idOf(end);
  if (id !== undefined) return id;
  throw new ConfigError(
    `${what}: end: ${describeValue(end)} is none of its pieces. Name the one that ends a text.`,
  );
}
