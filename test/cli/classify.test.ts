// `clippo classify` with the small golden model.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { encodePng, nodeRuntime } from '../../src/node/index.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { expectNoLeaks, useBackend } from '../support/backends.ts';
import { generateImage } from '../support/golden.ts';
import { clippo, type RunResult } from './run-command.ts';

const MODEL = fileURLToPath(new URL('../golden/vit/mu16_64_map.ckpt.npz', import.meta.url));
const path = temporaryFolder();
const PICTURE = generateImage(3, 64);

await useBackend('wasm');
expectNoLeaks();
beforeEach(() => {
  writeFileSync(path('a.png'), encodePng(PICTURE));
});

function classify(...argv: string[]): Promise<RunResult> {
  return clippo(['classify', ...argv, '--model', MODEL]);
}

describe('clippo classify', () => {
  it.each([
    ['{}', undefined],
    ['clip-best', 'clip-best' as const],
    ['a photo of a {}', ['a photo of a {}']],
  ])('gives the scores of the library with templates %s', async (flag, templates) => {
    const labels = ['cat', 'dog', 'red car'];
    const { code, stdout } = await classify(
      path('a.png'),
      '--labels',
      'cat, dog,red car',
      '--templates',
      flag,
      '--json',
    );
    expect(code).toBe(0);
    const model = await ClippoModel.load(MODEL);
    await model.compile(nodeRuntime());
    const [expected] = await model.classify([PICTURE], labels, templates === undefined ? {} : { templates });
    model.dispose();
    expect(JSON.parse(stdout)).toEqual([{ input: path('a.png'), labels: expected }]);
  });

  it('prints the best -k of a labels file', async () => {
    writeFileSync(path('labels.txt'), 'cat\ndog\ncar\n');
    const { code, stdout } = await classify(path('a.png'), '--labels-file', path('labels.txt'), '-k', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^.*a\.png\n {2}1 {2}0\.\d{4} {2}\w{3}\n {2}2 {2}0\.\d{4} {2}\w{3}\n$/);
  });

  it('skips broken pictures and ends with 1', async () => {
    writeFileSync(path('b.png'), '');
    const { code, stdout, stderr } = await classify(
      path('b.png'),
      path('a.png'),
      '--labels',
      'x,y',
      '--json',
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/skipped .*b\.png: the file is empty/);
    expect(stderr).toContain('1 of 2 pictures could not be read');
  });

  it('takes a model by its name', async () => {
    const { code, stdout, stderr } = await clippo([
      ...['classify', path('a.png'), '--labels', 'cat,dog', '--model', 'emoji', '--json'],
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('ONNX Runtime')]);
    expect(JSON.parse(stdout)).toHaveLength(1);
  });
});
