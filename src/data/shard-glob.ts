// Names of many shards in few characters → the names: `train-{000..031}.tar`, `{a,b{1..3}}.tar`, `*.tar`.
// Braces as in bash: ranges of numbers keep their leading zeros, may run down, may have a step; lists nest; braces
// with neither stand for themselves. `*` and `?` match within one folder.

import { ConfigError } from '../errors.ts';
import { listTree } from './byte-file.ts';
import type { FileTree } from './source.ts';
import { Unreadable } from './unreadable.ts';

const MAX_NAMES = 1_000_000;

/**
 * All names a pattern stands for, in the order it names them. `*` and `?` are left as they are.
 *
 * @throws ConfigError when a brace has no partner, or there would be more than a million names
 * @example expandBraces('{a,b}-{08..10}.tar'); // a-08.tar, a-09.tar, a-10.tar, b-08.tar, …
 */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{');
  if (open < 0) {
    if (pattern.includes('}')) throw new ConfigError(`shards: ${pattern}: "}" without "{".`);
    return [pattern];
  }
  const { close, commas } = closingBrace(pattern, open);
  const inner = pattern.slice(open + 1, close);
  const rest = expandBraces(pattern.slice(close + 1));
  let names: string[];
  if (commas.length > 0) {
    const bounds = [open, ...commas, close];
    names = bounds.slice(1).flatMap((end, i) => expandBraces(pattern.slice(bounds[i]! + 1, end)));
  } else {
    names = rangeOf(inner) ?? expandBraces(inner).map((name) => `{${name}}`);
  }
  if (names.length * rest.length > MAX_NAMES) throw tooMany(pattern);
  const before = pattern.slice(0, open);
  return names.flatMap((name) => rest.map((end) => `${before}${name}${end}`));
}

/** @returns where the brace closes, and the commas directly within it */
function closingBrace(pattern: string, open: number): { close: number; commas: number[] } {
  const commas: number[] = [];
  let depth = 0;
  for (let i = open; i < pattern.length; i++) {
    if (pattern[i] === '{') depth++;
    else if (pattern[i] === '}') {
      if (--depth === 0) return { close: i, commas };
    } else if (pattern[i] === ',' && depth === 1) commas.push(i);
  }
  throw new ConfigError(`shards: ${pattern}: "{" without "}".`);
}

function rangeOf(inner: string): string[] | undefined {
  const match = /^(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.-?(\d{1,9}))?$/.exec(inner);
  if (match === null) return undefined;
  const [, first = '', last = '', step] = match;
  const [from, to] = [Number(first), Number(last)];
  const by = Math.max(1, Number(step ?? 1));
  const count = Math.floor(Math.abs(to - from) / by) + 1;
  if (count > MAX_NAMES) throw tooMany(inner);
  const isPadded = /^-?0\d/.test(first) || /^-?0\d/.test(last);
  const width = isPadded ? Math.max(first.length, last.length) : 0;
  return Array.from({ length: count }, (_, i) => {
    const value = from + (to < from ? -i : i) * by;
    const sign = value < 0 ? '-' : '';
    return sign + String(Math.abs(value)).padStart(width - sign.length, '0');
  });
}

function tooMany(pattern: string): ConfigError {
  return new ConfigError(`shards: ${pattern} stands for more than ${MAX_NAMES} names.`);
}

/**
 * The paths that one name without braces stands for: as it is, there or not, or all that match its `*` and `?`.
 *
 * @throws Unreadable when nothing matches, or the tree cannot be listed
 */
export async function* findShards(tree: FileTree, name: string): AsyncGenerator<string> {
  if (!/[*?]/.test(name)) return yield name;
  const pattern = globPattern(name);
  let found = 0;
  for await (const path of listTree(tree)) {
    if (!pattern.test(path)) continue;
    found++;
    yield path;
  }
  if (found === 0) throw new Unreadable('shard missing', `no file matches ${name}`);
}

function globPattern(glob: string): RegExp {
  const escaped = glob.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  // Several stars in a row say no more than one, and would take the matcher exponentially long.
  return new RegExp(`^${escaped.replace(/\*+/g, '[^/]*').replaceAll('?', '[^/]')}$`);
}
