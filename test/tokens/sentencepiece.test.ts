// SentencePiece models against ids of the reference (test/golden/sentencepiece/make.py), models written by hand
// where one property is at stake, and files that are broken in every way.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClippoError } from '../../src/errors.ts';
import { bytes, encodeFields, type Field, float, integer, message, text } from '../../src/protobuf.ts';
import { parseSentencePiece } from '../../src/tokens/index.ts';
import { readGolden, readGoldenJson } from '../support/golden.ts';

const [NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE] = [1, 2, 3, 4, 5, 6];
const [UNIGRAM, BPE] = [1, 2];

type PieceRow = readonly [piece: string, score: number, type?: number];
const UNK: PieceRow = ['<unk>', 0, UNKNOWN];

/** No dummy prefix and no rules unless `normalizer` says so. */
function makeModel(pieces: readonly PieceRow[], trainer: readonly Field[], normalizer?: readonly Field[]) {
  return encodeFields([
    ...pieces.map(([piece, score, type = NORMAL]) =>
      message(1, [text(1, piece), float(2, score), integer(3, type)]),
    ),
    message(2, trainer),
    message(3, normalizer ?? [integer(3, 0)]),
  ]);
}

function counter(...model: Parameters<typeof makeModel>): (text: string) => number {
  return parseSentencePiece(makeModel(...model), { name: 'hand-made' }).count;
}

const bytePieces = Array.from(
  { length: 256 },
  (_, i): PieceRow => [`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`, 0, BYTE],
);

describe('parseSentencePiece, against the reference', () => {
  const { texts, ids } = readGoldenJson<{ texts: string[]; ids: Record<string, number[][]> }>(
    'sentencepiece/expected.json',
  );
  it.each(Object.keys(ids))('%s', (name) => {
    const { count, encode } = parseSentencePiece(readGolden(`sentencepiece/${name}.model`), { name });
    const expected = ids[name]!;
    expect(Object.fromEntries(texts.map((each) => [each, [...encode(each)]]))).toEqual(
      Object.fromEntries(texts.map((each, i) => [each, expected[i]])),
    );
    expect(texts.map(count)).toEqual(expected.map(({ length }) => length));
  });

  it('knows how many pieces there are, and which ends a text', () => {
    const file = readGolden('sentencepiece/unigram.model');
    expect(parseSentencePiece(file, { name: 'x' })).toMatchObject({ vocabulary: 420, end: 2, file });
    expect(parseSentencePiece(file, { name: 'x', end: '<s>' }).end).toBe(1);
    expect(() => parseSentencePiece(file, { name: 'x', end: '[END]' })).toThrow(
      'SentencePiece model "x": end: "[END]" is none of its pieces. Name the one that ends a text.',
    );
  });

  it('reads a view that does not begin at an even place', () => {
    const model = readGolden('sentencepiece/unigram.model');
    const shifted = new Uint8Array(model.length + 1);
    shifted.set(model, 1);
    const { count } = parseSentencePiece(shifted.subarray(1), { name: 'shifted' });
    expect(texts.map(count)).toEqual(ids.unigram!.map(({ length }) => length));
  });
});

