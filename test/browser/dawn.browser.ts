// WebGPU in Node, through Dawn on the GPU in software that comes with Chromium: in processes of their own, because Dawn
// asks the system for its driver, and because whether the process ends is part of what is tested.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParityResult } from '../../src/engines/index.ts';

const PATIENCE = { timeout: 300_000 };
const DRIVERS = ['/usr/lib/chromium/libvk_swiftshader.so', '/usr/lib/chromium-browser/libvk_swiftshader.so'];

let drivers: string;
beforeAll(() => {
  const driver = DRIVERS.find((path) => existsSync(path));
  if (driver === undefined)
    throw new Error("These tests need Chromium's SwiftShader. Run: apt-get install chromium");
  drivers = mkdtempSync(join(tmpdir(), 'clippo-vulkan-'));
  // Under the name of the loader it serves Dawn by itself, whatever else is installed.
  symlinkSync(driver, join(drivers, 'libvulkan.so.1'));
});
afterAll(() => rmSync(drivers, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function node(args: readonly string[], { gpu }: { readonly gpu: boolean }): Promise<Ended> {
  const nowhere = { VK_ICD_FILENAMES: '/nonexistent.json', VK_DRIVER_FILES: '/nonexistent.json' };
  const env = { ...process.env, ...(gpu ? { LD_LIBRARY_PATH: drivers } : nowhere) };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, timeout: 280_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

const program = (code: string): string[] => [
  '--input-type=module',
  '--expose-gc',
  '--eval',
  `import '@tensorflow/tfjs-backend-cpu';
   import * as tf from '@tensorflow/tfjs-core';
   import { ClippoModel, currentGpu, openOnBestEngine } from 'clippo-ts';
   import { useWebGpu } from 'clippo-ts/node';
   const load = () => ClippoModel.create({ variant: 'mu/16', imageSize: 32, embeddingDim: 16 }, { seed: 2 });
   ${code}`,
];

describe('useWebGpu', () => {
  it('computes on the GPU, leaves the process as it was, and lets it end', PATIENCE, async () => {
    const { code, stdout, stderr } = await node(
      program(`
        await tf.setBackend('cpu');
        const onCpu = await load();
        const expected = await onCpu.encode(['a cat']);
        const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
        await useWebGpu();
        await useWebGpu(); // harmless
        const model = await load();
        await model.warmUp();
        for (let i = 0; i < 3; i++) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
        const found = await model.encode(['a cat']);
        const difference = Math.max(...found.data.map((value, i) => Math.abs(value - expected.data[i])));
        const after = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
        console.log(JSON.stringify({
          backend: tf.getBackend(), gpu: currentGpu(), difference,
          sameNavigator: before?.value === after?.value && before?.get === after?.get,
          hasGpu: 'gpu' in (globalThis.navigator ?? {}),
        }));`),
      { gpu: true },
    );
    expect([code, stderr.replace(/^=*[\s\S]*tfjs-node[^=]*=*\s*/, '').trim()]).toEqual([0, '']);
    const { difference, gpu, ...state } = JSON.parse(stdout);
    expect(state).toEqual({ backend: 'webgpu', sameNavigator: true, hasGpu: false });
    expect(gpu).toEqual({ name: expect.stringMatching(/swiftshader/i), isSoftware: true });
    expect(difference).toBeLessThan(1e-3);
  });

  it('a model goes on after the device is lost, and the GPU can be had again', PATIENCE, async () => {
    const { code, stdout } = await node(
      program(`
        await useWebGpu();
        const events = [];
        const held = await openOnBestEngine(load, {
          engines: ['webgpu', 'cpu'], warmUp: false, onFallback: (event) => events.push(event),
        });
        let calls = 0;
        const rows = await held.run((model) => {
          if (calls++ === 0) tf.backend().device.destroy();
          return model.encode(['a cat']);
        });
        await useWebGpu();
        const again = await (await load()).encode(['a cat']);
        const difference = Math.max(...rows.data.map((value, i) => Math.abs(value - again.data[i])));
        console.log(JSON.stringify({ engine: held.engine, calls, events, backend: tf.getBackend(), difference }));`),
      { gpu: true },
    );
    expect(code).toBe(0);
    const { difference, ...found } = JSON.parse(stdout);
    expect(found).toEqual({
      engine: 'cpu',
      calls: 2,
      events: [{ from: 'webgpu', to: 'cpu', reason: expect.stringContaining('the GPU device was lost') }],
      backend: 'webgpu',
    });
    expect(difference).toBeLessThan(1e-3);
  });

  it('without a GPU it says what was asked and what to do', PATIENCE, async () => {
    const { code, stdout } = await node(
      program(`await useWebGpu().catch(({ name, message }) => console.log(name, message));`),
      { gpu: false },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^BackendError useWebGpu: no GPU: Dawn asked Vulkan and found no adapter\. Install/,
    );
    expect(stdout).toMatch(
      /VK_ICD_FILENAMES=.*Without a GPU use tfjs's wasm backend, or nodeRuntime\(\)\.$/m,
    );
  });
});

describe('the command line', () => {
  const cli = (argv: readonly string[], gpu: boolean): Promise<Ended> =>
    node(['dist/cli.js', ...argv], { gpu });

  it('clippo parity: the engines of Node agree on the emoji model', PATIENCE, async () => {
    const { code, stdout } = await cli(['parity', '--repeats', '1', '--json'], true);
    const { rows }: ParityResult = JSON.parse(stdout);
    expect(rows.map(({ engine, ok }) => [engine, ok])).toEqual([
      ['cpu', true],
      ['wasm', true],
      ['webgpu', true],
      ['onnx', true],
      ['onnx-webgpu', true],
    ]);
    for (const { maxDifference, tolerance } of rows) expect(maxDifference).toBeLessThanOrEqual(tolerance);
    expect(code).toBe(0);
  });

  it('clippo doctor and clippo embed know the GPU', PATIENCE, async () => {
    const doctor = await cli(['doctor'], true);
    expect(doctor.stdout).toMatch(/^✓ tfjs webgpu: \d+\.\d+\.\d+, multiplies matrices on .*SwiftShader/m);
    const embed = await cli(['embed', '--model', 'emoji', '--engine', 'webgpu', '--text', 'rainbow'], true);
    expect([embed.code, embed.stderr]).toEqual([0, expect.stringContaining('Engine: tfjs webgpu.')]);
    expect(JSON.parse(embed.stdout).embedding).toHaveLength(192);
  });

  it('clippo doctor tells how to get one where there is none', PATIENCE, async () => {
    const { code, stdout } = await cli(['doctor'], false);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✗ tfjs webgpu: useWebGpu: no GPU: .*libvulkan1/m);
  });
});
