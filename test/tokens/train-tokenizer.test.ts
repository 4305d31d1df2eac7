// A tokenizer trained on one's own texts: the merges of the textbook, a file that is read like any other, and sequences
// that a model reads.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createTokenReader,
  parseSentencePiece,
  type TextTokenizer,
  trainTokenizer,
} from '../../src/tokens/index.ts';

const TEXTS = [
  'low low low low low',
  'lower lower',
  'newest newest newest newest newest newest',
  'widest widest widest',
];
const CHARACTERS = new Set([...TEXTS.join(''), '▁']).size - 1; // the space is drawn as ▁

/** Pieces of a text, spelled out. */
function piecesOf(tokenizer: TextTokenizer, text: string): string[] {
  const single = new Map<number, string>();
  for (let at = 0, id = 0; id < tokenizer.vocabulary; id++) {
    // Field 1, a message: its field 1 is the text.
    const { file } = tokenizer;
    const size = file[at + 1]!;
    single.set(id, new TextDecoder().decode(file.subarray(at + 4, at + 4 + file[at + 3]!)));
    at += 2 + size;
  }
  return [...tokenizer.encode(text)].map((id) => single.get(id)!);
}

describe('trainTokenizer', () => {
  it('merges the most frequent neighbours first', () => {
    const tokenizer = trainTokenizer(TEXTS, { vocabulary: 2 + CHARACTERS + 4 });
    expect(tokenizer).toMatchObject({ name: 'bpe', vocabulary: 2 + CHARACTERS + 4, end: 1 });
    // es 9, est 9, ▁l 7, ow 7: of equal ones the one that was met first.
    expect(piecesOf(tokenizer, 'lowest')).toEqual(['▁l', 'ow', 'est']);
    expect(piecesOf(tokenizer, 'newest Low')).toEqual(['▁', 'n', 'e', 'w', 'est', '▁', '<unk>', 'ow']);
    expect([...tokenizer.encode('xyz')]).toEqual([...tokenizer.encode('x')]); // unknown, as one piece
  });

  it('makes one piece of every word, where there is room, and stops there', () => {
    const tokenizer = trainTokenizer(TEXTS, { vocabulary: 1000 });
    expect(TEXTS.map((text) => tokenizer.count(text))).toEqual([5, 2, 6, 3]);
    expect(tokenizer.vocabulary).toBeLessThan(60);
  });

  it('gives the same for the same texts, from its file too', async () => {
    const texts = ['ein Haus', '木の上の猫', 'un chat 😀', 'Ärger'];
    const a = trainTokenizer(texts, { vocabulary: 60 });
    const b = await parseSentencePiece(a.file, { name: 'again' });
    expect(trainTokenizer(texts, { vocabulary: 60 }).file).toEqual(a.file);
    for (const text of texts) expect(b.encode(text)).toEqual(a.encode(text));
  });

  it('falls back on bytes of what it does not know', () => {
    const tokenizer = trainTokenizer(TEXTS, { vocabulary: 258 + CHARACTERS + 4, byteFallback: true });
    expect(piecesOf(tokenizer, 'lowäst')).toEqual(['▁l', 'ow', '<0xC3>', '<0xA4>', 's', 't']);
    expect(piecesOf(tokenizer, 'lowest')).toEqual(['▁l', 'ow', 'est']); // the merges are the same
    expect(tokenizer.count('猫x')).toBe(5); // ▁, three bytes, one byte
  });

  it('knows every text it was trained on', () => {
    const words = fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(words, (texts) => {
        fc.pre(texts.some((text) => /[^ \0]/.test(text)));
        const tokenizer = trainTokenizer(texts, { vocabulary: 500, lowercase: false });
        for (const text of texts) {
          expect(tokenizer.encode(text.replaceAll('\0', ' ')).every((id) => id > 1 && id < 500)).toBe(true);
        }
      }),
      { seed: 3, numRuns: 25 },
    );
  });

  it.each<[string, () => unknown, string]>([
    [
      'no text',
      () => trainTokenizer([' '], { vocabulary: 10 }),
      'trainTokenizer: there is no text to learn from.',
    ],
    [
      'no room for characters',
      () => trainTokenizer(['abcdefgh'], { vocabulary: 9 }),
      'vocabulary: the texts have 9 characters, which takes at least 11 pieces, got 9.',
    ],
    [
      'no room for bytes',
      () => trainTokenizer(['abcdefgh'], { vocabulary: 200, byteFallback: true }),
      'the texts have 9 characters, besides 256 bytes, which takes at least 267 pieces, got 200.',
    ],
    [
      'half a piece',
      () => trainTokenizer(TEXTS, { vocabulary: 20.5 }),
      'vocabulary: expected an integer, got 20.5.',
    ],
    // @ts-expect-error: no text
    ['a number', () => trainTokenizer([3], { vocabulary: 10 }), 'tokenizer "bpe": expected a string, got 3.'],
  ])('refuses %s', (_, act, words) => {
    expect(act).toThrow(words);
  });
});

describe('createTokenReader', () => {
  const tokenizer = trainTokenizer(TEXTS, { vocabulary: 1000 });
  const { vocabulary } = tokenizer;

  it('ends every sequence, cuts what is too long, and lowers ASCII', () => {
    const read = createTokenReader(tokenizer, { vocabulary, length: 4 });
    const [low, lower] = [...tokenizer.encode('low lower')];
    expect([...read('LOW lower')]).toEqual([low, lower, 1, 1]);
    expect([...read('low low low low low')]).toEqual([low, low, low, 1]);
    expect([...read('')]).toEqual([1, 1, 1, 1]);
  });

  it('takes a table that was rounded up', () => {
    expect(() => createTokenReader(tokenizer, { vocabulary: vocabulary + 127, length: 4 })).not.toThrow();
  });

  it.each<[string, Partial<TextTokenizer>, number, string]>([
    [
      'a smaller table',
      {},
      vocabulary - 1,
      `it has ${vocabulary} pieces, the model a table for ${vocabulary - 1}.`,
    ],
    ['a much larger table', {}, vocabulary + 128, 'Use the tokenizer that the model was trained with'],
    [
      'no end',
      { end: undefined },
      vocabulary,
      'tokenizer "bpe": end: expected the id of the piece that ends a text',
    ],
    ['an end that is none', { end: vocabulary }, vocabulary, `0 … ${vocabulary - 1}, got ${vocabulary}.`],
  ])('refuses %s', (_, changes, size, words) => {
    expect(() => createTokenReader({ ...tokenizer, ...changes }, { vocabulary: size, length: 4 })).toThrow(
      words,
    );
  });

  it('refuses what is no tokenizer, and ids that are out of range', () => {
    // @ts-expect-error: counts only
    expect(() => createTokenReader({ name: 'x', count: () => 1 }, { vocabulary, length: 4 })).toThrow(
      'tokenizer: expected one with encode(text) and vocabulary, got an object.',
    );
    for (const id of [-1, vocabulary]) {
      const wild = { ...tokenizer, encode: () => Int32Array.of(2, id) };
      const read = createTokenReader(wild, { vocabulary, length: 4 });
      expect(() => read('a cat')).toThrow(
        `tokenizer "bpe": token 1 of "a cat" has the id ${id}, expected 0 … ${vocabulary - 1}.`,
      );
    }
  });
});