describe('parseSentencePiece, by hand', () => {
  it('takes the most probable way, not the longest piece', () => {
    const pieces: PieceRow[] = [UNK, ['a', -1], ['b', -1], ['ab', -5], ['abc', -9], ['c', -1]];
    expect(counter(pieces, [integer(3, UNIGRAM)])('abc')).toBe(3);
    const likely: PieceRow[] = [UNK, ['a', -1], ['b', -1], ['ab', -1.5], ['c', -1]];
    expect(counter(likely, [integer(3, UNIGRAM)])('abc')).toBe(2);
  });

  it('merges pairs by rank, the leftmost first', () => {
    const pieces: PieceRow[] = [UNK, ['a', -9], ['b', -9], ['ab', -1], ['ba', 0]];
    const count = counter(pieces, [integer(3, BPE)]);
    expect(count('ab')).toBe(1);
    expect(count('abab')).toBe(3); // a ba b, since ba comes first; ab ab would be shorter
    const equal = counter([UNK, ['a', -9], ['aa', -1], ['aaa', -2]], [integer(3, BPE)]);
    expect(equal('aaa')).toBe(1); // aa + a, then aaa
    expect(equal('aaaa')).toBe(2); // aa + aa, which make no piece
  });

  it('counts a run of unknown characters once, or byte by byte', () => {
    const pieces: PieceRow[] = [UNK, ['a', -1]];
    for (const algorithm of [UNIGRAM, BPE]) {
      expect(counter(pieces, [integer(3, algorithm)])('a犬犬a犬')).toBe(4);
      const fallback = counter([...pieces, ...bytePieces], [integer(3, algorithm), integer(35, 1)]);
      expect(fallback('a犬犬a犬')).toBe(11);
    }
  });

  it('keeps whole what the user defined', () => {
    const pieces: PieceRow[] = [
      UNK,
      ['a', -1],
      ['b', -1],
      ['ab', 0, USER_DEFINED],
      ['bab', -0.01],
      ['aba', 0],
    ];
    expect(counter(pieces, [integer(3, BPE)])('abab')).toBe(2);
    expect(counter(pieces, [integer(3, BPE)])('bab')).toBe(2); // b and the frozen ab
  });

  it('takes unused pieces apart, and never writes control pieces', () => {
    const pieces: PieceRow[] = [UNK, ['a', -3], ['b', -3], ['ab', -1, UNUSED], ['abab', -2, CONTROL]];
    expect(counter(pieces, [integer(3, UNIGRAM)])('abab')).toBe(4);
    expect(counter(pieces, [integer(3, BPE)])('abab')).toBe(4);
    const above: PieceRow[] = [...pieces.slice(0, 4), ['abab', -2]];
    expect(counter(above, [integer(3, BPE)])('abab')).toBe(1); // made of two unused ones
  });

  it('tidies spaces as the model says', () => {
    const pieces: PieceRow[] = [UNK, ['▁', -1], ['a', -1], [' ', -1]];
    const spaces = (before: number, tidy: number, visible: number, suffix = 0) =>
      counter(
        pieces,
        [integer(3, UNIGRAM), integer(24, suffix)],
        [integer(3, before), integer(4, tidy), integer(5, visible)],
      )('  a  a ');
    expect(spaces(1, 1, 1)).toBe(4); // ▁a▁a
    expect(spaces(0, 1, 1)).toBe(3); // a▁a
    expect(spaces(1, 0, 0)).toBe(8); // one more than there are characters
    expect(spaces(1, 1, 1, 1)).toBe(4); // a▁a▁
    expect(counter(pieces, [], [])('   ')).toBe(0);
  });

  it('knows defaults, and passes over fields it does not know', () => {
    const model = encodeFields([
      message(1, [text(1, '<unk>'), integer(3, UNKNOWN), float(200, 1)]),
      message(1, [text(1, '▁a'), float(2, -1)]),
      message(4, [text(1, 'self test')]),
      integer(300, 7),
    ]);
    expect(parseSentencePiece(model, { name: 'sparse' }).count('a a')).toBe(2);
  });
});

