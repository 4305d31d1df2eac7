// The pages of docs/getting-started.md, made of its own blocks by the tools that it names, and opened in Chromium: the
// project with Vite, the plain page, and the page with one file of esbuild's. And the live field of the site.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderText } from '../../src/render/index.ts';
import { launchChromium, serveRepository } from '../support/chromium.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, 'out/docs-pages');
/** The files of the page, as its fences name them. */
const FILES = ['vite.config.js', 'src/main.js', 'index.html', 'plain.html', 'src/search.js', 'search.html'];

/** Writes the blocks where they say, beside an installed clippo-ts. */
function writeProject(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  const page = readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8');
  for (const file of FILES) {
    const [, code = ''] = new RegExp(`^\`\`\`\\w+ ${file}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)!;
    mkdirSync(dirname(join(FOLDER, file)), { recursive: true });
    writeFileSync(join(FOLDER, file), code);
  }
  writeFileSync(join(FOLDER, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(FOLDER, 'tsconfig.json'), '{}'); // this repository's own paths are no user's
  const modules = join(FOLDER, 'node_modules');
  mkdirSync(modules);
  // A copy and no link: tools look for the settings of this repository beside the files of a link.
  for (const name of ['package.json', 'dist', 'models'])
    cpSync(join(ROOT, name), join(modules, 'clippo-ts', name), { recursive: true });
  for (const name of ['@tensorflow', 'vite'])
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
}

describe('docs/getting-started.md in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    writeProject();
    ({ url, server } = await serveRepository({}));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${url}/out/docs-pages/${path}`);
    return { page, complaints };
  }

  it('builds the project with Vite, and it finds the word in another language', async () => {
    await build({
      root: FOLDER,
      configFile: join(FOLDER, 'vite.config.js'),
      base: './',
      logLevel: 'error',
    });
    const { page, complaints } = await open('dist/index.html');
    await page.waitForFunction(`document.querySelector('#answer').textContent !== ''`);
    expect(await page.textContent('#answer')).toBe('rainbow');
    await page.fill('#query', 'Schlüssel');
    await page.waitForFunction(`document.querySelector('#answer').textContent !== 'rainbow'`);
    expect(await page.textContent('#answer')).toBe('key');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('draws text in the plain page, as in Node', async () => {
    const { page, complaints } = await open('plain.html');
    await page.waitForFunction(`document.querySelector('#drawn').width === 224`);
    const pixels = (await page.evaluate(`(async () => {
      await new Promise((resolve) => setTimeout(resolve));
      const canvas = document.querySelector('#drawn');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(data).filter((_, i) => i % 4 === 0);
    })()`)) as number[];
    expect(pixels).toEqual([...(await renderText('a photo of a dog')).data]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('runs the model from the one file that esbuild makes', async () => {
    const page = readFileSync(join(ROOT, 'docs/getting-started.md'), 'utf8');
    const [command = ''] = /^npx esbuild .*$/m.exec(page)!;
    execFileSync(join(ROOT, 'node_modules/.bin/esbuild'), command.split(' ').slice(2), {
      cwd: FOLDER,
      stdio: 'pipe',
    });
    const opened = await open('search.html');
    await opened.page.waitForFunction(`document.querySelector('#answer').textContent !== ''`);
    expect(await opened.page.textContent('#answer')).toBe('rainbow');
    expect(opened.complaints).toEqual([]);
    await opened.page.close();
  });
});
