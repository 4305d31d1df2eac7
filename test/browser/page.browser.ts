// The built package in a plain page, without bundler: text is drawn with no configuration, and, where an import map
// says where tfjs lies, the whole model runs. Pixels and embeddings are the same as in Node.

import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import * as tf from '@tensorflow/tfjs-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClippoModel } from '../../src/clippo-model.ts';
import { encodePng } from '../../src/node/index.ts';
import { renderText } from '../../src/render/index.ts';
import { maxAbsDifference } from '../support/backends.ts';
import { bundledPage } from '../support/bundled-page.ts';
import { launchChromium, serveRepository } from '../support/chromium.ts';
import { generateImage } from '../support/golden.ts';

const TEXTS = ['a photo of a dog', 'Привет, мир', '日本語 🐕', ''];

const PLAIN_PAGE = `<!doctype html><title>plain</title><script type="module">
  import { renderText } from '/dist/render.js';
  window.draw = async (text) => {
    const image = await renderText(text);
    const hash = await crypto.subtle.digest('SHA-256', image.data);
    return { hash: Array.from(new Uint8Array(hash), (b) => b.toString(16).padStart(2, '0')).join(''), width: image.width, missing: image.missingGlyphs };
  };
</script>`;

/** What the page does; a bundler makes it a page, tfjs's cpu backend included. */
const MODEL_CODE = `
    import '@tensorflow/tfjs-backend-cpu';
    import { ClippoModel } from 'clippo-ts';
    window.encode = async (checkpoint, text, png) => {
      const model = await ClippoModel.load(new Blob([new Uint8Array(checkpoint)]));
      const embeddings = await model.encode([text, new Uint8Array(png), new Blob([new Uint8Array(png)])]);
      model.dispose();
      return Array.from(embeddings.data);
    };
    window.refusal = (path) => ClippoModel.load(path).then(() => 'no error', (error) => error.message);`;

describe('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    ({ url, server } = await serveRepository({
      '/plain': PLAIN_PAGE,
      '/bundled': await bundledPage('bundled', MODEL_CODE),
    }));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(path: string, ready: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !message.text().includes('favicon'))
        complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url + path);
    await page.waitForFunction((name) => name in window, ready);
    return { page, complaints };
  }

  it('a plain page draws the same pixels as Node', async () => {
    const { page, complaints } = await open('/plain', 'draw');
    for (const text of TEXTS) {
      const drawn = await page.evaluate(`draw(${JSON.stringify(text)})`);
      const ours = await renderText(text);
      const hash = createHash('sha256').update(ours.data).digest('hex');
      expect(drawn).toEqual({ hash, width: 224, missing: 0 });
    }
    expect(complaints.filter((line) => !line.includes('404'))).toEqual([]);
    await page.close();
  });

  it('a bundle loads a checkpoint and gives the same embeddings as Node', async () => {
    await tf.setBackend('cpu');
    const model = await ClippoModel.create(
      { variant: 'mu/16', imageSize: 64, embeddingDim: 32 },
      { seed: 2 },
    );
    const chunks: Uint8Array[] = [];
    await model.save(new WritableStream({ write: (chunk: Uint8Array) => void chunks.push(chunk.slice()) }));
    const checkpoint = [...Buffer.concat(chunks)];
    const picture = generateImage(4, 64);
    const expected = await model.encode(['two red cars', picture, picture]);
    model.dispose();
    const { page } = await open('/bundled', 'encode');
    const call = `encode(${JSON.stringify(checkpoint)}, 'two red cars', ${JSON.stringify([...encodePng(picture)])})`;
    const found = (await page.evaluate(call)) as number[];
    expect(maxAbsDifference(found, expected.data)).toBeLessThan(1e-5);
    expect(await page.evaluate(`refusal('model.npz')`)).toContain(
      'a page cannot read the disk. Give an absolute URL',
    );
    await page.close();
  });
});