describe('parseSentencePiece, broken files', () => {
  const trainer = [integer(3, UNIGRAM)];
  const a: PieceRow = ['a', -1];
  it.each<[string, Uint8Array, string]>([
    [
      'nothing',
      new Uint8Array(0),
      'SentencePiece model "x": holds no pieces. Is it a SentencePiece .model file?',
    ],
    [
      'JSON',
      new TextEncoder().encode('{"model": {}}'),
      'SentencePiece model "x": a field of the unknown wire type 3',
    ],
    ['no unknown', makeModel([a], trainer), 'has 0 pieces for what is unknown, a model has exactly one.'],
    [
      'a model of words',
      makeModel([UNK], [integer(3, 3)]),
      'is a model of type word; unigram and BPE are read.',
    ],
    ['another model', makeModel([UNK], [integer(3, 9)]), 'is a model of type 9; unigram and BPE are read.'],
    ['a piece twice', makeModel([UNK, a, a], trainer), 'the piece "a" stands twice, as 1 and 2.'],
    ['no text', makeModel([UNK, ['', -1]], trainer), 'piece 1: has 0 bytes of text, expected 1 to 7999.'],
    ['a NUL', makeModel([UNK, ['a\0', -1]], trainer), 'piece 1: holds a NUL, which no piece may.'],
    [
      'no number',
      makeModel([UNK, ['a', Number.NaN]], trainer),
      'field 2 should be a finite number of 32 bits',
    ],
    ['no type', makeModel([UNK, ['a', -1, 7]], trainer), 'piece 1: has the type 7, which is none.'],
    [
      'bytes that are not all there',
      makeModel([UNK, ...bytePieces.slice(1)], [integer(35, 1)]),
      'has 255 pieces for bytes, expected 256, one for each byte.',
    ],
    [
      'bytes without fallback',
      makeModel([UNK, ...bytePieces], trainer),
      'has 256 pieces for bytes, expected none, as it does not fall back on bytes.',
    ],
    [
      'rules cut short',
      makeModel([UNK, a], trainer, [bytes(2, Uint8Array.of(8, 0, 0, 0, 1, 2, 3, 4))]),
      'its normalisation rules are damaged: 8 bytes of them.',
    ],
  ])('%s', (_, file, words) => {
    expect(() => parseSentencePiece(file, { name: 'x' })).toThrow(words);
  });

  it('says where rules lead astray, when a text follows them', () => {
    // One unit, whose children would stand far behind the end.
    const rules = Uint8Array.of(4, 0, 0, 0, 0, 0x40, 0, 0, 0);
    const { count } = parseSentencePiece(makeModel([UNK, a], trainer, [bytes(2, rules)]), { name: 'x' });
    expect(() => count('a')).toThrow(
      'SentencePiece model "x": its normalisation rules lead out of their table.',
    );
  });

  it('refuses what is no file, no name, no text', () => {
    const model = makeModel([UNK, a], trainer);
    // @ts-expect-error: a path
    expect(() => parseSentencePiece('spiece.model', { name: 'x' })).toThrow(
      'SentencePiece model "x": expected the bytes of a .model file, got "spiece.model".',
    );
    expect(() => parseSentencePiece(model, { name: ' ' })).toThrow(
      'parseSentencePiece: name: expected a name for tables and figures, got " ".',
    );
    // @ts-expect-error: an unknown option
    expect(() => parseSentencePiece(model, { name: 'x', bos: true })).toThrow('unknown option bos');
    // @ts-expect-error: no string
    expect(() => parseSentencePiece(model, { name: 'x' }).count(null)).toThrow(
      'tokenizer "x": expected a string, got null.',
    );
  });

  /** A number of tokens, or an error of ours. */
  function survives(file: Uint8Array): void {
    try {
      const count = parseSentencePiece(file, { name: 'x' }).count('A cat, 犬  か\u3099 and a <sep> ﬁ…');
      expect(Number.isInteger(count) && count > 0 && count < 100).toBe(true);
    } catch (error) {
      if (!(error instanceof ClippoError)) throw error;
      expect(error.code).toBe('DATA');
    }
  }

  it('neither hangs nor crashes on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 500, seed: 2 });
  });

  const names = ['unigram', 'unigram-bytes', 'bpe', 'bpe-bytes'];
  it.each(names)('nor on %s, cut short or with bytes changed', (name) => {
    const model = readGolden(`sentencepiece/${name}.model`);
    const place = fc.nat({ max: model.length - 1 });
    const changes = fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.option(place, { nil: model.length, freq: 2 }), (changed, end) => {
        const broken = Uint8Array.from(model);
        for (const [at, byte] of changed) broken[at] = byte;
        survives(broken.subarray(0, end));
      }),
      { numRuns: 150, seed: 3 },
    );
  });
});
