// Rows of a table by number, and their gradient, on a backend with the kernel that adds rows up and on one without.

import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherRows } from '../../src/ops/index.ts';
import { BACKENDS, expectNoLeaks, useBackend } from '../support/backends.ts';

describe.each(BACKENDS)('gatherRows on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterAll(() => useBackend('cpu'));
  expectNoLeaks();

  it('picks rows, and adds up what comes back for each', () => {
    tf.tidy(() => {
      const table = tf.tensor2d([0, 1, 10, 11, 20, 21, 30, 31], [4, 2]);
      const ids = tf.tensor2d([3, 0, 3, 2, 3, 0], [2, 3], 'int32');
      const weights = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
      const rows = gatherRows(table, ids);
      expect(rows.shape).toEqual([2, 3, 2]);
      expect([...rows.dataSync()]).toEqual([30, 31, 0, 1, 30, 31, 20, 21, 30, 31, 0, 1]);
      const gradient = tf.grad((x) => tf.sum(tf.mul(gatherRows(x as tf.Tensor2D, ids), weights)))(table);
      // Row 0 had the weights (3, 4) and (11, 12), row 3 (1, 2), (5, 6) and (9, 10).
      expect([...gradient.dataSync()]).toEqual([14, 16, 0, 0, 7, 8, 15, 18]);
    });
  });
});
