// A SentencePiece .model file → a tokenizer that counts as Google's C++ library does: the model's own normalisation,
// then Viterbi (unigram) or merges (BPE). Only the number of pieces is of interest here, so their ids are not kept.
// Reference: https://github.com/google/sentencepiece, whose Python package the tests were made with.

import { DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { createBpeSegmenter } from './sentencepiece/bpe.ts';
import { type Piece, parseModel, type SentencePieceModel } from './sentencepiece/model.ts';
import { createNormalizer } from './sentencepiece/normalizer.ts';
import { createPieceTrie, type PieceTrie } from './sentencepiece/piece-trie.ts';
import { createUnigramSegmenter, type Segmenter } from './sentencepiece/unigram.ts';
import { assertText, type Tokenizer, tokenizerName } from './tokenizers.ts';

/** How {@link parseSentencePiece} reads a model. */
export interface SentencePieceOptions {
  /** As it stands in tables and figures. */
  readonly name: string;
}

/**
 * A tokenizer from a SentencePiece .model file, unigram or BPE. `<s>`, `</s>` and padding are not counted; what the
 * model does not know counts as one piece a run, or one a byte where the model falls back on bytes.
 *
 * @throws DataError when the file is no such model, or damaged; ConfigError
 * @example const mt5 = parseSentencePiece(await readFile('spiece.model'), { name: 'mT5, 250k' });
 */
export function parseSentencePiece(file: Uint8Array, options: SentencePieceOptions): Tokenizer {
  refuseUnknown('parseSentencePiece', options, ['name']);
  const name = tokenizerName('parseSentencePiece', options.name);
  const what = `SentencePiece model "${name}"`;
  if (!(file instanceof Uint8Array)) {
    throw new DataError(`${what}: expected the bytes of a .model file, got ${describeValue(file)}.`);
  }
  const model = parseModel(file, what);
  const { pieces, byteFallback } = model;
  const userDefined = userDefinedTrie(pieces, what);
  const normalize = createNormalizer(model.normalizer, userDefined, what);
  const segment = createSegmenter(model, userDefined, what);

  function count(text: string): number {
    assertText(name, text);
    let tokens = 0;
    let wasUnknown = false;
    segment(normalize(text), (length, isUnknown) => {
      if (isUnknown && byteFallback) tokens += length;
      else if (!isUnknown || !wasUnknown) tokens++;
      wasUnknown = isUnknown;
    });
    return tokens;
  }
  return { name, count };
}

function userDefinedTrie(pieces: readonly Piece[], what: string): PieceTrie | undefined {
  const isUserDefined = ({ type }: Piece): boolean => type === 'user-defined';
  return pieces.some(isUserDefined) ? createPieceTrie(pieces, isUserDefined, what) : undefined;
}

function createSegmenter(
  { algorithm, pieces }: SentencePieceModel,
  userDefined: PieceTrie | undefined,
  what: string,
): Segmenter {
  // The others never stand for text that is written out.
  const isTextual = ({ type }: Piece): boolean =>
    type === 'normal' || type === 'user-defined' || type === 'unused';
  const trie = createPieceTrie(pieces, isTextual, what);
  return algorithm === 'unigram'
    ? createUnigramSegmenter(pieces, trie)
    : createBpeSegmenter(pieces, trie, userDefined);
}
