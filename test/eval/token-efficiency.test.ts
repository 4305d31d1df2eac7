// Lengths by language: the arithmetic by hand, what is passed over, what is refused, and the figure and table of it.

import { describe, expect, it } from 'vitest';
import { createPatchCounter } from '../../src/eval/patch-count.ts';
import {
  type TokenEfficiency,
  type TokenEfficiencyOptions,
  tokenEfficiency,
} from '../../src/eval/token-efficiency.ts';
import { tokenEfficiencyFigure, tokenEfficiencyTable } from '../../src/eval/token-efficiency-figure.ts';
import type { ProgressEvent } from '../../src/progress.ts';
import type { Tokenizer } from '../../src/tokens/index.ts';

const characters: Tokenizer = { name: 'characters', count: (text) => [...text].length };
const utf8: Tokenizer = { name: 'bytes', count: (text) => new TextEncoder().encode(text).length };

async function* slowly(texts: readonly string[]): AsyncGenerator<string> {
  for (const text of texts) yield text;
}

describe('tokenEfficiency', () => {
  it('has means, quartiles and ratios', async () => {
    const texts = { en: ['a', 'a dog', 'a photo of a dog', 'cat'], ja: slowly(['犬の写真', ' ', '']) };
    const result = await tokenEfficiency({ texts, tokenizers: [characters, utf8] });
    expect(result.methods).toEqual(['CLIPPO', 'characters', 'bytes']);
    const [en, ja] = result.languages;
    expect(en).toMatchObject({ language: 'en', texts: 4, blank: 0, characters: 25 / 4, overflow: 0 });
    expect(ja).toMatchObject({ language: 'ja', texts: 1, blank: 2, characters: 4, overflow: 0 });
    // Lengths 1, 3, 5, 16, of which the quartiles lie a quarter of the way, half of it and three quarters.
    const [patches, tokens] = en!.lengths;
    expect(tokens).toEqual({ mean: 25 / 4, quartiles: [2.5, 4, 7.75], ratio: 25 / 4 / patches!.mean });
    const count = await createPatchCounter();
    expect(patches!.mean).toBe([...texts.en].map(count).reduce((a, b) => a + b) / 4);
    expect(patches!.ratio).toBe(1);
    expect(ja!.lengths[2]).toEqual({ mean: 12, quartiles: [12, 12, 12], ratio: 12 / count('犬の写真') });
    const [own, , bytes] = result.means;
    expect(own).toEqual({ mean: (patches!.mean + count('犬の写真')) / 2, ratio: 1, longerIn: 0 });
    expect(bytes!.mean).toBe((25 / 4 + 12) / 2);
    expect(bytes!.ratio).toBeCloseTo(Math.sqrt((25 / 4 / patches!.mean) * (12 / count('犬の写真'))), 12);
    expect(bytes!.longerIn).toBe(2);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('says how many texts fall off the canvas', async () => {
    const texts = { de: ['kurz', 'lang '.repeat(40)], en: ['x'.repeat(769)] };
    const { languages } = await tokenEfficiency({ texts });
    expect(languages.map(({ overflow }) => overflow)).toEqual([0, 1]);
    const small = await tokenEfficiency({ texts, imageSize: 64 });
    expect(small.languages.map(({ overflow }) => overflow)).toEqual([0.5, 1]);
  });

  it('draws as it is told', async () => {
    const texts = { en: ['WIDE'] };
    const [narrow, wide] = await Promise.all(
      [{}, { monospace: true, patchSize: 8 }].map((render) => tokenEfficiency({ texts, render })),
    );
    expect(narrow!.languages[0]!.lengths[0]!.mean).toBe(2);
    expect(wide!.languages[0]!.lengths[0]!.mean).toBe(14); // cells of 16 px, two rows of patches
  });

  it('takes the first texts of a language, and closes what they come from', async () => {
    let closed = false;
    function* endless(): Generator<string> {
      try {
        for (;;) yield 'x';
      } finally {
        closed = true;
      }
    }
    const { languages } = await tokenEfficiency({ texts: { en: endless() }, maxTexts: 300 });
    expect(languages[0]!.texts).toBe(300);
    expect(closed).toBe(true);
  });

  it('tells how far it is, and stops when asked', async () => {
    const events: ProgressEvent[] = [];
    const texts = { en: ['a'], de: ['b'] };
    await tokenEfficiency({ texts, onProgress: (event) => events.push(event) });
    expect(events).toEqual([
      { stage: 'measure', done: 1, total: 2, unit: 'languages' },
      { stage: 'measure', done: 2, total: 2, unit: 'languages' },
    ]);

    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')));
    function* endless(): Generator<string> {
      for (;;) yield 'x';
    }
    await expect(
      tokenEfficiency({ texts: { en: endless() }, maxTexts: Infinity, signal: controller.signal }),
    ).rejects.toThrow('enough');
  });

  const en = ['a dog'];
  it.each<[string, object, string]>([
    ['no texts', {}, 'tokenEfficiency: texts: expected { language: texts }, got undefined.'],
    ['a list', { texts: en }, 'texts: expected { language: texts }, got an array.'],
    ['no language', { texts: {} }, 'texts: expected at least one language, got none.'],
    [
      'a string',
      { texts: { en: 'a dog' } },
      'texts: en: expected an array or iterable of strings, got "a dog".',
    ],
    ['null', { texts: { en: null } }, 'texts: en: expected an array or iterable of strings, got null.'],
    [
      'an empty language',
      { texts: { en, de: [] } },
      'tokenEfficiency: de: found no texts. Leave the language out',
    ],
    ['blank texts', { texts: { de: ['', ' '] } }, 'tokenEfficiency: de: found 2 texts, all without ink.'],
    ['numbers', { texts: { de: ['a', 3] } }, 'tokenEfficiency: de: text 1: expected a string, got 3.'],
    [
      'names alike',
      { texts: { en }, tokenizers: [utf8, utf8] },
      'two methods are named "bytes". Name them apart.',
    ],
    [
      'our name',
      { texts: { en }, tokenizers: [{ ...utf8, name: 'CLIPPO' }] },
      'two methods are named "CLIPPO".',
    ],
    ['no name', { texts: { en }, tokenizers: [undefined] }, 'name: expected a name for tables and figures'],
    [
      'no counter',
      { texts: { en }, tokenizers: [{ name: 'x' }] },
      'tokenizer "x": expected a function count(text).',
    ],
    ['one tokenizer', { texts: { en }, tokenizers: utf8 }, 'tokenizers: expected an array, got an object.'],
    [
      'a count that is none',
      { texts: { en }, tokenizers: [{ name: 'x', count: () => Number.NaN }] },
      'tokenizer "x": expected a number of tokens, got NaN.',
    ],
    ['no limit', { texts: { en }, maxTexts: 0 }, 'tokenEfficiency: maxTexts: expected a number from 1'],
    ['half a text', { texts: { en }, maxTexts: 1.5 }, 'maxTexts: expected an integer or Infinity, got 1.5.'],
    ['no canvas', { texts: { en }, imageSize: 0 }, 'size must be an integer in 1..16384 px'],
    ['other options', { texts: { en }, size: 3 }, 'tokenEfficiency: unknown option size.'],
    [
      'other render options',
      { texts: { en }, render: { size: 3 } },
      'createPatchCounter: unknown option size.',
    ],
  ])('refuses %s', async (_, options, words) => {
    await expect(tokenEfficiency(options as TokenEfficiencyOptions)).rejects.toThrow(words);
  });
});

function resultOf(
  methods: readonly string[],
  means: { readonly [language: string]: readonly number[] },
): TokenEfficiency {
  const languages = Object.entries(means).map(([language, lengths]) => ({
    ...{ language, texts: 2, blank: 0, characters: 7.25, overflow: 0.125 },
    lengths: lengths.map((mean) => ({ mean, quartiles: [1, 2, 3] as const, ratio: mean / lengths[0]! })),
  }));
  return { methods, languages, means: methods.map(() => ({ mean: 4, ratio: 1.5, longerIn: 1 })) };
}

describe('tokenEfficiencyFigure', () => {
  const svg = tokenEfficiencyFigure(
    resultOf(['CLIPPO', 'a <tokenizer> & \u0007"more"'], { en: [10, 20], 'de<': [5, 4], ja: [40, 80] }),
  );

  it('has a row a language, the shortest first, and a mark a method in its place', () => {
    const labels = [...svg.matchAll(/text-anchor="end">([^<]*)<\/text>/g)].map((match) => match[1]);
    expect(labels.slice(0, 3)).toEqual(['de&#60;', 'en', 'ja']);
    const marks = [...svg.matchAll(/class="m0" transform="translate\(([\d.]+) ([\d.]+)\)"><title>/g)];
    expect(marks).toHaveLength(3);
    const [x5, x10, x40] = marks.map((match) => Number(match[1]));
    expect((x40! - x5!) / (x10! - x5!)).toBeCloseTo(7, 1);
    const rows = marks.map((match) => Number(match[2]));
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(svg).toContain('<title>en, CLIPPO: 10.0</title>');
  });

  it('holds nothing from outside but what names say, as text', () => {
    expect(svg).toContain('a &#60;tokenizer&#62; &#38; \ufffd&#34;more&#34;');
    expect(svg).not.toMatch(/NaN|undefined|<tokenizer/);
    expect(svg).not.toContain('\u0007');
    expect(svg.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|<script/);
  });

  it('stays within its frame, whatever the names and lengths', () => {
    const long = 'a name of a tokenizer that is much longer than a legend has room for, as names are';
    const names = ['CLIPPO', 'x', long, 'y'.repeat(30), 'z'.repeat(30)];
    for (const scale of [0.02, 1, 3e5]) {
      const means = { 'the language of a very long name': [3, 4, 5, 6, 7].map((mean) => mean * scale) };
      const drawn = tokenEfficiencyFigure(resultOf(names, means));
      const [, width, height] = drawn.match(/viewBox="0 0 (\d+) (\d+)"/)!.map(Number);
      const places = [...drawn.matchAll(/translate\(([\d.]+) ([\d.]+)\)/g)].map((match) =>
        match.slice(1).map(Number),
      );
      expect(places).toHaveLength(10);
      for (const [x, y] of places) expect(x! > 0 && x! < width! && y! > 0 && y! < height!).toBe(true);
      expect(drawn.match(/class="line"/g)!.length).toBeLessThan(12);
      expect(drawn).toContain('the language of a very …');
    }
  });

  it('refuses more methods than can be told apart, and none', () => {
    const many = ['CLIPPO', ...'abcdef'];
    expect(() => tokenEfficiencyFigure(resultOf(many, { en: many.map(() => 1) }))).toThrow(
      'tokenEfficiencyFigure: 6 tokenizers, at most 5 can be told apart. Draw several figures.',
    );
  });
});

describe('tokenEfficiencyTable', () => {
  it('is Markdown', () => {
    const table = tokenEfficiencyTable(resultOf(['CLIPPO', 'a|b'], { en: [10, 12.345], de: [5, 4] }));
    expect(table).toBe(`| language | texts | characters | CLIPPO | a\\|b | off the canvas |
| --- | --: | --: | --: | --: | --: |
| en | 2 | 7.3 | 10.0 | 12.3 (1.23 ×) | 12.5 % |
| de | 2 | 7.3 | 5.0 | 4.0 (0.80 ×) | 12.5 % |
| **mean** |  |  | 4.0 | 4.0 (1.50 ×) |  |
`);
  });
});
