// The tarball as the tools see it that judge packages: publint, and "are the types wrong?". ESM alone is a decision
// (docs/architecture.md), so what it means for TypeScript's older ways of resolving is listed here and nothing else may
// come. Needs `npm run build` (npm test does it).

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packPackage, ROOT } from '../support/consumers.ts';

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const DOORS = Object.keys(manifest.exports).filter((door) => !/\*|\.json$/.test(door));

/** What ESM alone means: to code that TypeScript takes for CommonJS, and to moduleResolution "node10". */
const OF_ESM_ALONE = DOORS.flatMap((door) => [
  `CJSResolvesToESM ${door} node16-cjs`, // require() of it works from Node 20.19 on; TypeScript asks for a dynamic import
  ...(door === '.' ? [] : [`NoResolution ${door} node10`]), // which knows no "exports"
]);

let folder: string;
let tarball: Uint8Array<ArrayBuffer>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clippo-publishing-'));
  tarball = new Uint8Array(readFileSync(packPackage(folder).tarball));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shown(problem: Problem): string {
  const { kind, entrypoint = '', resolutionKind = '' } = problem as Problem & Record<string, string>; // not of all kinds
  return `${kind} ${entrypoint} ${resolutionKind}`.trim();
}

describe('the tarball', () => {
  it('has nothing that publint would mend', async () => {
    const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg!, { color: false }))).toEqual([]);
  });

  it('has types that fit its code, behind every door', async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    if (!result.types) throw new Error('There are no types in the tarball.');
    expect(result.problems.map(shown).sort()).toEqual([...OF_ESM_ALONE].sort());
  });

  it('asks for the Node that the README names', () => {
    const [, named] = /Node ([\d.]+) or later/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))!;
    expect(manifest.engines).toEqual({ node: `>=${named}` });
  });

  it('forces no optional package on anybody', () => {
    const forced = Object.keys(manifest.peerDependencies).filter(
      (name) => manifest.peerDependenciesMeta[name]?.optional !== true,
    );
    expect(forced).toEqual(['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers']);
    expect(Object.keys(manifest.dependencies)).toEqual(['commander', 'fast-png']);
  });
});
