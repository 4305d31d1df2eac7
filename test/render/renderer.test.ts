import { describe, expect, it } from 'vitest';
import { createRenderer, type GlyphSource, type RenderOptions, renderText } from '../../src/render/index.ts';
import { loadBundledUnifont } from '../../src/render/unifont.ts';

describe('renderText', () => {
  it('reports what was drawn where', async () => {
    const rendered = await renderText('A photo of a dog');
    expect(rendered).toMatchObject({
      width: 224,
      height: 224,
      channels: 1,
      characterCount: 16,
      visibleCharacters: 16,
      droppedCharacters: 0,
      truncatedCharacters: 0,
      missingGlyphs: 0,
      lines: [{ text: 'a photo of a dog', top: 0, width: 98, start: 0, end: 16 }],
    });
    expect(rendered.data).toHaveLength(224 * 224);
  });

  it('tells the patch of each character', async () => {
    const rendered = await renderText('x'.repeat(600));
    // 7 px each, 30 on the first line, 31 on the second.
    expect(rendered.patchOf(0)).toEqual({ row: 0, column: 0 });
    expect(rendered.patchOf(3)).toEqual({ row: 0, column: 1 });
    expect(rendered.patchOf(30)).toEqual({ row: 1, column: 0 });
    expect(rendered.patchOf(30, 8)).toEqual({ row: 2, column: 0 });
    expect(rendered.visibleCharacters).toBe(30 + 13 * 31);
    expect(rendered.patchOf(rendered.visibleCharacters - 1)).toEqual({ row: 13, column: 13 });
    for (const index of [rendered.visibleCharacters, 599, 600, -1, 0.5, Number.NaN]) {
      expect(rendered.patchOf(index)).toBeUndefined();
    }
    for (const size of [0, -16, 1.5, Number.NaN]) {
      expect(() => rendered.patchOf(0, size)).toThrow(
        `patchOf: patchSize must be a positive integer in px, got ${size}.`,
      );
    }
  });

  it('counts what is cut, what falls off and what is missing', async () => {
    const rendered = await renderText(`\ue000${'x'.repeat(40)}`, { size: 32, maxCharacters: 20 });
    expect(rendered.characterCount).toBe(41);
    expect(rendered.truncatedCharacters).toBe(21);
    // C = 4 + 7i, W − M = 25: lines of 4, 3, ... characters, two of them visible.
    expect(rendered.visibleCharacters).toBe(7);
    expect(rendered.droppedCharacters).toBe(34);
    expect(rendered.missingGlyphs).toBe(1);
  });

  it('draws a blank picture of nothing', async () => {
    const rendered = await renderText('');
    expect(rendered.data.every((value) => value === 127)).toBe(true);
    expect(rendered).toMatchObject({
      lines: [],
      characterCount: 0,
      visibleCharacters: 0,
      droppedCharacters: 0,
    });
    const blank = await renderText('   ', { spacing: 0, minWidth: 0 });
    expect(blank.data.every((value) => value === 127)).toBe(true);
  });

  it('draws one character a line, cut at the edge, on a canvas narrower than a character', async () => {
    const rendered = await renderText('ab', { size: { width: 3, height: 32 } });
    expect(rendered.lines.map(({ text, top }) => [text, top])).toEqual([
      ['a', 0],
      ['b', 16],
    ]);
    const wide = await renderText('ab', { size: { width: 224, height: 32 } });
    // Columns 0-2 of `a` are the same on both canvases.
    for (let y = 0; y < 16; y++) {
      expect(rendered.data.subarray(3 * y, 3 * y + 3)).toEqual(wide.data.subarray(224 * y, 224 * y + 3));
    }
  });

  it('takes any brightness and a canvas that is no square', async () => {
    const options = { size: { width: 40, height: 20 }, textBrightness: 255, backgroundBrightness: 3 };
    const rendered = await renderText('a b', options);
    expect(rendered.data).toHaveLength(800);
    expect(new Set(rendered.data)).toEqual(new Set([3, 255]));
  });

  it('breaks at words when asked, and draws a line feed as nothing', async () => {
    const rendered = await renderText('one two\nthree', { size: { width: 40, height: 64 }, wrap: 'word' });
    expect(rendered.lines.map(({ text, top, start, end }) => ({ text, top, start, end }))).toEqual([
      { text: 'one ', top: 0, start: 0, end: 4 },
      { text: 'two', top: 16, start: 4, end: 7 },
      { text: 'three', top: 32, start: 8, end: 13 },
    ]);
    expect(rendered.patchOf(7)).toBeUndefined();
    expect(rendered.visibleCharacters).toBe(13);
  });

  it('gives equal pictures from every kind of call, and pictures of their own', async () => {
    const renderer = await createRenderer();
    const [first, second] = await Promise.all([renderText('cat'), renderText('cat')]);
    expect(first.data).toEqual(renderer.render('cat').data);
    first.data.fill(9);
    expect(second.data).toEqual(renderer.render('cat').data);
    expect(renderer).toMatchObject({ width: 224, height: 224, lineHeight: 16 });
  });

  it('survives structuredClone', async () => {
    const rendered = await renderText('cat');
    const { patchOf, ...fields } = structuredClone(rendered);
    expect(patchOf).toBeUndefined();
    expect(fields).toEqual({ ...rendered });
  });

  it('draws a text of a million characters', async () => {
    const rendered = await renderText('x'.repeat(1_000_000), { maxCharacters: 0 });
    expect(rendered.droppedCharacters).toBe(1_000_000 - (30 + 13 * 31));
  });
});

