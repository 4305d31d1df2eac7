// Normalised bytes → the most probable segmentation under a unigram model: Viterbi's algorithm over the bytes.
// Reference: unigram::Model::EncodeOptimized of the C++ library. It sums in float32; here the sums are exact, so a text
// of thousands of characters may come out a piece longer or shorter where two ways are all but equally probable.

import type { Piece } from './model.ts';
import { characterLength, type PieceTrie } from './piece-trie.ts';

/** The number of what no piece covers. */
export const UNKNOWN = -1;
/** Receives one segment after the other: bytes it has, and its piece, or {@link UNKNOWN}. */
export type Emit = (length: number, piece: number) => void;
/** Cuts normalised bytes. Segments come in order. */
export type Segmenter = (bytes: Uint8Array, emit: Emit) => void;

/** What an unknown character costs beside the least probable piece. */
const UNKNOWN_PENALTY = 10;
/** FLT_MAX and FLT_MIN, with which the reference begins its search for the least and the largest score. */
const [LARGEST_FLOAT, SMALLEST_FLOAT] = [(2 - 2 ** -23) * 2 ** 127, 2 ** -126];

/** @param trie - of normal, user-defined and unused pieces */
export function createUnigramSegmenter(pieces: readonly Piece[], trie: PieceTrie): Segmenter {
  let least = LARGEST_FLOAT;
  let largest = SMALLEST_FLOAT;
  for (const { type, score } of pieces) {
    if (type !== 'normal') continue;
    least = Math.min(least, score);
    largest = Math.max(largest, score);
  }
  const unknownScore = least - UNKNOWN_PENALTY;
  const scores = Float64Array.from(pieces, ({ type, score, text }) =>
    type === 'user-defined' ? text.length * largest - 0.1 : score,
  );

  return (bytes, emit) => {
    const size = bytes.length;
    // Of the best way to each place: its score, where its last segment begins, and that segment's piece.
    const best = new Float64Array(size + 1);
    const begin = new Int32Array(size + 1).fill(-1);
    const piece = new Int32Array(size + 1);

    function offer(start: number, end: number, score: number, id: number): void {
      if (begin[end] !== -1 && !(score > best[end]!)) return;
      best[end] = score;
      begin[end] = start;
      piece[end] = id;
    }

    for (let start = 0; start < size; ) {
      const here = best[start]!;
      const next = start + characterLength(bytes, start);
      let coversCharacter = false;
      let node = 0;
      for (let end = start + 1; end <= size; end++) {
        node = trie.step(node, bytes[end - 1]!);
        if (node === -1) break;
        const id = trie.pieceAt(node);
        if (id === -1 || pieces[id]!.type === 'unused') continue;
        offer(start, end, scores[id]! + here, id);
        if (end === next) coversCharacter = true;
      }
      if (!coversCharacter) offer(start, next, unknownScore + here, UNKNOWN);
      start = next;
    }
    const ends: number[] = [];
    for (let end = size; end > 0; end = begin[end]!) ends.push(end);
    for (const end of ends.reverse()) emit(end - begin[end]!, piece[end]!);
  };
}
