// The drawing of a modality gap: what it says, that it is whole, and that nothing of a name becomes markup.

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/errors.ts';
import type { ModalityGap } from '../../src/eval/modality-gap.ts';
import { type ModalityGapFigureOptions, modalityGapFigure } from '../../src/eval/modality-gap-figure.ts';
import { createRandom } from '../../src/random.ts';

/** A cloud on each side of 0. */
function clouds(countA: number, countB: number, spread = [1, 0.5]): ModalityGap {
  const random = createRandom(1, 'clouds');
  const cloud = (count: number, side: number): Float64Array =>
    Float64Array.from(
      { length: 2 * count },
      (_, i) => (i % 2 === 0 ? side : 0) + spread[i % 2]! * (random.next() - 0.5),
    );
  const pca = {
    components: new Float64Array(6),
    explained: [0.391, 0.2046],
    a: cloud(countA, -1),
    b: cloud(countB, 1),
  };
  return { distance: 1.17264, pca };
}

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

/** Drawn places of a kind, as they stand in the paths. */
function dots(svg: string, kind: string): [number, number][] {
  const paths = [...svg.matchAll(new RegExp(`<path class="${kind}" stroke-width[^>]* d="([^"]*)"/>`, 'g'))];
  return paths.flatMap(([, path]) =>
    [...path!.matchAll(/M(-?[\d.]+) (-?[\d.]+)h0/g)].map(([, x, y]): [number, number] => [
      Number(x),
      Number(y),
    ]),
  );
}

/** Share of the pixels that are nearer to the colour than 60 in every channel. */
async function shareOf(svg: string, [red, green, blue]: readonly [number, number, number]): Promise<number> {
  const { data, info } = await sharp(Buffer.from(svg))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  let count = 0;
  for (let i = 0; i < data.length; i += 3) {
    const far = Math.max(...[red, green, blue].map((value, c) => Math.abs(value - data[i + c]!)));
    if (far < 60) count++;
  }
  return count / (info.width * info.height);
}

