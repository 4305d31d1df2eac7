// Patches of one long line: by widths alone they must be what painting the whole line gives.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPatchCounter, type PatchCounterOptions } from '../../src/eval/patch-count.ts';
import { createRenderer, type GlyphSource } from '../../src/render/index.ts';

/** The line painted as a whole, and the last column with ink looked for. */
async function paintedCount({ patchSize = 16, ...drawing }: PatchCounterOptions = {}) {
  const width = 4096;
  const renderer = await createRenderer({ ...drawing, maxCharacters: 0, size: { width, height: 16 } });
  return (text: string): number => {
    const { data, lines } = renderer.render(text);
    expect(lines.length).toBeLessThan(2);
    let end = 0;
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < width; x++) if (data[y * width + x] !== 127) end = Math.max(end, x + 1);
    }
    return Math.ceil(end / patchSize) * Math.ceil(16 / patchSize);
  };
}

describe('createPatchCounter', () => {
  it.each<[string, PatchCounterOptions]>([
    ['as the paper draws', {}],
    ['whole cells', { monospace: true }],
    ['no space between letters', { spacing: 0 }],
    ['wide spaces, capitals, larger patches', { spacing: 5, minWidth: 9, lowercase: false, patchSize: 32 }],
    ['smaller patches, several rows of them', { patchSize: 7 }],
  ])('counts what painting the line gives: %s', async (_, options) => {
    const count = await createPatchCounter(options);
    const painted = await paintedCount(options);
    const words = [
      'Straße',
      '犬の写真',
      'नमस्ते',
      '👩‍🚀',
      ' ',
      '\n',
      '\t',
      '\ud800',
      '\u3000',
      '\u0301',
      'iIl.',
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 4 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, (parts) => {
        expect(count(parts.join(''))).toBe(painted(parts.join('')));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('does not count blanks behind the text, but those before it', async () => {
    const count = await createPatchCounter();
    expect(count('a photo of a dog')).toBe(7);
    expect(count('A PHOTO OF A DOG')).toBe(7);
    expect(count(`a photo of a dog${' '.repeat(100)}`)).toBe(7);
    expect(count(`${' '.repeat(100)}a`)).toBe(Math.ceil((100 * 4 + 7) / 16));
    expect(['', ' ', '\u3000'].map(count)).toEqual([0, 0, 0]);
  });

  it('has no end of the canvas: neither 768 characters nor 16,384 px', async () => {
    const count = await createPatchCounter({ monospace: true });
    expect(count('犬'.repeat(5000))).toBe(5000);
  });

  it('sees all ink of a cell of any width', async () => {
    const fontOf = (width: number): GlyphSource => ({
      lineHeight: 10,
      glyph: () => ({ width, coverage: new Uint8Array(10 * width).fill(255, width - 1, width) }),
    });
    const wide = await createPatchCounter({ font: fontOf(319), monospace: true, patchSize: 10 });
    expect(wide('ab')).toBe(64);
    for (const width of [320, 700]) {
      const count = await createPatchCounter({ font: fontOf(width), monospace: true });
      expect(() => count('a')).toThrow(
        "patch count: the font's cell of U+61 is wider than 320 px, half a canvas.",
      );
    }
  });

  it('refuses what it does not know', async () => {
    // @ts-expect-error: of the renderer, but without meaning here
    await expect(createPatchCounter({ size: 224 })).rejects.toThrow(
      'createPatchCounter: unknown option size. Known: font, lowercase, monospace, spacing, minWidth, patchSize.',
    );
    await expect(createPatchCounter({ patchSize: 0.5 })).rejects.toThrow(
      'createPatchCounter: patchSize: expected a positive integer in px, got 0.5.',
    );
    await expect(createPatchCounter({ spacing: -1 })).rejects.toThrow('spacing must be an integer in 0..256');
    const count = await createPatchCounter();
    // @ts-expect-error: no string
    expect(() => count(undefined)).toThrow('patch count: expected a string, got undefined.');
  });
});
