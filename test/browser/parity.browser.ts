// examples/browser/parity.html as it is, in Chromium with a GPU in software and shared memory: every engine of a browser
// gives the vectors of the emoji model that plain JavaScript gives.

import type { Server } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ParityResult } from '../../src/engines/index.ts';
import { launchChromium, serveRepository } from '../support/chromium.ts';

let browser: Browser;
let server: Server;
let url: string;

beforeAll(async () => {
  ({ url, server } = await serveRepository({}, { isolated: true }));
  browser = await launchChromium({ gpu: true });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

it('all engines of a browser agree', { timeout: 600_000 }, async () => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${url}/examples/browser/parity.html?repeats=1`);
  await page.waitForFunction(() => 'parity' in globalThis);
  const result = (await page.evaluate('globalThis.parity')) as ParityResult;
  console.log(JSON.stringify(result.rows)); // the table of docs/performance.md
  expect(result).toMatchObject({ reference: 'cpu', count: 12 });
  expect(result.rows.map(({ engine, ok }) => [engine, ok])).toEqual([
    ['cpu', true],
    ['onnx-webgpu', true],
    ['webgpu', true],
    ['onnx', true],
    ['webgl', true],
    ['wasm', true],
  ]);
  for (const { maxDifference, tolerance, engine } of result.rows) {
    expect(tolerance, engine).toBe(['webgl', 'webgpu', 'onnx-webgpu'].includes(engine) ? 1e-3 : 1e-4);
    expect(maxDifference, engine).toBeLessThanOrEqual(tolerance);
  }
  // The page says it too.
  expect(await page.textContent('#status')).toBe('Done: all engines that run agree.');
  expect(await page.locator('#rows tr').count()).toBe(6);
  expect(await page.locator('#notes li').allTextContents()).toEqual([]);
  expect(complaints).toEqual([]);
});
