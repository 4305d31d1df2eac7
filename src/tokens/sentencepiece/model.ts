// A SentencePiece .model file → what segmentation needs of it: pieces with scores, and the rules of normalisation.
// Reference: sentencepiece_model.proto, and the checks that the C++ library makes when it loads a model.

import { DataError } from '../../errors.ts';
import { bytesOf, floatOf, integerOf, type ProtobufField, protobufFields } from './protobuf-fields.ts';

export type PieceType = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

export interface Piece {
  /** UTF-8 */
  readonly text: Uint8Array;
  /** The logarithm of a probability, or for BPE the negative rank of a merge; as good as float32 is. */
  readonly score: number;
  readonly type: PieceType;
}

export interface NormalizerRules {
  /** A double-array trie and the strings it points to; empty = text stays as it is. */
  readonly charsMap: Uint8Array;
  /** Where a space is added to every text. */
  readonly dummySpace: 'before' | 'after' | 'none';
  /** Spaces at both ends go, runs of them become one. */
  readonly removeExtraSpaces: boolean;
  /** Spaces become U+2581. */
  readonly escapeSpaces: boolean;
}

export interface SentencePieceModel {
  readonly algorithm: 'unigram' | 'bpe';
  readonly pieces: readonly Piece[];
  /** Whether what no piece covers becomes one token a byte. */
  readonly byteFallback: boolean;
  readonly normalizer: NormalizerRules;
}

/** By their numbers in the .proto. */
const PIECE_TYPES = [undefined, 'normal', 'unknown', 'control', 'user-defined', 'unused', 'byte'] as const;
const ALGORITHMS = [undefined, 'unigram', 'bpe', 'word', 'char'] as const;

/** Of a piece, as in the reference. */
const MOST_BYTES = 7999;

/**
 * @param what - the model, as it stands in errors
 * @throws DataError when the bytes are no SentencePiece model, a damaged one, or one of words or characters
 */
export function parseModel(file: Uint8Array, what: string): SentencePieceModel {
  const pieces: Piece[] = [];
  // Defaults of the .proto.
  let [algorithm, byteFallback, spaceIsSuffix] = [1, 0, 0];
  let [addDummySpace, removeExtraSpaces, escapeSpaces] = [1, 1, 1];
  let charsMap = new Uint8Array(0);

  function readTrainer(field: ProtobufField): void {
    if (field.number === 3) algorithm = integerOf(field, what);
    else if (field.number === 24) spaceIsSuffix = integerOf(field, what);
    else if (field.number === 35) byteFallback = integerOf(field, what);
  }

  function readNormalizer(field: ProtobufField): void {
    if (field.number === 2)
      charsMap = bytesOf(field, what).slice(); // lets go of the file
    else if (field.number === 3) addDummySpace = integerOf(field, what);
    else if (field.number === 4) removeExtraSpaces = integerOf(field, what);
    else if (field.number === 5) escapeSpaces = integerOf(field, what);
  }

  function eachField(message: Uint8Array, read: (field: ProtobufField) => void): void {
    for (const field of protobufFields(message, what)) read(field);
  }

  for (const field of protobufFields(file, what)) {
    if (field.number === 1) pieces.push(parsePiece(bytesOf(field, what), `${what}, piece ${pieces.length}`));
    else if (field.number === 2) eachField(bytesOf(field, what), readTrainer);
    else if (field.number === 3) eachField(bytesOf(field, what), readNormalizer);
  }

  const name = ALGORITHMS[algorithm];
  if (name !== 'unigram' && name !== 'bpe') {
    throw new DataError(`${what}: is a model of type ${name ?? algorithm}; unigram and BPE are read.`);
  }
  checkPieces(pieces, byteFallback !== 0, what);
  return {
    algorithm: name,
    pieces,
    byteFallback: byteFallback !== 0,
    normalizer: {
      charsMap,
      dummySpace: addDummySpace === 0 ? 'none' : spaceIsSuffix === 0 ? 'before' : 'after',
      removeExtraSpaces: removeExtraSpaces !== 0,
      escapeSpaces: escapeSpaces !== 0,
    },
  };
}

function parsePiece(message: Uint8Array, what: string): Piece {
  let text = message.subarray(0, 0);
  let score = 0;
  let number = 1;
  for (const field of protobufFields(message, what)) {
    if (field.number === 1) text = bytesOf(field, what);
    else if (field.number === 2) score = floatOf(field, what);
    else if (field.number === 3) number = integerOf(field, what);
  }
  const type = PIECE_TYPES[number];
  if (type === undefined) throw new DataError(`${what}: has the type ${number}, which is none.`);
  if (text.length === 0 || text.length > MOST_BYTES) {
    throw new DataError(`${what}: has ${text.length} bytes of text, expected 1 to ${MOST_BYTES}.`);
  }
  if (text.includes(0)) throw new DataError(`${what}: holds a NUL, which no piece may.`);
  return { text: text.slice(), score, type };
}

function checkPieces(pieces: readonly Piece[], byteFallback: boolean, what: string): void {
  const countOf = (type: PieceType): number => pieces.filter((piece) => piece.type === type).length;
  if (pieces.length === 0)
    throw new DataError(`${what}: holds no pieces. Is it a SentencePiece .model file?`);
  const unknown = countOf('unknown');
  if (unknown !== 1) {
    throw new DataError(`${what}: has ${unknown} pieces for what is unknown, a model has exactly one.`);
  }
  const bytes = countOf('byte');
  if (bytes !== (byteFallback ? 256 : 0)) {
    const expected = byteFallback ? '256, one for each byte' : 'none, as it does not fall back on bytes';
    throw new DataError(`${what}: has ${bytes} pieces for bytes, expected ${expected}.`);
  }
}
