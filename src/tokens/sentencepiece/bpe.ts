// Normalised bytes → byte pair encoding: of all neighbours that make a piece, the pair of the highest score is merged
// first, of equal ones the leftmost. Reference: bpe::Model::SampleEncode of the C++ library, without dropout.

import type { Piece } from './model.ts';
import { characterLength, longestPiece, type PieceTrie } from './piece-trie.ts';
import type { Emit, Segmenter } from './unigram.ts';

/** Two neighbours that may be merged. Symbols are named by the byte they begin at. */
interface Pair {
  readonly score: number;
  readonly left: number;
  readonly right: number;
  /** Bytes of both together: another number means that one of them has grown meanwhile. */
  readonly size: number;
}

/**
 * @param trie - of normal, user-defined and unused pieces
 * @param userDefined - those that are never merged with anything, if there are any
 */
export function createBpeSegmenter(
  pieces: readonly Piece[],
  trie: PieceTrie,
  userDefined: PieceTrie | undefined,
): Segmenter {
  /** The node after `length` bytes from `start` on, going on from `node`; -1 = no piece begins so. */
  function walk(node: number, bytes: Uint8Array, start: number, length: number): number {
    let reached = node;
    for (let i = start; i < start + length && reached !== -1; i++) reached = trie.step(reached, bytes[i]!);
    return reached;
  }

  function segment(bytes: Uint8Array, emit: Emit): void {
    const size = bytes.length;
    // Of the symbol that begins at a byte: its bytes (0 = merged away), neighbours (-1 = none) and node in the trie.
    const lengths = new Int32Array(size);
    const previous = new Int32Array(size).fill(-1);
    const next = new Int32Array(size).fill(-1);
    const nodes = new Int32Array(size);
    const isFrozen = new Uint8Array(size);
    const pairs = pairHeap();
    /** Unused pieces are made on the way to others; where they remain, they come apart again: left bytes of each. */
    const cuts = new Map<number, number>();

    function offer(left: number, right: number): void {
      if (left === -1 || right === -1 || isFrozen[left] || isFrozen[right]) return;
      const node = walk(nodes[left]!, bytes, right, lengths[right]!);
      const id = node === -1 ? -1 : trie.pieceAt(node);
      if (id === -1) return;
      const { score, type } = pieces[id]!;
      pairs.push({ score, left, right, size: lengths[left]! + lengths[right]! });
      if (type === 'unused') cuts.set(id, lengths[left]!);
    }

    for (let start = 0, last = -1; start < size; start += lengths[last]!) {
      const whole = userDefined === undefined ? 0 : longestPiece(userDefined, bytes, start);
      lengths[start] = whole === 0 ? characterLength(bytes, start) : whole;
      isFrozen[start] = whole === 0 ? 0 : 1;
      nodes[start] = walk(0, bytes, start, lengths[start]!);
      previous[start] = last;
      if (last !== -1) next[last] = start;
      last = start;
    }
    for (let start = 0; start !== -1 && start < size; start = next[start]!) offer(start, next[start]!);

    for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
      const { left, right } = pair;
      if (lengths[left] === 0 || lengths[right] === 0 || lengths[left]! + lengths[right]! !== pair.size)
        continue;
      nodes[left] = walk(nodes[left]!, bytes, right, lengths[right]!);
      lengths[left] = pair.size;
      lengths[right] = 0;
      next[left] = next[right]!;
      if (next[left] !== -1) previous[next[left]!] = left;
      offer(previous[left]!, left);
      offer(left, next[left]!);
    }

    function emitSymbol(start: number, length: number): void {
      const node = walk(0, bytes, start, length);
      const id = node === -1 ? -1 : trie.pieceAt(node);
      const cut = id !== -1 && pieces[id]!.type === 'unused' ? cuts.get(id) : undefined;
      if (cut === undefined) {
        emit(length, id);
        return;
      }
      emitSymbol(start, cut);
      emitSymbol(start + cut, length - cut);
    }
    for (let start = 0; start !== -1 && start < size; start = next[start]!)
      emitSymbol(start, lengths[start]!);
  }
  return segment;
}

function isBefore(a: Pair, b: Pair): boolean {
  return a.score > b.score || (a.score === b.score && a.left < b.left);
}

/** A binary heap: the pair that is merged first on top. */
function pairHeap(): { push(pair: Pair): void; pop(): Pair | undefined } {
  const heap: Pair[] = [];
  function push(pair: Pair): void {
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(pair, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = pair;
  }
  function pop(): Pair | undefined {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
  return { push, pop };
}
