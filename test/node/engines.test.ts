// ONNX Runtime as it is handed to compile/: with its settings, or with the reason why there is none.

import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OrtRuntime } from '../../src/compile/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { coresOf } from '../../src/node/engines.ts';
import { type NodeRuntimeOptions, nodeRuntime } from '../../src/node/index.ts';
import * as nodePlatform from '../../src/node/platform.ts';
import * as webPlatform from '../../src/web/platform.ts';

describe('nodeRuntime', () => {
  it('is onnxruntime-node, quiet', () => {
    const runtime = nodeRuntime();
    expect(runtime.InferenceSession.create).toBe(InferenceSession.create);
    expect(runtime.Tensor).toBe(Tensor);
    expect(runtime.sessionOptions).toMatchObject({ logSeverityLevel: 3 });
    expect(env.logLevel).toBe('error');
    // The modules themselves will do as well: their types fit.
    const itself: OrtRuntime = { InferenceSession, Tensor };
    expect(itself.sessionOptions).toBeUndefined();
  });

  it('uses every core once, counted from what Linux says', () => {
    const entry = (processor: number, socket: number, core: number): string =>
      `processor\t: ${processor}\nmodel name\t: any\nphysical id\t: ${socket}\nsiblings\t: 2\ncore id\t\t: ${core}\n`;
    expect(coresOf([entry(0, 0, 0), entry(1, 0, 1), entry(2, 0, 0), entry(3, 0, 1)].join('\n'))).toBe(2);
    expect(coresOf([entry(0, 0, 0), entry(1, 1, 0)].join('\n'))).toBe(2);
    expect(coresOf('processor\t: 0\nBogoMIPS\t: 50\n')).toBe(0); // as on ARM
    expect(coresOf('')).toBe(0);
  });

  it('hands its settings to every session', () => {
    const executionProviders = ['cpu', { name: 'xnnpack' }];
    expect(nodeRuntime({ threads: 2, executionProviders, logLevel: 'fatal' }).sessionOptions).toEqual({
      logSeverityLevel: 4,
      intraOpNumThreads: 2,
      executionProviders,
    });
    expect(env.logLevel).toBe('fatal');
  });

  it.each<[string, object]>([
    ['nodeRuntime: unknown option cores. Known: threads, executionProviders, logLevel.', { cores: 2 }],
    ['nodeRuntime: threads: expected a positive integer, got 0.', { threads: 0 }],
    ['nodeRuntime: threads: expected a positive integer, got "2".', { threads: '2' }],
    [
      'nodeRuntime: logLevel: expected one of verbose, info, warning, error, fatal, got "toString".',
      { logLevel: 'toString' },
    ],
    [
      `nodeRuntime: executionProviders: expected a list such as ['cpu'], got "cpu".`,
      { executionProviders: 'cpu' },
    ],
    ['executionProviders: expected a list', { executionProviders: [] }],
    ['executionProviders: expected a list', { executionProviders: [null] }],
  ])('says %s', (message, options) => {
    const call = (): OrtRuntime => nodeRuntime(options as NodeRuntimeOptions); // wrong on purpose
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(message);
  });
});

describe('the platform', () => {
  afterEach(() => {
    vi.doUnmock('node:module');
    vi.resetModules();
  });

  async function platformThatFails(error: Error): Promise<typeof nodePlatform> {
    vi.doMock('node:module', () => ({
      createRequire: () => () => {
        throw error;
      },
    }));
    vi.resetModules();
    return import('../../src/node/platform.ts');
  }

  it('has it in Node', async () => {
    expect((await nodePlatform.onnxRuntime())?.InferenceSession).toBe(InferenceSession);
    expect(nodePlatform.onnxRuntimeAdvice()).toBe('onnxruntime-node is installed and loads.');
  });

  it('says what to install where it is missing', async () => {
    const missing = Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    const platform = await platformThatFails(missing);
    expect(await platform.onnxRuntime()).toBeUndefined();
    expect(platform.onnxRuntimeAdvice()).toBe(
      'Running compiled functions needs the package "onnxruntime-node", which cannot be loaded. Run: npm install onnxruntime-node',
    );
  });

  it('says why where it is broken', async () => {
    const broken = Object.assign(new Error('libstdc++.so.6: no such file\nand more'), {
      code: 'ERR_DLOPEN_FAILED',
    });
    const platform = await platformThatFails(broken);
    expect(await platform.onnxRuntime()).toBeUndefined();
    expect(platform.onnxRuntimeAdvice()).toContain('cannot be loaded (libstdc++.so.6: no such file). Run:');
  });

  it('has none in a browser, and says so', async () => {
    expect(await webPlatform.onnxRuntime()).toBeUndefined();
    expect(webPlatform.onnxRuntimeAdvice()).toContain("from 'onnxruntime-web'");
  });
});
