// `clippo doctor` and the choice of the engine, with and without what can be missing.

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startBackend, startEngine } from '../../src/cli/engine.ts';
import { clippo } from './run-command.ts';

afterEach(() => {
  vi.doUnmock('@tensorflow/tfjs-backend-wasm');
  vi.doUnmock('@tensorflow/tfjs-backend-cpu');
  vi.doUnmock('sharp');
  vi.doUnmock('node:module');
  vi.restoreAllMocks();
});

function withhold(name: string): void {
  vi.doMock(name, () => {
    throw new Error(`Cannot find package '${name}'`);
  });
}

/** A fresh copy of a module for which onnxruntime-node is not installed. */
async function withoutOnnxRuntime<T>(load: () => Promise<T>): Promise<T> {
  const { createRequire } = await vi.importActual<typeof import('node:module')>('node:module');
  vi.doMock('node:module', () => ({
    createRequire: (from: string) => {
      const real = createRequire(from);
      const require = (name: string): unknown => {
        if (name !== 'onnxruntime-node') return real(name);
        throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
      };
      return Object.assign(require, { resolve: real.resolve });
    },
  }));
  vi.resetModules();
  return load();
}

describe('startBackend', () => {
  it('says nothing on the console, and keeps warnings', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(await startBackend(['cpu'])).toBe('cpu');
    expect(tf.getBackend()).toBe('cpu');
    expect(Array.from(tf.tidy(() => tf.scalar(2).dataSync()))).toEqual([2]);
    expect(warn).not.toHaveBeenCalled();
    expect(log).not.toHaveBeenCalled();
    expect(tf.env().getBool('IS_NODE')).toBe(true);
    expect(tf.env().getBool('PROD')).toBe(false);
  });

  it('takes the next where one is missing', async () => {
    withhold('@tensorflow/tfjs-backend-wasm');
    expect(await startBackend(['wasm', 'cpu'])).toBe('cpu');
    await expect(startBackend(['wasm'])).rejects.toThrow(
      /^No engine to compute with \(wasm: .*\)\. Run: npm install .*@tensorflow\/tfjs-backend-wasm$/,
    );
  });

  it('says what to install when there is none', async () => {
    withhold('@tensorflow/tfjs-backend-wasm');
    withhold('@tensorflow/tfjs-backend-cpu');
    await expect(startBackend(['wasm', 'cpu'])).rejects.toThrow(/wasm: .*; cpu: .*Run: npm install/);
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
    // A GPU is where it is; what the line says with one and without is held by test/browser/dawn.browser.ts.
    expect(findings.filter(({ ok, name }) => !ok && name !== 'tfjs webgpu')).toEqual([]);
    expect(findings.find(({ name }) => name === 'tfjs webgpu')?.required).toBe(false);
    expect(findings.find(({ name }) => name === 'bundled font')?.detail).toBe(
      '70,633 glyphs, pixels as expected',
    );
    expect(findings.find(({ name }) => name === 'engine')?.detail).toBe('onnxruntime-node');
    expect(findings.find(({ name }) => name === 'onnxruntime-node')?.detail).toMatch(
      /^\d+\.\d+\.\d+, multiplies matrices$/,
    );
    expect(findings.find(({ name }) => name === 'sharp')?.detail).toMatch(/^\d+\.\d+\.\d+, reads pictures$/);
  });

  it('marks what is missing, and fails only for what is required', async () => {
    withhold('@tensorflow/tfjs-backend-wasm');
    withhold('sharp');
    const some = await clippo(['doctor']);
    expect(some.code).toBe(0);
    expect(some.stdout).toMatch(/^✗ tfjs wasm: No engine .*npm install/m);
    expect(some.stdout).toMatch(/^✓ engine: onnxruntime-node$/m);
    expect(some.stdout).toMatch(/^✗ sharp: .*Run: npm install sharp$/m);

    withhold('@tensorflow/tfjs-backend-cpu');
    const none = await clippo(['doctor']);
    expect(none.code).toBe(1);
    expect(none.stdout).toMatch(/^✗ engine: none\. Run: npm install @tensorflow\/tfjs-backend-wasm$/m);
    expect(none.stderr).toBe('clippo: Required, but not working: engine.\n');
  });

  it('does without ONNX Runtime', async () => {
    const fresh = await withoutOnnxRuntime(() => import('./run-command.ts'));
    const { code, stdout } = await fresh.clippo(['doctor']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✗ onnxruntime-node: .*Run: npm install onnxruntime-node$/m);
    expect(stdout).toMatch(/^✓ engine: tfjs wasm$/m);
  });
});

describe('startEngine', () => {
  it.each(['auto', 'onnx'] as const)('%s is ONNX Runtime where it is installed', async (engine) => {
    const { backend, runtime } = await startEngine(engine);
    expect([backend, typeof runtime?.InferenceSession.create]).toEqual(['cpu', 'function']);
  });

  it.each(['wasm', 'cpu'] as const)('%s is that', async (engine) => {
    expect(await startEngine(engine)).toEqual({ backend: engine });
    expect(tf.getBackend()).toBe(engine);
  });

  it('is wasm where ONNX Runtime is missing, and says so when asked for it', async () => {
    const fresh = await withoutOnnxRuntime(() => import('../../src/cli/engine.ts'));
    expect(await fresh.startEngine('auto')).toEqual({ backend: 'wasm' });
    await expect(fresh.startEngine('onnx')).rejects.toThrow(
      'needs the package "onnxruntime-node", which cannot be loaded. Run: npm install onnxruntime-node',
    );
  });
});
