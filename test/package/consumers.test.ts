// Projects of users that need no browser: Node from ESM and from require, Deno, Bun. Each loads the model of the
// package and finds the nearest word. Those with a bundler are in test/browser/consumers.browser.ts.
// Needs `npm run build` (npm test does it).

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER, createConsumer, packPackage, run } from '../support/consumers.ts';

let folder: string;
let esm: string;
let required: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clippo-consumers-'));
  const packed = packPackage(folder);
  esm = createConsumer('node-esm', packed, folder);
  required = createConsumer('node-require', packed, folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where a program is, when it is installed: an environment variable tells, or the search path. */
function findProgram(name: string): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter).map((place) => join(place, name));
  return [process.env[name.toUpperCase()] ?? '', ...places].find((path) => path !== '' && existsSync(path));
}

describe('a project', () => {
  it('in Node with import', () => {
    expect(run('node', ['main.mjs'], esm).trim()).toBe(ANSWER);
  });

  it('in Node with require', () => {
    expect(run('node', ['main.cjs'], required).trim()).toBe(ANSWER);
  });

  const deno = findProgram('deno');
  it.skipIf(deno === undefined)(`in Deno${deno ? '' : ' (not installed: set DENO to its path)'}`, () => {
    const rights = ['--allow-read', '--allow-env', '--allow-sys'];
    expect(run(deno!, ['run', '--no-remote', ...rights, 'main.mjs'], esm).trim()).toBe(ANSWER);
  });

  const bun = findProgram('bun');
  it.skipIf(bun === undefined)(`in Bun${bun ? '' : ' (not installed: set BUN to its path)'}`, () => {
    expect(run(bun!, ['run', 'main.mjs'], esm).trim()).toBe(ANSWER);
  });
});
