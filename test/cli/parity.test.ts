// `clippo parity` on the engines that need no GPU; the others are in test/browser/dawn.browser.ts.

import { describe, expect, it } from 'vitest';
import type { ParityResult } from '../../src/engines/index.ts';
import '../support/backends.ts';
import { clippo } from './run-command.ts';
import { tinyModelFile } from './tiny-model-file.ts';

const { model } = tinyModelFile();

describe('clippo parity', () => {
  it('compares the engines', async () => {
    const argv = ['parity', '--model', model, '--engines', 'cpu,wasm,onnx', '--repeats', '1'];
    const { code, stdout, stderr } = await clippo(argv);
    expect([code, stderr.replaceAll(/parity \w+:?.*\n/g, '')]).toEqual([0, '']);
    expect(stdout).toMatch(/^12 inputs, compared to cpu:\nengine +difference +ms an input +first ms/);
    for (const engine of ['cpu', 'wasm', 'onnx']) {
      expect(stdout).toMatch(
        new RegExp(`^${engine} +\\d\\.\\de[-+]\\d+ +[\\d.]+ +\\d+ +within 0\\.0001$`, 'm'),
      );
    }
  });

  it('gives the figures as JSON, the reference among them though it was not asked for', async () => {
    const { code, stdout } = await clippo([
      'parity',
      '--model',
      model,
      '--engines',
      'onnx',
      '--repeats',
      '1',
      '--json',
    ]);
    const { reference, count, rows }: ParityResult = JSON.parse(stdout);
    expect([code, reference, count]).toEqual([0, 'cpu', 12]);
    expect(rows.map(({ engine, ok }) => [engine, ok])).toEqual([
      ['cpu', true],
      ['onnx', true],
    ]);
    expect(rows[1]!.maxDifference).toBeLessThan(1e-4);
  });

  it('refuses engines that it does not know', async () => {
    const { code, stderr } = await clippo(['parity', '--engines', 'cpu,gpu']);
    expect([code, stderr]).toEqual([
      2,
      'clippo: --engines: expected some of cpu, wasm, webgpu, onnx, onnx-webgpu, got "gpu".\n',
    ]);
  });
});
