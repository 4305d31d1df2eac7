// The normalisation of answers: every string of the golden file, and the oddities by name.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeVqaAnswer } from '../../src/tasks/index.ts';
import { readGoldenJson } from '../support/golden.ts';

const { normalised } = readGoldenJson<{ normalised: Record<string, string> }>('vqa/expected.json');

describe('normalizeVqaAnswer', () => {
  it.each(Object.entries(normalised))('%j → %j, as the official scorer', (answer, wanted) => {
    expect(normalizeVqaAnswer(answer)).toBe(wanted);
  });

  it.each([
    ['a mark between words becomes a space', 'black/white', 'black white'],
    ['beside a space it goes', 'black /white', 'black white'],
    ['and so do all others of its kind, wherever they stand', 'x/y /z', 'xy z'],
    ['a comma between digits makes all marks go', '1,000-mile', '1000mile'],
    ['apostrophes and colons stay', "dog's: 5:30", "dog's: 5:30"],
    ['a full stop before a digit stays', '.5', '.5'],
    ['one behind a digit goes', '5.', '5'],
    ['after 32 full stops the others stay', `${'.'.repeat(34)}x`, '..x'],
    ['none is a number', 'None', '0'],
    ['numbers from eleven on are words', 'ten eleven', '10 eleven'],
    ['articles go', 'The dog and an owl', 'dog and owl'],
    ['contractions get their apostrophe back', 'dont youve', "don't you've"],
    ['with one of two as well', "couldnt've couldn'tve", "couldn't've couldn't've"],
    ['or one of three', "y'alld've 'ow'sat", "y'all'd've 'ow's'at"],
    ['the slip of the table', "somebody'd", 'somebodyd'],
    ['what the table lacks', 'Im Ive shed its', 'im ive shed its'],
    ['names of object properties are words', 'constructor __proto__', 'constructor proto'],
    ['white space of Python', '\u001fa\u0085dog\u3000\ufeff', 'dog \ufeff'],
    ['digits of any script', '٣,٤', '٣٤'],
  ])('%s', (_, answer, wanted) => {
    expect(normalizeVqaAnswer(answer)).toBe(wanted);
  });

  it('leaves words with single spaces between, without capitals, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (answer) => {
        const words = normalizeVqaAnswer(answer);
        expect(words).toBe(words.toLowerCase());
        expect(words).not.toMatch(/^ | $| {2}|[\t\n;/[\]"{}()=+\\_><@`,?!]/);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
