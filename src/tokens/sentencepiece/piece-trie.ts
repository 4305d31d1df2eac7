// Pieces → a trie over their bytes, in one hash table of typed arrays: 250,000 pieces would be a million objects.

import { DataError } from '../../errors.ts';
import type { Piece } from './model.ts';

export interface PieceTrie {
  /** The node that `byte` leads to from `node`; -1 = none. The root is 0. */
  step(node: number, byte: number): number;
  /** Number of the piece that ends in `node`; -1 = none. */
  pieceAt(node: number): number;
}

/** A node and a byte make one key of 31 bits. */
const MOST_BYTES = 2 ** 23;

/**
 * @param keep - which pieces go in; their numbers stay those of `pieces`
 * @param what - the model, as it stands in errors
 * @throws DataError when a piece stands twice, or there are too many
 */
export function createPieceTrie(
  pieces: readonly Piece[],
  keep: (piece: Piece) => boolean,
  what: string,
): PieceTrie {
  const most = pieces.reduce((sum, piece) => (keep(piece) ? sum + piece.text.length : sum), 1);
  if (most > MOST_BYTES) {
    throw new DataError(`${what}: its pieces have ${most} bytes, at most ${MOST_BYTES} are read.`);
  }
  // At most half full.
  const bits = Math.ceil(Math.log2(most)) + 1;
  const keys = new Int32Array(2 ** bits); // node · 256 + byte; 0 = empty, as no piece holds a NUL
  const children = new Int32Array(2 ** bits);
  const pieceOfNode = new Int32Array(most).fill(-1);
  let nodes = 1;

  /** Where the key is, or would be. */
  function slotOf(key: number): number {
    let slot = Math.imul(key, 0x9e3779b1) >>> (32 - bits);
    while (keys[slot] !== key && keys[slot] !== 0) slot = (slot + 1) & (keys.length - 1);
    return slot;
  }

  for (const [i, piece] of pieces.entries()) {
    if (!keep(piece)) continue;
    let node = 0;
    for (const byte of piece.text) {
      const key = node * 256 + byte;
      const slot = slotOf(key);
      if (keys[slot] === 0) {
        keys[slot] = key;
        children[slot] = nodes++;
      }
      node = children[slot]!;
    }
    if (pieceOfNode[node] !== -1) {
      const text = JSON.stringify(new TextDecoder().decode(piece.text).slice(0, 80));
      throw new DataError(`${what}: the piece ${text} stands twice, as ${pieceOfNode[node]} and ${i}.`);
    }
    pieceOfNode[node] = i;
  }

  function step(node: number, byte: number): number {
    if (byte === 0) return -1;
    const slot = slotOf(node * 256 + byte);
    return keys[slot] === 0 ? -1 : children[slot]!;
  }
  return { step, pieceAt: (node) => pieceOfNode[node]! };
}

/**
 * Length of the longest piece that `bytes` hold from `start` on.
 *
 * @returns bytes; 0 = none
 */
export function longestPiece(trie: PieceTrie, bytes: Uint8Array, start: number): number {
  let longest = 0;
  let node = 0;
  for (let i = start; i < bytes.length; i++) {
    node = trie.step(node, bytes[i]!);
    if (node === -1) break;
    if (trie.pieceAt(node) !== -1) longest = i + 1 - start;
  }
  return longest;
}

/** Bytes of the UTF-8 character that begins at `start`, as its first byte says. */
export function characterLength(bytes: Uint8Array, start: number): number {
  const first = bytes[start]!;
  const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return Math.min(length, bytes.length - start);
}
