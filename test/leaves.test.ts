// The small files of src/ that everything stands on.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ClippoError, ConfigError, ShapeError } from '../src/errors.ts';
import { assertNumber, describeValue, givenOptions, refuseUnknown } from '../src/options.ts';
import { CLIP_BEST_TEMPLATES, CLIP_TEMPLATES, canonicalizePrompt } from '../src/prompts.ts';
import { createRandom } from '../src/random.ts';
import { assertShape, sizeOf } from '../src/shape.ts';
import { readGoldenJson } from './support/golden.ts';

describe('errors', () => {
  it('carry a code, a name and a cause', () => {
    const cause = new Error('inner');
    const error = new ConfigError('outer', { cause });
    expect(error).toBeInstanceOf(ClippoError);
    expect([error.code, error.name, error.message, error.cause]).toEqual([
      'CONFIG',
      'ConfigError',
      'outer',
      cause,
    ]);
  });
});

describe('options', () => {
  it('names what is unknown and what is known', () => {
    expect(() => refuseUnknown('f', { a: 1, b: 2 }, ['a'])).toThrow('f: unknown option b. Known: a.');
    expect(() => refuseUnknown('f', null as unknown as object, ['a'])).toThrow(
      'f: expected an options object, got null.',
    );
    refuseUnknown('f', { b: undefined }, []); // says nothing
  });

  it('drops what is undefined, and keeps null and false', () => {
    expect(givenOptions({ a: undefined, b: null, c: false })).toEqual({ b: null, c: false });
  });

  it('checks ranges', () => {
    assertNumber('f', 'rate', 0.5, 0, 1);
    expect(() => assertNumber('f', 'rate', 2, 0, 1)).toThrow(
      'f: rate: expected a number from 0 to 1, got 2.',
    );
    expect(() => assertNumber('f', 'n', Number.NaN, 1, Number.POSITIVE_INFINITY)).toThrow(
      'f: n: expected a number of at least 1, got NaN.',
    );
    expect(() => assertNumber('f', 'n', '3', 1, 9)).toThrow('got "3".');
  });

  it('describes values of the wrong kind', () => {
    const values = [undefined, null, 'x', [1], {}, () => 1, new Map(), Object.create(null)];
    expect(values.map(describeValue)).toEqual([
      'undefined',
      'null',
      '"x"',
      'an array',
      'an object',
      'a function',
      'Map',
      'an object',
    ]);
  });
});

describe('shapes', () => {
  it('accepts what fits, letters standing for one size', () => {
    assertShape('x', [4, 3, 4], ['B', 3, 'B']);
    expect(sizeOf([2, 3, 4])).toBe(24);
    expect(sizeOf([])).toBe(1);
  });

  it('says what came, what was expected and how to mend it', () => {
    const check = (): void => assertShape('images', [4, 256, 256, 3], ['B', 224, 224, 3], 'Resize them.');
    expect(check).toThrow(ShapeError);
    expect(check).toThrow('images: expected [B, 224, 224, 3], got [4, 256, 256, 3]. Resize them.');
    expect(() => assertShape('x', [4, 5], ['B', 'B'])).toThrow('x: expected [B, B], got [4, 5].');
    expect(() => assertShape('x', [4], ['B', 1])).toThrow('x: expected [B, 1], got [4].');
  });
});

describe('random numbers', () => {
  it('are the same for the same seed and stream, and others for others', () => {
    const draw = (seed: number, stream?: string): number[] => {
      const random = createRandom(seed, stream);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    // Checkpoints and examples depend on these numbers: they may not change.
    expect(draw(0).map((value) => Math.floor(value * 2 ** 32))).toMatchInlineSnapshot(`
      [
        3788359966,
        2396436354,
        3889753661,
        2125982429,
        3280524502,
      ]
    `);
  });

  it('are uniform, normal, and permutations', () => {
    const random = createRandom(3);
    const uniform = Array.from({ length: 20_000 }, () => random.next());
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.01);
    expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
    const normal = Array.from({ length: 20_000 }, () => random.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(Math.abs(mean(normal.map((value) => value ** 2)) - 1)).toBeLessThan(0.05);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 7000; i++) counts[random.integer(7)]!++;
    expect(counts.every((count) => Math.abs(count - 1000) < 150)).toBe(true);
    expect([...random.permutation(100)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });
});

describe('prompts', () => {
  interface Case {
    readonly text: string;
    readonly out: string;
    readonly first_alias?: string;
  }
  interface Golden {
    readonly names: Case[];
    readonly templates: Case[];
    readonly plain: Case[];
    readonly clip_paper: {
      readonly count: number;
      readonly sha256_sorted_raw: string;
      readonly sha256_sorted_canonical: string;
    };
  }
  const golden = readGoldenJson<Golden>('eval/prompts.json');

  it.each([
    ['names', ','],
    ['templates', '{}'],
    ['plain', ''],
  ] as const)('golden %s', (group, keep) => {
    for (const { text, out, first_alias } of golden[group]) {
      expect(canonicalizePrompt(text, keep)).toBe(out);
      if (first_alias !== undefined) expect(canonicalizePrompt(text, keep).split(',')[0]).toBe(first_alias);
    }
  });

  it('the sets have their sizes and no double', () => {
    expect([CLIP_TEMPLATES.length, new Set(CLIP_TEMPLATES).size]).toEqual([81, 81]);
    expect([CLIP_BEST_TEMPLATES.length, new Set(CLIP_BEST_TEMPLATES).size]).toEqual([8, 8]);
  });

  it('the 81 are those of big_vision', () => {
    const digest = (lines: readonly string[]): string =>
      createHash('sha256')
        .update([...lines].sort().join('\n'))
        .digest('hex');
    const { count, sha256_sorted_raw, sha256_sorted_canonical } = golden.clip_paper;
    expect(CLIP_TEMPLATES).toHaveLength(count);
    expect(digest(CLIP_TEMPLATES)).toBe(sha256_sorted_raw);
    expect(digest(CLIP_TEMPLATES.map((template) => canonicalizePrompt(template, '{}')))).toBe(
      sha256_sorted_canonical,
    );
  });
});
