// The demo page as visitors meet it: built, served from a sub-path, opened in Chromium, and everything it complains about written down.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { type ServeOptions, siteServer } from '../../examples/browser/build/serve-site.ts';
import { CHROMIUM_FLAGS, chromiumProgram } from './chromium.ts';

/** WebGPU without a graphics card: SwiftShader computes it. */
const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
/** A static host serves the page from anywhere; here, two folders deep. */
const BASE = '/some/where/';

/** As long as anything is waited for, ms: SwiftShader takes its time. */
const PATIENCE = 120_000;

export const launchWithWebGpu = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumProgram(), args: [...CHROMIUM_FLAGS, ...WEBGPU] });

export interface Served {
  readonly url: string;
  readonly server: Server;
}

export async function serveDemo(site: string, options: ServeOptions = {}): Promise<Served> {
  const server = siteServer(site, { base: BASE, ...options });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return { url: `http://127.0.0.1:${port}${options.base ?? BASE}`, server };
}

export function stopServing({ server }: Served): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, and what was not caught. */
  readonly complaints: string[];
  close(): Promise<void>;
}

export interface VisitOptions extends BrowserContextOptions {
  /** Text in the address. Default 'arc-en-ciel'. */
  readonly text?: string;
  /** Done before anything is loaded. */
  readonly before?: (page: Page, context: BrowserContext) => Promise<unknown>;
}

/** Opens the page in a fresh profile, without a service worker unless it is allowed. */
export async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
  const { text = 'arc-en-ciel', before, ...rest } = options;
  const context = await browser.newContext({ serviceWorkers: 'block', reducedMotion: 'reduce', ...rest });
  const page = await context.newPage();
  const complaints = listen(page);
  await before?.(page, context);
  await page.goto(`${url}#${new URLSearchParams({ q: text })}`);
  return { page, complaints, close: () => context.close() };
}

export function listen(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    const byTheTest = message.text() === 'Service Worker registration blocked by Playwright';
    if (['error', 'warning'].includes(message.type()) && !byTheTest) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

/** Waits for the hits of a text. @returns their names, best first */
export async function hitsOf(page: Page, text: string): Promise<string[]> {
  await page.waitForFunction((wanted) => document.getElementById('hits')?.dataset.answers === wanted, text, {
    timeout: PATIENCE,
  });
  return page.locator('#hits .name').allTextContents();
}

/** Types over what is there, and waits for the hits. */
export async function search(page: Page, text: string): Promise<string[]> {
  await page.fill('#query', text);
  return hitsOf(page, text);
}

/** Waits until an element says something. @returns all of its text */
export async function saying(page: Page, selector: string, pattern: RegExp): Promise<string> {
  const text = async (): Promise<string> => (await page.textContent(selector)) ?? '';
  for (const end = Date.now() + PATIENCE; ; ) {
    const said = await text();
    if (pattern.test(said)) return said;
    if (Date.now() > end) throw new Error(`${selector}: waited for ${pattern}, and it says “${said}”.`);
    await page.waitForTimeout(100);
  }
}

export async function chooseEngine(page: Page, engine: 'wasm' | 'webgpu' | 'onnx'): Promise<void> {
  await page.click(`input[name=engine][value=${engine}]:enabled`); // not check: what is not to be had springs back
  await saying(page, `#ms-${engine}`, /\d ms|not here/);
}
