// tokenizer.json through the optional package: what counts, what does not, and what is refused.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseTokenizerJson } from '../../src/tokens/hugging-face/index.ts';
import { WORD_PIECE } from '../support/word-piece.ts';

afterEach(() => {
  vi.doUnmock('@huggingface/tokenizers');
  vi.resetModules();
});

describe('parseTokenizerJson', () => {
  it.each<[string, Uint8Array | string | object]>([
    ['bytes', new TextEncoder().encode(JSON.stringify(WORD_PIECE))],
    ['text', JSON.stringify(WORD_PIECE)],
    ['an object', WORD_PIECE],
  ])('reads %s, and counts neither ends nor padding', async (_, json) => {
    const { name, count } = await parseTokenizerJson(json, { name: 'tiny' });
    expect(name).toBe('tiny');
    expect(['', 'dog', 'Photographs of dogs', 'photo 犬犬', 'of '.repeat(20)].map(count)).toEqual([
      ...[0, 1, 6, 3, 20],
    ]);
  });

  it('numbers what it counts, and says what ends a text', async () => {
    const { encode, vocabulary, end, file } = await parseTokenizerJson(WORD_PIECE, { name: 'tiny' });
    expect([...encode('Photographs of dogs 犬')]).toEqual([4, 5, 6, 7, 8, 6, 1]);
    expect({ vocabulary, end }).toEqual({ vocabulary: 9, end: 3 });
    expect(JSON.parse(new TextDecoder().decode(file))).toEqual(WORD_PIECE);
    const padded = await parseTokenizerJson(WORD_PIECE, { name: 'tiny', end: '[PAD]' });
    expect(padded.end).toBe(0);
  });

  it('takes the settings beside it', async () => {
    const { count } = await parseTokenizerJson(
      { ...WORD_PIECE, normalizer: null },
      { name: 'tiny', config: { do_lowercase_and_remove_accent: true } },
    );
    expect(count('DÔG')).toBe(1);
  });

  it.each<[string, Uint8Array | string | object, string]>([
    ['no JSON', '{"model"', 'tokenizer "x": not JSON: '],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe), 'tokenizer "x": not JSON: '],
    [
      'other JSON',
      '[1]',
      'tokenizer "x": expected a tokenizer.json, an object with a "model", got an array.',
    ],
    ['nothing', 'null', 'got null.'],
    ['a model alone', { model: {} }, 'tokenizer "x": not a tokenizer.json that can be read: '],
    [
      'rules unheard of',
      { ...WORD_PIECE, normalizer: { type: 'Runes' } },
      'tokenizer "x": not a tokenizer.json that can be read: Unknown Normalizer type: Runes',
    ],
  ])('refuses %s', async (_, json, words) => {
    await expect(parseTokenizerJson(json, { name: 'x' })).rejects.toThrow(words);
    await expect(parseTokenizerJson(json, { name: 'x' })).rejects.toMatchObject({ code: 'DATA' });
  });

  it('refuses a tokenizer without a name, and what is no text', async () => {
    // @ts-expect-error: nothing for the head of a column
    await expect(parseTokenizerJson(WORD_PIECE, {})).rejects.toThrow(
      'parseTokenizerJson: name: expected a name for tables and figures, got undefined.',
    );
    const { count } = await parseTokenizerJson(WORD_PIECE, { name: 'x' });
    // @ts-expect-error: no string
    expect(() => count(3)).toThrow('tokenizer "x": expected a string, got 3.');
  });

  it('says what to install', async () => {
    vi.doMock('@huggingface/tokenizers', () => {
      throw new Error('not found');
    });
    const door = await import('../../src/tokens/hugging-face/index.ts');
    await expect(door.parseTokenizerJson(WORD_PIECE, { name: 'x' })).rejects.toThrow(
      'Reading a tokenizer.json needs the package "@huggingface/tokenizers", which cannot be loaded. Run: npm install @huggingface/tokenizers',
    );
  });
});