describe('modalityGapFigure', () => {
  it('says what it shows', () => {
    const svg = modalityGapFigure(clouds(40, 60));
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        'Modality gap',
        'pictures',
        'texts',
        'First component, 39.1 % of the variance',
        'Second component, 20.5 % of the variance',
        'Gap 1.173: the distance of the two centres (ringed) in all dimensions.',
        'Points: 40 pictures, 60 texts.',
      ]),
    );
    expect(texts(svg)).toEqual(expect.arrayContaining(['−1.0', '−0.5', '0', '0.5', '1.0']));
    expect(svg).toContain('aria-label="Modality gap. Gap 1.173:');
  });

  it('draws every point within the plot, one unit as long up as along', () => {
    const result = clouds(40, 60);
    const svg = modalityGapFigure(result);
    const [a, b] = [dots(svg, 'a'), dots(svg, 'b')];
    expect([a.length, b.length]).toEqual([40, 60]);
    for (const [x, y] of [...a, ...b]) {
      expect(x > 62 && x < 546 && y > 62).toBe(true);
    }
    // Points lie as far apart as their places say, in any direction; they stand in another order.
    const spanOf = (list: number[]): number => Math.max(...list) - Math.min(...list);
    const places = [...result.pca.a, ...result.pca.b];
    const [spanX, spanY] = [0, 1].map((axis) => spanOf(places.filter((_, i) => i % 2 === axis)));
    const drawn = [0, 1].map((axis) => spanOf([...a, ...b].map((point) => point[axis]!)));
    expect(drawn[0]! / drawn[1]!).toBeCloseTo(spanX! / spanY!, 1);
    // Up is up: the highest place is drawn highest.
    const highest = result.pca.a
      .filter((_, i) => i % 2 === 1)
      .reduce((most, y, i, all) => (y > all[most]! ? i : most), 0);
    const x = Math.min(...a.map((point) => point[1]));
    expect(a.find((point) => point[1] === x)![0]).toBeCloseTo(
      62 + 242 + (0.94 * 484 * (result.pca.a[2 * highest]! - middle(places))) / spanX!,
      0,
    );
  });

  it('draws a sample of too many, and says so', () => {
    const result = clouds(2500, 2000);
    const svg = modalityGapFigure(result, { seed: 3 });
    expect([dots(svg, 'a').length, dots(svg, 'b').length]).toEqual([2000, 2000]);
    expect(texts(svg)).toContain('Points: 2,000 of 2,500 pictures, 2,000 texts.');
    expect(texts(svg)).toContain(
      'They are a sample (seed 3); the gap, centres and axes are those of all points.',
    );
    expect(modalityGapFigure(result, { seed: 3 })).toBe(svg);
    expect(modalityGapFigure(result, { seed: 4 })).not.toBe(svg);
    expect(svg.length).toBeLessThan(80_000);
    expect(texts(modalityGapFigure(clouds(2000, 2000))).join()).not.toContain('sample');
  });

  it('takes nothing for markup, and cuts what has no room', async () => {
    const title = '</text><script>"x" & y\u0000\ud800';
    const svg = modalityGapFigure(clouds(3, 3), { title, labels: ['<a>', 'b'.repeat(50)] });
    expect(svg).not.toMatch(/<script|\0|href|url\(/);
    expect(texts(svg)).toContain('&#60;/text&#62;&#60;script&#62;&#34;x&#34; &#38; y\ufffd\ufffd');
    expect(texts(svg)).toContain(`${'b'.repeat(19)}…`);
    expect(texts(svg)).toContain('&#60;a&#62;');
    // A parser of XML takes it.
    expect((await sharp(Buffer.from(svg)).metadata()).width).toBe(560);
  });

  it('is blue and orange on white, for what knows no dark', async () => {
    const svg = modalityGapFigure(clouds(300, 300));
    expect(await shareOf(svg, [255, 255, 255])).toBeGreaterThan(0.6);
    expect(await shareOf(svg, [11, 99, 206])).toBeGreaterThan(0.003);
    expect(await shareOf(svg, [224, 112, 12])).toBeGreaterThan(0.003);
    // Both of each: a browser takes the last it knows, anything else the first.
    const rules = svg.match(/\w+:#\w+;\w+:light-dark\(#\w+,#\w+\)/g)!;
    expect(rules.length).toBe(7);
    for (const rule of rules) expect(rule).toMatch(/^(\w+):(#\w+);\1:light-dark\(\2,/);
  });

  it.each([
    ['all points equal', [0, 0]],
    ['a line', [1, 0]],
    ['tiny', [1e-9, 1e-9]],
    ['huge', [1e12, 1e11]],
  ] as const)('draws %s', async (_, spread) => {
    const result = clouds(3, 2, [...spread]);
    const { pca } = result;
    const shift = (places: Float64Array, side: number): Float64Array =>
      places.map((value, i) => (i % 2 === 0 ? value - side : value));
    const centred = { ...result, pca: { ...pca, a: shift(pca.a, -1), b: shift(pca.b, 1) } };
    for (const each of [result, centred]) {
      const svg = modalityGapFigure(each);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(dots(svg, 'a').length).toBe(3);
      expect((await sharp(Buffer.from(svg)).metadata()).height).toBeLessThan(720);
    }
  });

  it.each<[ModalityGapFigureOptions, string]>([
    [
      { colour: 1 } as ModalityGapFigureOptions,
      'modalityGapFigure: unknown option colour. Known: title, labels, seed.',
    ],
    [{ title: 3 as unknown as string }, 'modalityGapFigure: title: expected text, got 3.'],
    [
      { labels: ['a'] as unknown as [string, string] },
      'modalityGapFigure: labels: expected two texts, for a and b, got an array.',
    ],
    [{ labels: ['a', 2] as unknown as [string, string] }, 'modalityGapFigure: labels: expected text, got 2.'],
    [{ seed: 0.5 }, 'modalityGapFigure: seed: expected an integer, got 0.5.'],
  ])('refuses the options %j', (options, message) => {
    expect(() => modalityGapFigure(clouds(2, 2), options)).toThrow(ConfigError);
    expect(() => modalityGapFigure(clouds(2, 2), options)).toThrow(message);
  });

  it('refuses what is no modality gap', () => {
    const result = clouds(2, 2);
    const odd = { ...result, pca: { ...result.pca, b: new Float64Array(3) } };
    expect(() => modalityGapFigure(odd)).toThrow(DataError);
    expect(() => modalityGapFigure(odd)).toThrow('result.pca.b: expected pairs of numbers, got 3 numbers.');
    // What JavaScript may hand in.
    expect(() => modalityGapFigure(undefined as unknown as ModalityGap)).toThrow(
      'modalityGapFigure: expected what modalityGap() gives, got undefined with the distance undefined.',
    );
    expect(() => modalityGapFigure({ distance: 1 } as ModalityGap)).toThrow(
      'result.pca.explained: expected a list',
    );
  });
});

/** Of the first axis. */
function middle(places: number[]): number {
  const along = places.filter((_, i) => i % 2 === 0);
  return (Math.max(...along) + Math.min(...along)) / 2;
}
