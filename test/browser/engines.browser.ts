// Engines in real Chromium, with a GPU in software: which is chosen and what the report says, models that outlive a lost
// device, the primitives and their gradients on WebGL and WebGPU, ONNX Runtime with and without shared memory.

import type { Server } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineFallback, EngineTrial } from '../../src/engines/index.ts';
import { maxAbsDifference } from '../support/backends.ts';
import { launchChromium, serveRepository } from '../support/chromium.ts';
import { sourcePage } from '../support/source-page.ts';

/** Shaders are compiled by the processor here, which takes its time. */
const PATIENCE = { timeout: 300_000 };

interface Encoded {
  engine: string;
  calls: number;
  events: EngineFallback[];
  rows: number[];
  again: number[];
  leaked: number;
}

let pages: Record<string, string>;
beforeAll(async () => {
  pages = { '/engines': await sourcePage('test/browser/engines-page.ts') };
});

/** A browser and a server of their own for the tests of one block. */
function opened(options: { readonly gpu: boolean; readonly isolated: boolean }) {
  let browser: Browser;
  let server: Server;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    const served = await serveRepository(pages, options);
    server = served.server;
    browser = await launchChromium(options);
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${served.url}/engines`);
    await page.waitForFunction(() => 'computeOps' in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  return {
    complaints,
    call: <T>(name: string, ...given: unknown[]): Promise<T> =>
      page.evaluate(`${name}(...${JSON.stringify(given)})`) as Promise<T>,
  };
}

const outcomes = (trials: readonly EngineTrial[]): string[] =>
  trials.map(({ engine, outcome }) => `${engine} ${outcome}`);

describe('with a GPU', () => {
  const { call, complaints } = opened({ gpu: true, isolated: true });
  let expected: Encoded;

  it('wasm comes before a GPU in software, and the report says why', PATIENCE, async () => {
    const { engine, trials } = await call<{ engine: string; trials: EngineTrial[] }>('choose');
    expect(engine).toBe('wasm');
    expect(outcomes(trials)).toEqual(['webgpu slower', 'webgl slower', 'wasm chosen', 'cpu not tried']);
    expect(trials[0]!.detail).toMatch(/^It works, but its GPU is one in software \(.*swiftshader.*\)\.$/i);
    expect(trials[3]!.detail).toBe('wasm comes before it.');
    const asked = await call<{ engine: string; gpu: object }>('choose', ['webgpu', 'wasm']);
    expect(asked).toMatchObject({ engine: 'webgpu', gpu: { isSoftware: true } });
  });

  it('WebGL in software comes before plain JavaScript', PATIENCE, async () => {
    const { engine, trials } = await call<{ engine: string; trials: EngineTrial[] }>('chooseWithoutWasm');
    expect(engine).toBe('webgl');
    expect(outcomes(trials)).toEqual(['webgpu slower', 'webgl chosen', 'wasm missing', 'cpu not tried']);
  });

  it('encodes on cpu, to compare with', PATIENCE, async () => {
    expected = await call<Encoded>('encodeThrough', ['cpu'], 'none');
    expect(expected).toMatchObject({ engine: 'cpu', calls: 1, events: [], leaked: 0 });
    expect(maxAbsDifference(expected.again, expected.rows)).toBeLessThan(1e-6);
  });

  it.each([
    ['webgpu', 'lost device', /^the GPU device was lost \(destroyed/],
    ['webgpu', 'no memory', /^the GPU failed: /],
    ['webgl', 'lost context', /^the WebGL context was lost$/],
  ])('a model on %s goes on after: %s', PATIENCE, async (engine, accident, reason) => {
    const got = await call<Encoded>('encodeThrough', [engine, 'wasm', 'cpu'], accident);
    expect(got).toMatchObject({
      engine: 'wasm',
      calls: 2,
      events: [{ from: engine, to: 'wasm' }],
      leaked: 0,
    });
    expect(got.events[0]!.reason).toMatch(reason);
    expect(maxAbsDifference(got.rows, expected.rows)).toBeLessThan(1e-4);
    expect(maxAbsDifference(got.again, expected.rows)).toBeLessThan(1e-4);
  });

  it('the GPU can be had again after that', PATIENCE, async () => {
    for (const engine of ['webgpu', 'webgl']) {
      const got = await call<Encoded>('encodeThrough', [engine], 'none');
      expect(got).toMatchObject({ engine, calls: 1, events: [], leaked: 0 });
      expect(maxAbsDifference(got.rows, expected.rows)).toBeLessThan(1e-3);
    }
  });

  it('says so when there is no engine to go on with', PATIENCE, async () => {
    await expect(call('encodeThrough', ['webgpu'], 'lost device')).rejects.toThrow(
      /webgpu failed: the GPU device was lost .*\. There is no other engine to go on with\./,
    );
  });

  it('the primitives and their gradients are right on WebGL and WebGPU', PATIENCE, async () => {
    const reference = await call<Record<string, number[][]>>('computeOps', 'cpu');
    expect(Object.keys(reference)).toHaveLength(5);
    for (const engine of ['webgl', 'webgpu']) {
      const found = await call<Record<string, number[][]>>('computeOps', engine);
      for (const [op, outputs] of Object.entries(reference)) {
        outputs.forEach((values, i) => {
          const largest = Math.max(1, ...values.map(Math.abs));
          expect(maxAbsDifference(found[op]![i]!, values) / largest, `${op} ${i} on ${engine}`).toBeLessThan(
            1e-4,
          );
        });
      }
    }
  });

  it('ONNX Runtime has threads, and the GPU when asked for it', PATIENCE, async () => {
    const got = await call<Record<string, unknown>>('onnxRuntime', 'webgpu', {
      executionProviders: ['webgpu', 'wasm'],
      threads: 2,
    });
    expect(got).toMatchObject({
      threads: 2,
      notes: [],
      sessionOptions: { executionProviders: ['webgpu', 'wasm'] },
      engine: 'onnx-webgpu',
    });
    expect(maxAbsDifference(got.rows as number[], expected.rows)).toBeLessThan(1e-3);
  });

  it('a model in ONNX Runtime goes on without the GPU when that is lost', PATIENCE, async () => {
    const got = await call<Encoded>('encodeInOnnxRuntime', ['onnx-webgpu', 'onnx']);
    expect(got).toMatchObject({
      engine: 'onnx',
      calls: 2,
      events: [{ from: 'onnx-webgpu', to: 'onnx' }],
      leaked: 0,
    });
    expect(got.events[0]!.reason).toMatch(/^compiled function: ONNX Runtime failed: [^\n]*lost[^\n]*$/);
    expect(maxAbsDifference(got.rows, expected.rows)).toBeLessThan(1e-4);
  });

  it('nothing was an error on the console', () => {
    expect(complaints).toEqual([]);
  });
});

describe('without a GPU, without shared memory', () => {
  const { call, complaints } = opened({ gpu: false, isolated: false });

  it('says why there is no WebGPU, and takes wasm', PATIENCE, async () => {
    const { engine, trials } = await call<{ engine: string; trials: EngineTrial[] }>('choose', [
      'webgpu',
      'wasm',
    ]);
    expect(engine).toBe('wasm');
    expect(outcomes(trials)).toEqual(['webgpu failed', 'wasm chosen']);
    expect(trials[0]!.detail).toContain('there is no GPU that the browser lets pages use');
  });

  it('ONNX Runtime has one thread, and says why', PATIENCE, async () => {
    const got = await call<Record<string, unknown>>('onnxRuntime', 'wasm', {});
    const expected = await call<Encoded>('encodeThrough', ['cpu'], 'none');
    expect(got).toMatchObject({
      threads: 1,
      sessionOptions: { executionProviders: ['wasm'] },
      engine: 'onnx',
    });
    expect(got.notes).toEqual([
      expect.stringMatching(/^One thread: this page is not cross-origin isolated/),
      expect.stringMatching(/^No webgpu in ONNX Runtime: /),
    ]);
    expect(maxAbsDifference(got.rows as number[], expected.rows)).toBeLessThan(1e-4);
  });

  it('nothing was an error on the console', () => {
    expect(complaints).toEqual([]);
  });
});
