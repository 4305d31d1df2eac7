// `clippo convert` and `clippo inspect` on the golden checkpoints and on what they make of them.

import { copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  parseNpz,
  parseSafetensors,
  readBigVision,
  toScanLayout,
  writeNpz,
} from '../../src/checkpoint/index.ts';
import { writeOnnxFile } from '../../src/cli/onnx-file.ts';
import { ClippoModel } from '../../src/clippo-model.ts';
import { toTensor } from '../../src/model/index.ts';
import { temporaryFolder } from '../node/temporary-folder.ts';
import { maxAbsDifference, useBackend } from '../support/backends.ts';
import { generateImage, readGolden, readGoldenNpz } from '../support/golden.ts';
import { clippo } from './run-command.ts';

const path = temporaryFolder();

function golden(name: string): string {
  return fileURLToPath(new URL(`../golden/vit/${name}.npz`, import.meta.url));
}

/** Name → dtype, shape and numbers, to compare checkpoints by. */
function contents(
  arrays: ReadonlyMap<string, { dtype: string; shape: readonly number[]; data: ArrayLike<unknown> }>,
) {
  return Object.fromEntries(
    [...arrays].map(([name, { dtype, shape, data }]) => [name, [dtype, [...shape], Array.from(data)]]),
  );
}

