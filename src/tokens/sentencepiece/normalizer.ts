// Text → the UTF-8 that is cut into pieces: characters replaced by the model's own rules (mostly NFKC with some extras),
// spaces tidied and made visible. The rules are a double-array trie of darts-clone: where a unit's label is the next
// byte, the way leads on; longest match first. Reference: Normalizer::Normalize of the C++ library.

import { DataError } from '../../errors.ts';
import type { NormalizerRules } from './model.ts';
import { characterLength, longestPiece, type PieceTrie } from './piece-trie.ts';

export type Normalizer = (text: string) => Uint8Array;

const SPACE = 0x20;
/** U+2581, which stands for a space */
const VISIBLE_SPACE = new Uint8Array([0xe2, 0x96, 0x81]);

/** The beginning of a text, replaced. */
interface Prefix {
  /** Bytes of the text that it takes. */
  readonly length: number;
  readonly replacement: Uint8Array;
}

/**
 * @param userDefined - pieces that stay as they are, if there are any
 * @param what - the model, as it stands in errors
 * @throws DataError when the rules are damaged; so does the normalizer, where it meets the damage
 */
export function createNormalizer(
  { charsMap, dummySpace, removeExtraSpaces, escapeSpaces }: NormalizerRules,
  userDefined: PieceTrie | undefined,
  what: string,
): Normalizer {
  const findRule = charsMap.length === 0 ? undefined : ruleFinder(charsMap, what);
  const encoder = new TextEncoder();
  const space = escapeSpaces ? VISIBLE_SPACE : Uint8Array.of(SPACE);

  function prefixAt(bytes: Uint8Array, at: number): Prefix {
    const kept = userDefined === undefined ? 0 : longestPiece(userDefined, bytes, at);
    const rule = kept === 0 ? findRule?.(bytes, at) : undefined;
    if (rule !== undefined) return rule;
    const length = kept === 0 ? characterLength(bytes, at) : kept;
    return { length, replacement: bytes.subarray(at, at + length) };
  }

  return (text) => {
    const bytes = encoder.encode(text);
    const out = byteList(bytes.length + 16);
    let at = 0;
    while (removeExtraSpaces && at < bytes.length) {
      const { length, replacement } = prefixAt(bytes, at);
      if (replacement.length !== 1 || replacement[0] !== SPACE) break;
      at += length;
    }
    if (at === bytes.length) return bytes.subarray(0, 0);

    if (dummySpace === 'before') out.append(space);
    let afterSpace = removeExtraSpaces;
    while (at < bytes.length) {
      const { length, replacement } = prefixAt(bytes, at);
      at += length;
      let from = 0;
      while (afterSpace && replacement[from] === SPACE) from++;
      if (from < replacement.length) afterSpace = removeExtraSpaces && replacement.at(-1) === SPACE;
      for (; from < replacement.length; from++) {
        if (replacement[from] === SPACE) out.append(space);
        else out.push(replacement[from]!);
      }
    }
    while (removeExtraSpaces && out.endsWith(space)) out.drop(space.length);
    if (dummySpace === 'after') out.append(space);
    return out.bytes();
  };
}

/** Rules as a function: the longest that fits the bytes from `at` on. */
function ruleFinder(
  charsMap: Uint8Array,
  what: string,
): (bytes: Uint8Array, at: number) => Prefix | undefined {
  const view = new DataView(charsMap.buffer, charsMap.byteOffset, charsMap.length);
  const trieSize = charsMap.length < 8 ? 0 : view.getUint32(0, true);
  if (trieSize === 0 || trieSize % 4 !== 0 || trieSize > charsMap.length - 4) {
    throw new DataError(`${what}: its normalisation rules are damaged: ${charsMap.length} bytes of them.`);
  }
  const units = Uint32Array.from({ length: trieSize / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const strings = charsMap.subarray(4 + trieSize);

  function unitAt(position: number): number {
    const unit = units[position];
    if (unit === undefined) throw new DataError(`${what}: its normalisation rules lead out of their table.`);
    return unit;
  }

  function stringAt(start: number): Uint8Array {
    const end = strings.indexOf(0, start);
    if (end === -1) throw new DataError(`${what}: its normalisation rules lead out of their strings.`);
    return strings.subarray(start, end);
  }

  return (bytes, at) => {
    let position = offsetOf(unitAt(0));
    let length = 0;
    let value = 0;
    for (let i = at; i < bytes.length; i++) {
      position ^= bytes[i]!;
      const unit = unitAt(position);
      if ((unit & 0x800000ff) !== bytes[i]) break; // bit 31 marks a value, which has no label
      position ^= offsetOf(unit);
      if ((unit & 0x100) === 0) continue;
      length = i + 1 - at;
      value = unitAt(position) & 0x7fffffff;
    }
    return length === 0 ? undefined : { length, replacement: stringAt(value) };
  };
}

/** How far a unit's children are, to be xor-ed: 21 bits, or with bit 9 those of a larger step. */
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** Bytes of which nobody knows yet how many. */
function byteList(capacity: number) {
  let bytes = new Uint8Array(capacity);
  let size = 0;
  function push(byte: number): void {
    if (size === bytes.length) {
      const larger = new Uint8Array(2 * size);
      larger.set(bytes);
      bytes = larger;
    }
    bytes[size++] = byte;
  }
  return {
    push,
    append(more: Uint8Array): void {
      for (const byte of more) push(byte);
    },
    endsWith(end: Uint8Array): boolean {
      return size >= end.length && end.every((byte, i) => bytes[size - end.length + i] === byte);
    },
    drop(count: number): void {
      size -= count;
    },
    bytes: (): Uint8Array => bytes.subarray(0, size),
  };
}