describe('what it refuses', () => {
  const font: GlyphSource = { lineHeight: 16, glyph: () => undefined };

  it.each([
    [{ size: 0 }, 'size must be an integer in 1..16384 px or { width, height } of such, got 0.'],
    [{ size: 16_385 }, 'got 16385.'],
    [{ size: { width: 10 } }, 'got 10 x undefined.'],
    [{ size: null }, 'got null.'],
    [{ spacing: -1 }, 'spacing must be an integer in 0..256, got -1.'],
    [{ minWidth: 1.5 }, 'minWidth must be an integer in 0..256, got 1.5.'],
    [{ maxCharacters: Number.NaN }, 'maxCharacters must be an integer in 0..2147483647, got NaN.'],
    [{ textBrightness: 256 }, 'textBrightness must be an integer in 0..255, got 256.'],
    [{ backgroundBrightness: -1 }, 'backgroundBrightness must be an integer in 0..255, got -1.'],
    [{ lowercase: 'yes' }, 'lowercase must be true or false, got yes.'],
    [{ monospace: 1 }, 'monospace must be true or false, got 1.'],
    [{ wrap: 'line' }, "wrap must be 'character' or 'word', got line."],
    [{ font: 'Arial' }, 'font must be a GlyphSource. Make one with await parseUnifontHex(...)'],
    [{ fontSize: 16 }, 'unknown option fontSize. Known: size, font, lowercase,'],
    [null, 'expected an options object, got null.'],
  ])('%j', async (options, message) => {
    const wrong = options as RenderOptions; // what a JavaScript caller may pass
    await expect(createRenderer(wrong)).rejects.toThrow('render options: ');
    await expect(renderText('a', wrong)).rejects.toThrow(message);
  });

  it('a text that is no string', async () => {
    const number = 7 as unknown as string; // what a JavaScript caller may pass
    await expect(renderText(number)).rejects.toThrow('renderText: expected a string, got number.');
  });

  it('a font whose cells do not fit', async () => {
    const wrong: GlyphSource = { ...font, glyph: () => ({ width: 8, coverage: new Uint8Array(7) }) };
    await expect(renderText('a', { font: wrong })).rejects.toThrow(
      "the font's cell of U+61 has width 8 and 7 values, expected width x 16 values.",
    );
  });
});

it('asks the font for each character once', async () => {
  const unifont = await loadBundledUnifont();
  const asked: number[] = [];
  const font: GlyphSource = {
    lineHeight: 16,
    glyph: (codePoint) => {
      asked.push(codePoint);
      return unifont.glyph(codePoint);
    },
  };
  const renderer = await createRenderer({ font });
  renderer.render('abba');
  renderer.render('baab');
  expect(asked).toEqual([0x61, 0x62]);
});
