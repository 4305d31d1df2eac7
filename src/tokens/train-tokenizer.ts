// Texts → a tokenizer for them: byte pair encoding over words, written as a SentencePiece .model, so that it is read,
// kept and counted like any other. Of all pairs of neighbours the most frequent is merged first, of equal ones that which
// was met first. Reference: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
// Simplified: no rules of normalisation, and words are what lies between spaces, in every language.

import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import { encodeFields, float, integer, message, text as textField } from '../protobuf.ts';
import { parseSentencePiece } from './sentencepiece.ts';
import { assertText, type TextTokenizer, tokenizerName } from './tokenizer.ts';

/** How {@link trainTokenizer} learns pieces. */
export interface TrainTokenizerOptions {
  /** V: pieces at the most, those for what is unknown and for the end among them, 8 … 1,000,000. */
  readonly vocabulary: number;
  /** As it stands in tables and messages. Default `'bpe'`. */
  readonly name?: string;
  /** A-Z count as a-z, as models read text. Default true. */
  readonly lowercase?: boolean;
  /**
   * Characters that the texts do not have become their bytes of UTF-8, for which 256 pieces are set aside; otherwise a run of
   * them is one unknown piece. Default false.
   */
  readonly byteFallback?: boolean;
}

/** A word of the texts, as the symbols that it consists of by now. */
interface Word {
  symbols: readonly string[];
  readonly count: number;
}

/** Two neighbours. */
interface Pair {
  readonly left: string;
  readonly right: string;
  /** How often, over all texts. */
  count: number;
  /** Words that had it at some time. */
  readonly words: Set<Word>;
}

const SPACE = '▁';
const [NORMAL, UNKNOWN, CONTROL, BYTE] = [1, 2, 3, 6];
const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const BPE = 2;

/**
 * Trains a tokenizer. Ids: 0 for what is unknown, 1 for the end, then bytes where there are such, the merges in order, and
 * single characters.
 *
 * @param texts - what it is made for; the same texts give the same tokenizer
 * @throws ConfigError when there is no text, or `vocabulary` has no room for every character
 * @example
 * const tokenizer = trainTokenizer(captions, { vocabulary: 4000 });
 * const model = await ClippoModel.create({ variant: 'mu/16', text: { kind: 'tokens', vocabulary: tokenizer.vocabulary } }, { tokenizer });
 */
export function trainTokenizer(texts: Iterable<string>, options: TrainTokenizerOptions): TextTokenizer {
  const door = 'trainTokenizer';
  refuseUnknown(door, options, ['vocabulary', 'name', 'lowercase', 'byteFallback']);
  const { vocabulary, name = 'bpe', lowercase = true, byteFallback = false } = options;
  tokenizerName(door, name);
  assertNumber(door, 'vocabulary', vocabulary, 8, 1_000_000);
  if (!Number.isInteger(vocabulary)) {
    throw new ConfigError(`${door}: vocabulary: expected an integer, got ${describeValue(vocabulary)}.`);
  }
  const words = wordsOf(texts, name, lowercase);
  const characters = [...new Set(words.flatMap(({ symbols }) => symbols))].sort();
  if (characters.length === 0) throw new ConfigError(`${door}: there is no text to learn from.`);
  const bytes = byteFallback ? BYTES : [];
  const least = 2 + bytes.length + characters.length;
  if (vocabulary < least) {
    const besides = byteFallback ? ', besides 256 bytes' : '';
    throw new ConfigError(
      `${door}: vocabulary: the texts have ${characters.length} characters${besides}, which takes at least ${least} pieces, got ${vocabulary}.`,
    );
  }
  const learned = [...mergesOf(words, vocabulary - least), ...characters];
  return parseSentencePiece(modelFile(learned, bytes), { name });
}

/** Different words, each with a space before it, most frequent first. */
function wordsOf(texts: Iterable<string>, name: string, lowercase: boolean): Word[] {
  const counts = new Map<string, number>();
  for (const given of texts) {
    assertText(name, given);
    const text = lowercase ? given.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : given;
    for (const word of text.split(/ +/)) {
      if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  // No piece may hold a NUL, and half a surrogate pair is no character.
  const symbolsOf = (word: string): string[] =>
    [SPACE, ...word.replace(/\p{Surrogate}/gu, '\ufffd')].filter((symbol) => symbol !== '\0');
  return [...counts].map(([word, count]) => ({ symbols: symbolsOf(word), count }));
}

/** Merges the most frequent pair again and again; what comes of it, in order. */
function mergesOf(words: readonly Word[], most: number): string[] {
  const pairs = new Map<string, Pair>();
  const keyOf = (left: string, right: string): string => `${left}\0${right}`;

  function add(word: Word, sign: 1 | -1): void {
    const { symbols, count } = word;
    for (let i = 1; i < symbols.length; i++) {
      const [left, right] = [symbols[i - 1]!, symbols[i]!];
      const key = keyOf(left, right);
      let pair = pairs.get(key);
      if (pair === undefined) {
        pair = { left, right, count: 0, words: new Set() };
        pairs.set(key, pair);
      }
      pair.count += sign * count;
      pair.words.add(word);
    }
  }

  for (const word of words) add(word, 1);
  const merged = new Set<string>();
  while (merged.size < most) {
    const best = mostFrequent(pairs.values());
    if (best === undefined) break;
    const whole = best.left + best.right;
    for (const word of best.words) {
      add(word, -1);
      word.symbols = joinPairs(word.symbols, best);
      add(word, 1);
    }
    pairs.delete(keyOf(best.left, best.right));
    merged.add(whole); // two pairs may come to the same piece: ab + c, a + bc
  }
  return [...merged];
}

/** A pair that comes once only makes a piece of one word. */
function mostFrequent(pairs: Iterable<Pair>): Pair | undefined {
  let best: Pair | undefined;
  for (const pair of pairs) if (pair.count > (best?.count ?? 1)) best = pair;
  return best;
}

function joinPairs(symbols: readonly string[], { left, right }: Pair): string[] {
  const joined: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const isPair = symbols[i] === left && symbols[i + 1] === right;
    joined.push(isPair ? left + right : symbols[i]!);
    if (isPair) i++;
  }
  return joined;
}

/** Pieces, best first → a SentencePiece .model: the score of a merge is its negative rank. */
function modelFile(pieces: readonly string[], bytes: readonly string[]): Uint8Array {
  const piece = (text: string, score: number, type: number) =>
    message(1, [textField(1, text), float(2, score), integer(3, type)]);
  const isMerge = (text: string): boolean => [...text].length > 1;
  return encodeFields([
    piece('<unk>', 0, UNKNOWN),
    piece('</s>', 0, CONTROL),
    ...bytes.map((text) => piece(text, 0, BYTE)),
    ...pieces.map((text, rank) => piece(text, isMerge(text) ? -rank : -pieces.length, NORMAL)),
    message(2, [integer(3, BPE), ...(bytes.length > 0 ? [integer(35, 1)] : [])]),
    message(3, []), // a space before every text, runs of them made one
  ]);
}
