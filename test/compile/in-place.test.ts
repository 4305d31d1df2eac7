// onnxruntime-web takes result arrays and does not write to them; state must move on all the same.

import * as tf from '@tensorflow/tfjs-core';
import * as web from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { writesInPlace } from '../../src/compile/in-place.ts';
import { compile, type OrtRuntime } from '../../src/compile/index.ts';
import { expectNoLeaks } from '../support/backends.ts';
import { runtime as node } from './compare.ts';

web.env.wasm.numThreads = 1;
web.env.logLevel = 'error';

describe('results in given arrays', () => {
  expectNoLeaks();

  it.each([
    ['onnxruntime-node', node, true],
    ['onnxruntime-web', web satisfies OrtRuntime, false],
  ] as const)('%s', async (_, runtime, answer) => {
    expect(await writesInPlace(runtime)).toBe(answer);
    const counter = tf.tidy(() => tf.variable(tf.tensor1d([0, 10])));
    const count = await compile(
      (by: tf.Tensor) => {
        counter.assign(tf.add(counter, by));
        return tf.sum(counter);
      },
      { runtime },
    );
    const by = tf.tensor1d([1, 2]);
    const sums: number[] = [];
    for (let call = 0; call < 4; call++) {
      const sum = await count(by);
      sums.push(sum.dataSync()[0]!);
      sum.dispose();
    }
    expect(sums).toEqual([13, 16, 19, 22]);
    expect([...counter.dataSync()]).toEqual([4, 18]);
    await count.dispose();
    tf.dispose([by, counter]);
  });
});
