// `clippo doctor` and the choice of the engine, with and without what can be missing.

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startEngine } from '../../src/cli/engine.ts';
import { clippo } from './run-command.ts';

afterEach(() => {
  vi.doUnmock('@tensorflow/tfjs-backend-wasm');
  vi.doUnmock('@tensorflow/tfjs-backend-cpu');
  vi.doUnmock('sharp');
  vi.restoreAllMocks();
});

function withhold(name: string): void {
  vi.doMock(name, () => {
    throw new Error(`Cannot find package '${name}'`);
  });
}

describe('startEngine', () => {
  it('says nothing on the console, and keeps warnings', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(await startEngine('cpu')).toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
    expect(Array.from(tf.tidy(() => tf.scalar(2).dataSync()))).toEqual([2]);
    expect(warn).not.toHaveBeenCalled();
    expect(log).not.toHaveBeenCalled();
    expect(tf.env().getBool('IS_NODE')).toBe(true);
    expect(tf.env().getBool('PROD')).toBe(false);
  });

  it('prefers wasm', async () => {
    expect(await startEngine()).toBe('wasm');
    expect(tf.getBackend()).toBe('wasm');
  });

  it('falls back to cpu', async () => {
    withhold('@tensorflow/tfjs-backend-wasm');
    expect(await startEngine()).toBe('cpu');
    await expect(startEngine('wasm')).rejects.toThrow(
      /^No engine to compute with \(wasm: .*\)\. Run: npm install .*@tensorflow\/tfjs-backend-wasm$/,
    );
  });

  it('says what to install when there is none', async () => {
    withhold('@tensorflow/tfjs-backend-wasm');
    withhold('@tensorflow/tfjs-backend-cpu');
    await expect(startEngine()).rejects.toThrow(/wasm: .*; cpu: .*Run: npm install/);
  });
});

interface Finding {
  name: string;
  ok: boolean;
  required: boolean;
  detail: string;
}

describe('clippo doctor', () => {
  it('finds everything in order here', async () => {
    const { code, stdout, stderr } = await clippo(['doctor', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const findings: Finding[] = JSON.parse(stdout);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.find(({ name }) => name === 'bundled font')?.detail).toBe(
      '70,633 glyphs, pixels as expected',
    );
    expect(findings.find(({ name }) => name === 'sharp')?.detail).toMatch(/^\d+\.\d+\.\d+, reads pictures$/);
  });

  it('marks what is missing, and fails only for what is required', async () => {
    withhold('@tensorflow/tfjs-backend-wasm');
    withhold('sharp');
    const some = await clippo(['doctor']);
    expect(some.code).toBe(0);
    expect(some.stdout).toMatch(/^✗ tfjs wasm: No engine .*npm install/m);
    expect(some.stdout).toMatch(/^✓ engine: tfjs cpu$/m);
    expect(some.stdout).toMatch(/^✗ sharp: .*Run: npm install sharp$/m);

    withhold('@tensorflow/tfjs-backend-cpu');
    const none = await clippo(['doctor']);
    expect(none.code).toBe(1);
    expect(none.stdout).toMatch(/^✗ engine: none\. Run: npm install @tensorflow\/tfjs-backend-wasm$/m);
    expect(none.stderr).toBe('clippo: Required, but not working: engine.\n');
  });
});