describe('clippo convert', () => {
  it('takes the parameters alone, there and back', async () => {
    const there = await clippo(['convert', golden('mu16_64_map.ckpt'), path('m.safetensors')]);
    expect([there.code, there.stdout]).toEqual([0, '']);
    expect(there.stderr).toMatch(
      /^39 arrays in .*10 other arrays \(optimiser, counters\) are left out; --all keeps them\.\n$/,
    );
    const weights = readBigVision(readGolden('vit/mu16_64_map.ckpt.npz'));
    expect(contents(parseSafetensors(readFileSync(path('m.safetensors'))))).toEqual(contents(weights));

    expect((await clippo(['convert', path('m.safetensors'), path('m.npz'), '--loop'])).code).toBe(0);
    const named = new Map([...weights].map(([name, array]) => [`params/${name}`, array]));
    expect(contents(parseNpz(readFileSync(path('m.npz'))))).toEqual(contents(named));
  });

  it('keeps every array as it is with --all', async () => {
    const source = readGoldenNpz('vit/mu16_64_map.ckpt.npz');
    expect((await clippo(['convert', golden('mu16_64_map.ckpt'), path('m.safetensors'), '--all'])).code).toBe(
      0,
    );
    expect(contents(parseSafetensors(readFileSync(path('m.safetensors'))))).toEqual(contents(source));
    expect((await clippo(['convert', path('m.safetensors'), path('m.npz'), '--all'])).code).toBe(0);
    expect(contents(parseNpz(readFileSync(path('m.npz'))))).toEqual(contents(source));
  });

  it('stacks the blocks with --scan', async () => {
    expect(
      (await clippo(['convert', golden('d2w64_p8_32_gap.ckpt'), path('s.npz'), '--scan', '--quiet'])).stderr,
    ).toBe('');
    const stacked = toScanLayout(readBigVision(readGolden('vit/d2w64_p8_32_gap.ckpt.npz')));
    const named = new Map([...stacked].map(([name, array]) => [`params/${name}`, array]));
    expect(contents(parseNpz(readFileSync(path('s.npz'))))).toEqual(contents(named));
  });

  it('does not overwrite a file with itself, whatever it is called', async () => {
    copyFileSync(golden('mu16_64_map.ckpt'), path('m.npz'));
    symlinkSync(path('m.npz'), path('link.npz'));
    const { code, stderr } = await clippo(['convert', path('m.npz'), path('link.npz')]);
    expect(code).toBe(2);
    expect(stderr).toContain('are the same file. Give another name for the result.');
    expect(readFileSync(path('m.npz'))).toEqual(readFileSync(golden('mu16_64_map.ckpt')));
  });

  it('leaves the old file when the checkpoint is damaged', async () => {
    const bytes = readFileSync(golden('mu16_64_map.ckpt'));
    // One byte of a value, far from every header: only the checksum knows.
    bytes[bytes.indexOf('params/img/head/kernel.npy') + 1000]! ^= 1;
    writeFileSync(path('broken.npz'), bytes);
    writeFileSync(path('m.npz'), 'old');
    const { code, stderr } = await clippo(['convert', path('broken.npz'), path('m.npz')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^clippo: zip archive: the checksum of entry "params\/img\/head\/kernel\.npy" does not match/,
    );
    expect(readFileSync(path('m.npz'), 'utf8')).toBe('old');
    expect(readdirSync(path()).sort()).toEqual(['broken.npz', 'm.npz']);
  });
});

describe('clippo convert to ONNX', () => {
  const PICTURES = [generateImage(1, 64), generateImage(2, 64), generateImage(3, 64)];
  let model: ClippoModel;
  beforeAll(async () => {
    await useBackend('cpu');
    model = await ClippoModel.load(golden('mu16_64_map.ckpt'));
  });
  afterAll(() => model.dispose());

  /** What ONNX Runtime itself makes of a file, without anything of ours. */
  async function run(file: string): Promise<{ dims: readonly number[]; data: Float32Array }> {
    const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
    expect([session.inputNames, session.outputNames]).toEqual([['images'], ['embedding']]);
    const images = toTensor(PICTURES);
    const feeds = { images: new Tensor('float32', images.dataSync() as Float32Array, images.shape) };
    images.dispose();
    const { embedding } = await session.run(feeds);
    await session.release();
    return embedding as { dims: readonly number[]; data: Float32Array }; // its type is float32
  }

  it('writes the network, for any batch', async () => {
    const { code, stdout, stderr } = await clippo(['convert', golden('mu16_64_map.ckpt'), path('m.onnx')]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(
      /^images \[batch, 64, 64, 3\] to embedding \[batch, 32\] in .*m\.onnx, 0\.2 MiB\.\n$/,
    );
    const { dims, data } = await run(path('m.onnx'));
    expect(dims).toEqual([3, 32]);
    expect(maxAbsDifference(data, (await model.encode(PICTURES)).data)).toBeLessThan(1e-6);
  });

  it('puts weights that are too large for one file beside it', async () => {
    const { signal } = new AbortController();
    const written = await writeOnnxFile(model, path('m.onnx'), { signal, largestWeights: 1000 });
    expect(written.dataFile).toBe(path('m.onnx.data'));
    const sizes = ['m.onnx', 'm.onnx.data'].map((name) => readFileSync(path(name)).length);
    expect(written.bytes).toBe(sizes[0]! + sizes[1]!);
    expect(sizes[1]).toBeGreaterThan(4 * sizes[0]!);
    const { data } = await run(path('m.onnx'));
    expect(maxAbsDifference(data, (await model.encode(PICTURES)).data)).toBeLessThan(1e-6);
    expect(readdirSync(path()).sort()).toEqual(['m.onnx', 'm.onnx.data']);
  });

  it('leaves nothing behind when it cannot be finished', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const options = { signal: controller.signal, largestWeights: 1000 };
    await expect(writeOnnxFile(model, path('m.onnx'), options)).rejects.toThrow('enough');
    expect(readdirSync(path())).toEqual([]);
    const { signal } = new AbortController();
    const nowhere = writeOnnxFile(model, path('no/m.onnx'), { signal, largestWeights: 1000 });
    await expect(nowhere).rejects.toThrow(/^Cannot write .*m\.onnx\.data\..*ENOENT/);
    expect((await clippo(['convert', golden('mu16_64_map.ckpt'), path('no/m.onnx')])).stderr).toMatch(
      /^clippo: Cannot write .*there is no such file or folder/,
    );
  });
});

describe('clippo inspect', () => {
  it.each([
    ['mu16_64_map.ckpt', { root: 'params/', layout: 'loop', arrayCount: 49, parameterCount: 51617 }, 'mu/16'],
    [
      'd2w64_p8_32_gap_scan.ckpt',
      { root: 'params/', layout: 'scan', arrayCount: 24, parameterCount: 90265 },
      undefined,
    ],
    ['d2w64_p8_32_tok.ckpt', { root: '', layout: 'loop' }, undefined],
    ['d2w64_p8_32_legacy.ckpt', { root: 'opt/target/', layout: 'loop', arrayCount: 40 }, undefined],
  ])('%s', async (name, facts, variant) => {
    const { code, stdout, stderr } = await clippo(['inspect', golden(name), '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const own = { width: 64, depth: 2, mlpDim: 160, numHeads: 4, patchSize: 8 };
    const inspection = JSON.parse(stdout);
    expect(inspection).toMatchObject({ format: 'npz', ...facts, config: { variant: variant ?? own } });
    expect(inspection.arrays).toHaveLength(inspection.arrayCount);
  });

  it('prints lines for people, and the arrays when asked', async () => {
    const short = await clippo(['inspect', golden('mu16_64_map.ckpt')]);
    expect(short.stdout).toContain('parameters  51,617 under params/, blocks one by one (loop)\n');
    expect(short.stdout).toContain(
      'variant     mu/16\npicture     64 x 64 px\npool        map\nembedding   32\n',
    );
    expect(short.stdout).not.toContain('img/head/kernel');
    const long = await clippo(['inspect', golden('mu16_64_map.ckpt'), '--arrays']);
    expect(long.stdout).toMatch(/^params\/img\/head\/kernel +float32 +\[32, 32\]$/m);
    expect(long.stdout).toMatch(/^opt\/0\/2\/ema\/img\/head\/bias +bfloat16 +\[32\]$/m);
  });

  it('lists the arrays of something else, and says so', async () => {
    const array = { shape: [2], data: Float32Array.of(1, 2) };
    writeFileSync(path('x.npz'), writeNpz([['a\u001b[31m', array]]));
    const { code, stdout } = await clippo(['inspect', path('x.npz'), '--arrays']);
    expect(code).toBe(0);
    expect(stdout).toContain('unknown: This is not a CLIPPO checkpoint');
    expect(stdout).toContain('a\\u001b[31m  float32  [2]');
  });
});
