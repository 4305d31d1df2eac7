// The bytes of a tokenizer, of whichever kind → the tokenizer: what a saved model has beside its weights.

import { parseSentencePiece } from './sentencepiece.ts';
import type { TextTokenizer } from './tokenizer.ts';
import { parseTokenizerJson } from './tokenizer-json.ts';

/**
 * A tokenizer from the bytes of a file: a tokenizer.json, which begins with a brace, or a SentencePiece .model.
 *
 * @param name - as it stands in messages
 * @throws DataError, and BackendError when a tokenizer.json needs a package that is missing
 * @example const tokenizer = await parseTokenizer(await readFile('spiece.model'), 'mT5');
 */
export async function parseTokenizer(file: Uint8Array, name: string): Promise<TextTokenizer> {
  const beginning = new TextDecoder().decode(file.subarray(0, 64));
  return /^\s*\{/.test(beginning) ? parseTokenizerJson(file, { name }) : parseSentencePiece(file, { name });
}
