// The documentation site, built as `npm run docs` builds it, and opened in Chromium: every page is there, no link and no
// anchor leads nowhere, nothing comes from another server, and the live field draws what Node draws.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPages, sidebar, sitePath } from '../../docs/.vitepress/pages.ts';
import { renderText } from '../../src/render/index.ts';
import { launchChromium, serveRepository } from '../support/chromium.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SITE = join(ROOT, 'out/site-test');
/** As if it were published below the root of a server. */
const BASE = '/out/site-test/';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

beforeAll(() => {
  const run = (command: string, ...args: string[]): void => {
    execFileSync(join(ROOT, 'node_modules/.bin', command), args, {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'], // what goes wrong is part of the error
      env: { ...process.env, DOCS_BASE: BASE },
    });
  };
  run('tsx', 'docs/make-api.ts');
  run('vitepress', 'build', 'docs', '--outDir', SITE);
}, 3_600_000); // a minute; an hour on a machine that does much else

const fileOf = (page: string): string => join(SITE, sitePath(page).replace(/md$/, 'html'));
const html = (file: string): string => readFileSync(file, 'utf8');

describe('the site', () => {
  it('has every page, and those of docs/ in the menu', () => {
    const pages = listPages();
    expect(pages).toContain('out/api/clippo-ts/render.md');
    expect(pages.filter((page) => !existsSync(fileOf(page)))).toEqual([]);
    const links = sidebar().flatMap(({ items = [] }) => items.map(({ link }) => link));
    const inDocs = pages
      .filter((page) => page.startsWith('docs/'))
      .map((page) => `/${sitePath(page).slice(0, -3)}`);
    expect(inDocs.filter((link) => !links.includes(link))).toEqual([]);
  });

  it('has no link and no anchor that leads nowhere', () => {
    const files = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.html'),
    );
    const anchors = new Map(files.map((file) => [`${BASE}${file}`, anchorsOf(html(join(SITE, file)))]));
    const dead = files.flatMap((file) =>
      linksOf(html(join(SITE, file)))
        .map((link) => new URL(link, `http://site${BASE}${file}`))
        .filter(({ host, pathname, hash }) => {
          if (host !== 'site' || /\.(?!html)\w+$/.test(pathname)) return false;
          const page = anchors.get(decodeURI(pathname).replace(/\/$/, '/index.html'));
          return page === undefined || (hash !== '' && !page.has(decodeURIComponent(hash.slice(1))));
        })
        .map(({ pathname, hash }) => `${file}: ${pathname}${hash}`),
    );
    expect(files.length).toBeGreaterThan(30);
    expect(dead).toEqual([]);
  });

  it('takes nothing from another server', () => {
    const texts = readdirSync(SITE, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(html|css)$/.test(file))
      .map((file) => html(join(SITE, file)));
    const foreign = texts.flatMap(
      (text) =>
        text.match(/(?:<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=|url\()["']?https?:[^"')>]*/g) ?? [],
    );
    expect(foreign).toEqual([]);
  });

  it('says why a block is not run', () => {
    expect(html(fileOf('docs/data-pipeline.md'))).toContain('No test runs this block: needs shards.');
  });

  it('shows the sources that pages link to', () => {
    expect(html(fileOf('README.md'))).toContain(`href="${BASE}source/examples/04-train.mjs.html"`);
    expect(html(fileOf('out/source/examples/04-train.mjs.md'))).toContain('clippo-ts/train');
  });
});

function linksOf(text: string): string[] {
  return [...text.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)].map((match) => match[1]!.replaceAll('&amp;', '&'));
}

function anchorsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]!));
}

describe('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    ({ url, server } = await serveRepository({}));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function open(path: string, look: { width: number; dark: boolean }): Promise<Page> {
    const page = await browser.newPage({
      viewport: { width: look.width, height: 800 },
      colorScheme: look.dark ? 'dark' : 'light',
    });
    page.on('pageerror', (error) => expect.soft(String(error)).toBe(''));
    await page.goto(`${url}${BASE}${path}`);
    return page;
  }

  it('the live field draws what is typed, to the pixel, and says what does not fit', async () => {
    const page = await open('live.html', { width: 1200, dark: false });
    await page.waitForSelector('.live-text canvas');
    await page.uncheck('.live-text input[type=checkbox]');
    const text = 'Ένας σκύλος 犬 🐕';
    await page.fill('#live-text-field', text);
    await page.waitForFunction(
      `document.querySelector('.live-text [role=status]').textContent.startsWith('15 ')`,
    );
    const expected = [...(await renderText(text)).data];
    const pixels = `(() => {
      const canvas = document.querySelector('.live-text canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(data).filter((_, i) => i % 4 === 0);
    })()`;
    expect(await page.evaluate(pixels)).toEqual(expected);
    await page.fill('#live-text-field', 'x'.repeat(600));
    await page.waitForFunction(
      `document.querySelector('.live-text [role=status]').textContent.includes('167 do not fit')`,
    );
    await page.close();
  });

  it.each([
    { path: 'live.html', width: 360, dark: false },
    { path: 'live.html', width: 1200, dark: true },
    { path: 'index.html', width: 360, dark: true },
    { path: 'getting-started.html', width: 360, dark: false },
  ])(
    '$path at $width px, dark: $dark, is not wider than the window and breaks no rule of axe',
    async (look) => {
      const page = await open(look.path, look);
      if (look.path === 'live.html') await page.waitForSelector('.live-text canvas');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(look.width);
      await page.addScriptTag({ path: AXE });
      // What the theme itself does is VitePress's: the page's own part is looked at.
      const found = (await page.evaluate(`axe.run('.VPDoc main')`)) as {
        violations: { id: string; nodes: { html: string }[] }[];
      };
      const lines = found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
      expect(lines).toEqual([]);
      await page.close();
    },
  );
});
