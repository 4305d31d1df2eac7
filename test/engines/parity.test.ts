// The comparison of engines: what it finds, what it says of engines that are not there or are wrong.

import { describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { measureParity, type ParityOptions } from '../../src/engines/index.ts';
import { nodeRuntime } from '../../src/node/index.ts';
import type { ProgressEvent } from '../../src/progress.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { countingRuntime } from '../support/counting-runtime.ts';

expectNoLeaks();

const load = (): Promise<ClippoModel> =>
  ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 8, textRows: 'used' }, { seed: 1 });

describe('measureParity', () => {
  it('compares what there is to cpu', async () => {
    const events: ProgressEvent[] = [];
    const { reference, count, rows } = await measureParity(load, {
      runtime: nodeRuntime(),
      repeats: 1,
      onProgress: (event) => events.push(event),
    });
    expect([reference, count]).toEqual(['cpu', 12]);
    expect(rows.map(({ engine, ok }) => [engine, ok])).toEqual([
      ['cpu', true],
      ['webgpu', undefined],
      ['onnx', true],
      ['webgl', undefined],
      ['wasm', true],
    ]);
    for (const { engine, ok, maxDifference, msPerInput, firstMs, detail } of rows) {
      if (ok === undefined) expect(detail).toContain(`import '@tensorflow/tfjs-backend-${engine}'`);
      else {
        expect(maxDifference).toBeLessThan(1e-5);
        expect([typeof msPerInput, typeof firstMs]).toEqual(['number', 'number']);
      }
    }
    expect(rows[0]!.maxDifference).toBe(0);
    expect(rows[2]!.maxDifference).toBeGreaterThan(0);
    expect(events.map(({ stage }) => stage)).toContain('parity onnx');
  });

  it('an engine that gives other numbers is not ok, and one that fails says why', async () => {
    let loads = 0;
    // Other weights the second time: what a broken engine looks like.
    const { rows } = await measureParity(
      () => ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 8 }, { seed: loads++ }),
      { engines: ['wasm'], inputs: ['a cat'], repeats: 1 },
    );
    expect(rows[1]).toMatchObject({ engine: 'wasm', ok: false, tolerance: 1e-4 });
    expect(rows[1]!.maxDifference).toBeGreaterThan(1e-2);

    const runtime = countingRuntime();
    const failing = await measureParity(
      () => {
        if (runtime.opened() > 0) runtime.failNext.run = new Error('kernel died');
        return load();
      },
      { engines: ['onnx'], runtime, repeats: 1 },
    );
    expect(failing.rows[1]).toMatchObject({ engine: 'onnx', ok: false });
    expect(failing.rows[1]!.detail).toContain('kernel died');
    expect(failing.rows[1]!.maxDifference).toBeUndefined();
  });

  it('needs its reference, and stops when told', async () => {
    await expect(measureParity(load, { reference: 'webgl' })).rejects.toThrow(
      'parity: the reference webgl does not run: this tfjs backend is not there.',
    );
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(measureParity(load, { signal })).rejects.toThrow('enough');
  });

  it.each<[string, object]>([
    ['measureParity: unknown option model.', { model: 'emoji' }],
    ['measureParity: repeats: expected a number from 1 to 1000, got 0.', { repeats: 0 }],
    ['measureParity: inputs: expected a list of texts and pictures, got "a cat".', { inputs: 'a cat' }],
    ['measureParity: engines: expected a list', { engines: 'cpu' }],
  ])('says %s', async (message, options) => {
    await expect(measureParity(load, options as ParityOptions)).rejects.toThrow(message); // wrong on purpose
  });
});
