// Downloads in a real browser: kept in Cache Storage, gone on with after a cut, there without a network, and done without
// where the storage is blocked. The built package in a plain bundle.

import type { Server } from 'node:http';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { bundledPage } from '../support/bundled-page.ts';
import { launchChromium, serveRepository } from '../support/chromium.ts';
import { unreliableServer } from '../support/unreliable-server.ts';

const NAME = 'clippo_b16_100c4';
const serve = unreliableServer();

/** What the page does; a bundler makes it a page, tfjs's cpu backend included. */
const DOWNLOAD_CODE = `
    import '@tensorflow/tfjs-backend-cpu';
    import { ClippoModel } from 'clippo-ts';
    window.load = async (options) => {
      const warnings = [];
      const onWarning = (message) => warnings.push(message);
      try {
        const model = await ClippoModel.fromPretrained('${NAME}', { ...options, onWarning });
        const { data } = await model.encodeText(['a cat']);
        model.dispose();
        return { first: data[0], warnings };
      } catch (error) {
        return { error: error.name + ': ' + error.message, warnings };
      }
    };
    window.keys = async () => (await (await caches.open('clippo-ts')).keys()).map(({ url }) => url.split('/').at(-1));
    window.damage = async () => {
      const cache = await caches.open('clippo-ts');
      const key = (await cache.keys()).find(({ url }) => url.endsWith('.safetensors'));
      const bytes = new Uint8Array(await (await cache.match(key)).arrayBuffer());
      bytes[bytes.length - 1] ^= 1;
      await cache.put(key, new Response(bytes));
    };`;

describe('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  let url: string;
  let checkpoint: Uint8Array;
  let expected: number;

  beforeAll(async () => {
    await tf.setBackend('cpu');
    // 22 MB: more than two of the parts that are kept on the way.
    const model = await ClippoModel.create(
      { variant: 'Ti/16', imageSize: 32, embeddingDim: 32 },
      { seed: 2 },
    );
    const chunks: Uint8Array[] = [];
    await model.save(new WritableStream({ write: (chunk: Uint8Array) => void chunks.push(chunk.slice()) }));
    checkpoint = Buffer.concat(chunks);
    expected = (await model.encodeText(['a cat'])).data[0]!;
    model.dispose();
    ({ url, server } = await serveRepository({ '/download': await bundledPage('download', DOWNLOAD_CODE) }));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** A page without a past, and the server of another origin that has the checkpoint. */
  async function start(before?: string) {
    const lastModified = 'Wed, 21 Oct 2015 07:28:00 GMT';
    const file = { bytes: checkpoint, etag: '"one"', lastModified };
    const { url: mirror, requests, files } = await serve({ [`/${NAME}.npz`]: file });
    const context = await browser.newContext();
    page = await context.newPage();
    if (before !== undefined) await page.addInitScript(before);
    await page.goto(`${url}/download`);
    await page.waitForFunction('"load" in window');
    const load = (options: object = {}) =>
      page.evaluate(`load(${JSON.stringify({ mirror, retries: 1, ...options })})`) as Promise<{
        first?: number;
        error?: string;
        warnings: string[];
      }>;
    return { load, requests, file: files[`/${NAME}.npz`]!, end: () => context.close() };
  }

  it('a model is fetched once, checked, and there without a network', async () => {
    const { load, requests, end } = await start();
    for (const options of [{}, {}, { offline: true }]) {
      const { first, error } = await load(options);
      expect(error).toBeUndefined();
      expect(first).toBeCloseTo(expected, 5);
    }
    expect(requests).toHaveLength(1);
    expect(await page.evaluate('keys()')).toEqual([`${NAME}.safetensors`, `${NAME}.safetensors.json`]);
    await page.evaluate('damage()');
    const { first, warnings } = await load();
    expect(first).toBeCloseTo(expected, 5);
    expect(warnings[0]).toContain("in the browser's Cache Storage is damaged");
    expect(requests).toHaveLength(2);
    await end();
  });

  it('a download goes on after a reload where it was cut, from another origin too', async () => {
    const { load, requests, file, end } = await start();
    file.behaviours = [{ cutAfter: 20 * 2 ** 20 }];
    const { error } = await load({ retries: 0 });
    expect(error).toMatch(/CheckpointError: .* the connection broke after \d+ bytes\. Load it again\./);
    await page.reload();
    await page.waitForFunction('"load" in window');
    const { first } = await load();
    expect(first).toBeCloseTo(expected, 5);
    // Without If-Range, which would need a permission of that server; the answer's date is compared.
    expect(requests.at(-1)?.range).toMatch(/^bytes=(8388608|16777216)-$/);
    expect(requests.at(-1)?.ifRange).toBeUndefined();
    await end();
  });

  it.each([
    [
      'is blocked',
      `Object.defineProperty(window, 'caches', { value: { open: () => Promise.reject(new DOMException('denied', 'SecurityError')) } })`,
      'The browser blocks Cache Storage for this page.',
    ],
    [
      'is not there',
      `Object.defineProperty(window, 'caches', { value: undefined })`,
      'This page has no Cache Storage',
    ],
    [
      'is full',
      `CacheStorage.prototype.open = async () => ({ match: async () => undefined, keys: async () => [], delete: async () => true, put: () => Promise.reject(new DOMException('Quota exceeded.', 'QuotaExceededError')) })`,
      'Quota exceeded.',
    ],
  ])('a storage that %s is said and done without', async (_, before, reason) => {
    const { load, end } = await start(before);
    const { first, warnings, error } = await load();
    expect(error).toBeUndefined();
    expect(first).toBeCloseTo(expected, 5);
    expect(warnings.join('\n')).toContain("going on without the browser's Cache Storage");
    expect(warnings.join('\n')).toContain(reason);
    await end();
  });

  it('without a network and a cache there is an error that says so', async () => {
    const { load, requests, end } = await start();
    const { error } = await load({ offline: true });
    expect(error).toContain(`${NAME}: offline, and the browser's Cache Storage does not have it.`);
    expect(requests).toEqual([]);
    await end();
  });
});
