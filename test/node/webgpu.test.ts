// What useWebGpu refuses, and what it says of packages that are missing. That it computes is in
// test/browser/dawn.browser.ts, where there is a GPU.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { BackendError, ConfigError } from '../../src/errors.ts';
import { useWebGpu, type WebGpuOptions } from '../../src/node/index.ts';

const PACKAGES = ['webgpu', '@tensorflow/tfjs-backend-webgpu'];
afterEach(() => {
  for (const name of PACKAGES) vi.doUnmock(name);
});

describe('useWebGpu', () => {
  it.each(PACKAGES)('says what to install where %s is missing', async (name) => {
    vi.doMock(name, () => {
      throw new Error(`Cannot find package '${name}'`);
    });
    await expect(useWebGpu()).rejects.toThrow(BackendError);
    await expect(useWebGpu()).rejects.toThrow(
      `Computing on the GPU needs the package "${name}", which cannot be loaded`,
    );
    await expect(useWebGpu()).rejects.toThrow(`Run: npm install ${name}`);
  });

  it.each([
    [
      'there is no adapter',
      async () => null,
      /^useWebGpu: no GPU: Dawn asked .* and found no adapter\. .*wasm backend/,
    ],
    [
      'Dawn refuses',
      async () => {
        throw new Error('no suitable backends found\n');
      },
      /^useWebGpu: Dawn gives no GPU: no suitable backends found$/,
    ],
  ])('says so when %s', async (_, requestAdapter, message) => {
    vi.doMock('webgpu', () => ({ globals: {}, create: () => ({ requestAdapter }) }));
    const { useWebGpu } = await import('../../src/node/webgpu.ts');
    await expect(useWebGpu()).rejects.toThrow(BackendError);
    await expect(useWebGpu()).rejects.toThrow(message);
    expect('gpu' in (globalThis.navigator ?? {})).toBe(false);
  });

  it.each<[string, object]>([
    ['useWebGpu: unknown option backend. Known: powerPreference, dawn.', { backend: 'vulkan' }],
    [
      "useWebGpu: powerPreference: expected 'high-performance' or 'low-power', got \"fast\".",
      { powerPreference: 'fast' },
    ],
    [
      'useWebGpu: dawn: expected a list such as [\'backend=vulkan\'], got "backend=vulkan".',
      { dawn: 'backend=vulkan' },
    ],
  ])('says %s', async (message, options) => {
    await expect(useWebGpu(options as WebGpuOptions)).rejects.toThrow(ConfigError); // wrong on purpose
    await expect(useWebGpu(options as WebGpuOptions)).rejects.toThrow(message);
  });
});
