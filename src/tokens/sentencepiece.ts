// A SentencePiece .model file → a tokenizer that cuts as Google's C++ library does: the model's own normalisation,
// then Viterbi (unigram) or merges (BPE).
// Reference: https://github.com/google/sentencepiece, whose Python package the tests were made with.

import { DataError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { createBpeSegmenter } from './sentencepiece/bpe.ts';
import { type Piece, parseModel, type SentencePieceModel } from './sentencepiece/model.ts';
import { createNormalizer } from './sentencepiece/normalizer.ts';
import { createPieceTrie, type PieceTrie } from './sentencepiece/piece-trie.ts';
import { createUnigramSegmenter, type Segmenter, UNKNOWN } from './sentencepiece/unigram.ts';
import { assertText, endOf, type TextTokenizer, tokenizerName } from './tokenizer.ts';

/** How {@link parseSentencePiece} reads a model. */
export interface SentencePieceOptions {
  /** As it stands in tables and figures. */
  readonly name: string;
  /** The piece that ends a text, for models that read tokens. Default `</s>`, if there is one. */
  readonly end?: string;
}

/**
 * A tokenizer from a SentencePiece .model file, unigram or BPE. `<s>`, `</s>` and padding are no part of a text; what the
 * model does not know is one piece a run, or one a byte where the model falls back on bytes.
 *
 * @throws DataError when the file is no such model, or damaged; ConfigError
 * @example const mt5 = parseSentencePiece(await readFile('spiece.model'), { name: 'mT5, 250k' });
 */
export function parseSentencePiece(file: Uint8Array, options: SentencePieceOptions): TextTokenizer {
  refuseUnknown('parseSentencePiece', options, ['name', 'end']);
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

  const unknown = pieces.findIndex(({ type }) => type === 'unknown'); // there is exactly one
  const bytePieces = byteFallback ? piecesOfBytes(pieces, what) : undefined;

  function eachToken(text: string, take: (id: number) => void): void {
    assertText(name, text);
    const normalized = normalize(text);
    let start = 0;
    let wasUnknown = false;
    segment(normalized, (length, id) => {
      if (id === UNKNOWN && bytePieces !== undefined) {
        for (let i = start; i < start + length; i++) take(bytePieces[normalized[i]!]!);
      } else if (id !== UNKNOWN || !wasUnknown) take(id === UNKNOWN ? unknown : id);
      wasUnknown = id === UNKNOWN;
      start += length;
    });
  }

  return {
    name,
    vocabulary: pieces.length,
    end: endOf(what, pieceFinder(pieces), options.end),
    count(text) {
      let tokens = 0;
      eachToken(text, () => tokens++);
      return tokens;
    },
    encode(text) {
      const ids: number[] = [];
      eachToken(text, (id) => ids.push(id));
      return Int32Array.from(ids);
    },
    file,
  };
}

function pieceFinder(pieces: readonly Piece[]): (text: string) => number | undefined {
  const encoder = new TextEncoder();
  return (text) => {
    const wanted = encoder.encode(text);
    const id = pieces.findIndex((piece) => {
      return piece.text.length === wanted.length && piece.text.every((byte, i) => byte === wanted[i]);
    });
    return id === -1 ? undefined : id;
  };
}

/** The id of each byte, of pieces such as `<0x0A>`. @throws DataError for one that names no byte */
function piecesOfBytes(pieces: readonly Piece[], what: string): Int32Array {
  const ids = new Int32Array(256).fill(-1);
  const decoder = new TextDecoder();
  for (const [id, { text, type }] of pieces.entries()) {
    if (type !== 'byte') continue;
    const spelling = decoder.decode(text);
    const byte = /^<0x([0-9A-F]{2})>$/.exec(spelling)?.[1];
    if (byte === undefined || ids[Number.parseInt(byte, 16)] !== -1) {
      const got = JSON.stringify(spelling);
      throw new DataError(`${what}: piece ${id}: expected a byte of its own, such as "<0x0A>", got ${got}.`);
    }
    ids[Number.parseInt(byte, 16)] = id;
  }
  return ids;
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
