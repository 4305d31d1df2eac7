// Photographs the demo page for docs/demo.md: `npm run build && npx tsx docs/make-demo-pictures.ts`. It needs Chromium. How they look depends on the fonts of
// the machine, so they are not made anew by a test.

import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { buildSite } from '../examples/browser/build/site.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { hitsOf, saying, serveDemo, stopServing, visit } from '../test/support/demo-site.ts';
import type { DEMO_PICTURES } from './figures/demo-pictures.ts';

const WIDE = { width: 1280, height: 1010 };
const NARROW = { width: 360, height: 900 };

/** @param panel - id of the panel that is shown; without it, what is in sight */
async function keep(name: (typeof DEMO_PICTURES)[number], page: Page, panel?: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1500)); // sheets of pictures come in
  const path = fileURLToPath(new URL(`images/${name}`, import.meta.url));
  const { size } = await sharp(await photograph(page, panel))
    .webp({ quality: panel === 'map' ? 38 : 76, effort: 6 })
    .toFile(path);
  console.log(`docs/images/${name}: ${size} bytes`);
}

/** A panel with some paper around it, and without the bar that stays on top. */
async function photograph(page: Page, panel?: string): Promise<Buffer> {
  if (panel === undefined) return page.screenshot();
  await page.evaluate(() => document.querySelector('.masthead')?.classList.add('unseen'));
  const { x, y, width, height } = (await page.locator(`#${panel}`).boundingBox())!; // it is on the page
  const top = y + (await page.evaluate(() => scrollY));
  return page.screenshot({
    fullPage: true,
    clip: { x: x - 40, y: top + 30, width: width + 80, height: height + 10 },
  });
}

async function photographSearch(browser: Browser, url: string): Promise<void> {
  const light = await visit(browser, url, { text: 'sunflower', viewport: WIDE, colorScheme: 'light' });
  await hitsOf(light.page, 'sunflower');
  await keep('demo-light.webp', light.page);
  await light.close();
  const dark = await visit(browser, url, { text: 'ракета', viewport: WIDE, colorScheme: 'dark' });
  await hitsOf(dark.page, 'ракета');
  await keep('demo-dark.webp', dark.page);
  await dark.close();
  const narrow = await visit(browser, url, {
    text: 'arc-en-ciel',
    viewport: NARROW,
    colorScheme: 'light',
    deviceScaleFactor: 2,
  });
  await hitsOf(narrow.page, 'arc-en-ciel');
  await keep('demo-narrow.webp', narrow.page);
  await narrow.close();
}

async function photographPanels(browser: Browser, url: string): Promise<void> {
  const { page, close } = await visit(browser, url, {
    text: 'sunflower',
    viewport: WIDE,
    colorScheme: 'light',
  });
  await hitsOf(page, 'sunflower');
  await page.click('#picture-hit');
  await saying(page, '#near-words', /Arabic/);
  await keep('demo-picture.webp', page, 'picture');
  await page.click('#map-draw');
  await saying(page, '#map-report', /apart/);
  await keep('demo-map.webp', page, 'map');
  await page.click('#train-start');
  await saying(page, '#train-figures', /step [2-9]\d\d/);
  await page.click('#train-stop');
  await saying(page, '#train-report', /^Stopped/);
  await keep('demo-training.webp', page, 'training');
  await close();
}

const served = await serveDemo(await buildSite(console.error));
const browser = await launchChromium();
await photographSearch(browser, served.url);
await photographPanels(browser, served.url);
await browser.close();
await stopServing(served);
