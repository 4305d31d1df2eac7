import { describe, expect, it } from 'vitest';
import { expandBraces } from '../../src/data/index.ts';
import { findShards } from '../../src/data/shard-glob.ts';
import { memoryTree } from '../support/memory-files.ts';

describe('expandBraces', () => {
  it.each([
    ['a.tar', 'a.tar'],
    ['{a,b}-{08..10}.tar', 'a-08.tar a-09.tar a-10.tar b-08.tar b-09.tar b-10.tar'],
    ['{3..1}', '3 2 1'],
    ['{-01..1}', '-01 000 001'],
    ['{0..10..5}', '0 5 10'],
    ['{10..0..5}', '10 5 0'],
    ['{1..3..0}', '1 2 3'],
    ['{a,b{1..2},}', 'a b1 b2 '],
    ['{abc}{x}', '{abc}{x}'],
    ['{x{1,2}}', '{x1} {x2}'],
  ])('%s', (pattern, expected) => {
    expect(expandBraces(pattern).join(' ')).toBe(expected);
  });

  it.each([
    ['a{b', 'shards: a{b: "{" without "}".'],
    ['a}b', 'shards: a}b: "}" without "{".'],
    ['{0..9999999}', 'shards: 0..9999999 stands for more than 1000000 names.'],
    ['{0..9}'.repeat(9), 'stands for more than 1000000 names.'],
  ])('refuses %s', (pattern, message) => {
    expect(() => expandBraces(pattern)).toThrow(message);
  });
});

describe('findShards', () => {
  it('matches within one folder, and takes every other character as it stands', async () => {
    const tree = memoryTree({ 'a+1.tar': '', 'aa1.tar': '', 'b/a1.tar': '', 'a1.tar.gz': '' });
    const find = async (name: string) => {
      const found: string[] = [];
      for await (const path of findShards(tree, name)) found.push(path);
      return found;
    };
    expect(await find('*.tar')).toEqual(['a+1.tar', 'aa1.tar']);
    expect(await find('a+*.tar')).toEqual(['a+1.tar']);
    expect(await find('?/a?.tar')).toEqual(['b/a1.tar']);
    expect(await find('gone.tar')).toEqual(['gone.tar']);
    await expect(find(`${'*'.repeat(100)}x`)).rejects.toThrow(`no file matches ${'*'.repeat(100)}x`);
  });
});
