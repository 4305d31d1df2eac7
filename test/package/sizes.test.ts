// What the doors weigh in a page, held against their budgets, and what a page that only draws text is spared.
// Needs `npm run build` (npm test does it).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleAlone, measureSizes, type Size, sizeTable } from '../../docs/figures/sizes.ts';
import { ROOT } from '../support/consumers.ts';

describe('sizes', () => {
  let sizes: Size[];
  beforeAll(async () => {
    sizes = await measureSizes();
  });

  it('are within their budgets', () => {
    const over = sizes.filter(({ size, budget }) => size > budget).map(({ what }) => what);
    expect(over, `\n${sizeTable(sizes)}\n`).toEqual([]);
  });

  it('are in docs/install.md, to a tenth', () => {
    const page = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
    const shown = [...page.matchAll(/^\| ([^|]+) \| ([\d.]+) \| (\d+) \|$/gm)];
    const remedy = 'run npm run build && npx tsx docs/make-sizes.ts';
    expect(shown.map(([, what, , budget]) => [what, Number(budget)])).toEqual(
      sizes.map(({ what, budget }) => [what, budget]),
    );
    shown.forEach(([, what, size], i) => {
      expect(Math.abs(Number(size) / sizes[i]!.size - 1), `${what}: ${remedy}`).toBeLessThan(0.1);
    });
  });
});

describe('a page that only draws text', () => {
  const TRAINING = 'adafactor'; // in the messages of its errors, which no bundler renames

  it.each(['clippo-ts', 'clippo-ts/render'])(
    'has no tfjs and nothing of training through %s',
    async (door) => {
      const { first, imports } = await bundleAlone(
        `import { renderText } from '${door}'; console.log(await renderText('x'));`,
      );
      expect(imports).toEqual([]);
      expect(first).not.toContain('@tensorflow');
      expect(first).not.toContain(TRAINING);
      expect(first).toContain('renderText');
    },
  );

  it('is told apart from one that trains', async () => {
    const { first, imports } = await bundleAlone(`import { adafactor } from 'clippo-ts/train'; adafactor();`);
    expect(imports).toContain('@tensorflow/tfjs-core');
    expect(first).toContain(TRAINING);
  });
});
