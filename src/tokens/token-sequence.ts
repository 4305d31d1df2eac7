// Text → L ids, as the text towers of big_vision read them: lower case, cut at L − 1, an end that is always there, and
// ends for what is left. Reference: big_vision `pp/ops_text.py` (eos "sticky", pad with the end).

import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { TextTokenizer } from './tokenizer.ts';

/** Text → int32 [L] */
export type TokenReader = (text: string) => Int32Array;

export interface TokenReaderOptions {
  /** V: rows of the model's table. */
  readonly vocabulary: number;
  /** L: tokens of a sequence. */
  readonly length: number;
}

/** Rows that a table may have beyond the vocabulary, where it was rounded up for the sake of speed. */
const MOST_SPARE = 127;

/**
 * @throws ConfigError for a tokenizer that does not fit the table, or ends no text; the reader, DataError for ids that
 *   are none
 */
export function createTokenReader(
  tokenizer: TextTokenizer,
  { vocabulary, length }: TokenReaderOptions,
): TokenReader {
  const { name, end } = checkTokenizer(tokenizer);
  const what = `tokenizer ${JSON.stringify(name)}`;
  const spare = vocabulary - tokenizer.vocabulary;
  if (spare < 0 || spare > MOST_SPARE) {
    throw new ConfigError(
      `${what}: it has ${tokenizer.vocabulary} pieces, the model a table for ${vocabulary}. Use the tokenizer that the model was trained with, or text: { vocabulary: ${tokenizer.vocabulary} } for a new model.`,
    );
  }
  if (end === undefined || !isId(end, vocabulary)) {
    throw new ConfigError(
      `${what}: end: expected the id of the piece that ends a text, 0 … ${vocabulary - 1}, got ${describeValue(end)}. Name the piece when it is read: { end: '</s>' }.`,
    );
  }
  return (text) => {
    const ids = tokenizer.encode(lowerCased(text));
    const bad = ids.findIndex((id) => !isId(id, vocabulary));
    if (bad !== -1) {
      throw new DataError(
        `${what}: token ${bad} of ${JSON.stringify(text.slice(0, 80))} has the id ${ids[bad]}, expected 0 … ${vocabulary - 1}.`,
      );
    }
    const sequence = new Int32Array(length).fill(end);
    sequence.set(ids.subarray(0, length - 1));
    return sequence;
  };
}

/** @throws ConfigError for what is no tokenizer */
function checkTokenizer(tokenizer: TextTokenizer): TextTokenizer {
  if (typeof tokenizer?.encode === 'function' && Number.isSafeInteger(tokenizer.vocabulary)) return tokenizer;
  throw new ConfigError(
    `tokenizer: expected one with encode(text) and vocabulary, got ${describeValue(tokenizer)}. Read one with parseSentencePiece() or parseTokenizerJson().`,
  );
}

function isId(id: number, vocabulary: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < vocabulary;
}

/** ASCII alone, as drawn text is. */
function lowerCased(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
