// What the first result costs, stopping and beginning again, and the page without a connection.

import type { Page, Route } from 'playwright-core';
import { expect, it } from 'vitest';
import {
  chooseEngine,
  hitsOf,
  saying,
  search,
  serveDemo,
  stopServing,
  visit,
} from '../../support/demo-site.ts';
import type { Demo } from '../demo.browser.ts';

const MOST_BYTES = 8_000_000;

/** Addresses of what the service worker has kept so far. */
const kept = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const [name] = await caches.keys();
    if (name === undefined) return [];
    return (await (await caches.open(name)).keys()).map(({ url }) => url);
  });

export function testLoading(demo: () => Demo): void {
  it(`the first result costs less than ${MOST_BYTES} bytes`, async () => {
    const sent = new Map<string, number>();
    const served = await serveDemo(demo().site, { onSent: (file, bytes) => sent.set(file, bytes) });
    const { page, close } = await visit(demo().plain, served.url, { serviceWorkers: 'allow' });
    await hitsOf(page, 'arc-en-ciel');
    await close();
    await stopServing(served);
    const total = [...sent.values()].reduce((sum, bytes) => sum + bytes, 0);
    console.log(
      JSON.stringify({ what: 'bytes before the first result', total, files: Object.fromEntries(sent) }),
    );
    expect(total).toBeLessThanOrEqual(MOST_BYTES);
    expect(
      [...sent.keys()].filter((file) => /model\.safetensors|emoji\.safetensors|simd.*wasm/.test(file)),
    ).toHaveLength(3);
    expect([...sent.keys()].filter((file) => /ort|webgpu|words/.test(file))).toEqual([]);
  });

  it('loading can be stopped, and begun again', async () => {
    const { page, complaints, close } = await visit(demo().plain, demo().url, {
      before: (page) => page.route('**/model.safetensors', () => {}), // it never comes
    });
    await page.click('#load-cancel');
    expect(await saying(page, '#notice', /stopped/)).toContain('The text is still drawn');
    await saying(page, '#seen-report', /^11 characters drawn/);
    expect(await page.locator('#hits li').count()).toBe(0);
    await page.unrouteAll();
    await page.click('#load-button');
    expect((await hitsOf(page, 'arc-en-ciel'))[0]).toBe('rainbow');
    expect(await page.isHidden('#notice')).toBe(true);
    expect(complaints).toEqual([]);
    await close();
  });

  it('a model that does not come is said, not waited for', async () => {
    // One route whose answer changes: a route that takes the place of another can miss the first request.
    let answer: Parameters<Route['fulfill']>[0] = { status: 503 };
    const { page, close } = await visit(demo().plain, demo().url, {
      before: (page) => page.route('**/model.safetensors', (route) => route.fulfill(answer)),
    });
    expect(await saying(page, '#notice', /./)).toBe(
      'model.safetensors could not be loaded: the server answered 503.',
    );
    answer = { body: 'cut off' };
    await page.click('#load-button');
    await saying(page, '#notice', /broke off after 7 of \d+ bytes\. Try again\./);
    await close();
  });

  it('works without a connection after the first visit', async () => {
    const served = await serveDemo(demo().site);
    const { page, close } = await visit(demo().plain, served.url, { serviceWorkers: 'allow' });
    await hitsOf(page, 'arc-en-ciel');
    while (!(await kept(page)).some((file) => file.endsWith('/words-zh.safetensors'))) {
      await page.waitForTimeout(300); // that is the last of all
    }
    await stopServing(served);
    await page.reload();
    expect((await hitsOf(page, 'arc-en-ciel'))[0]).toBe('rainbow');
    expect((await search(page, 'ήλιος'))[0]).toMatch(/sun/);
    await page.click('#picture-hit');
    await saying(page, '#near-words', /Chinese/);
    // What was never chosen was not kept: it says so, and the other engine answers on.
    await chooseEngine(page, 'onnx');
    expect(await page.textContent('#ms-onnx')).toBe('not here');
    expect((await search(page, 'rocket'))[0]).toBe('rocket');
    await close();
  });
}
