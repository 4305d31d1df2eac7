// Who can use the page: by axe-core in every panel, light and dark, by keyboard, and on a narrow screen.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { emojiPicture } from '../../support/demo-files.ts';
import { hitsOf, saying, visit } from '../../support/demo-site.ts';
import type { Demo } from '../demo.browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong: rule and element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  const { violations } = found as { violations: { id: string; nodes: { target: string[] }[] }[] };
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

/** Fills every panel, so that there is something to look at. */
async function fillPanels(page: Page): Promise<void> {
  await hitsOf(page, 'arc-en-ciel');
  await page.setInputFiles('#picture-file', await emojiPicture('sunflower'));
  await saying(page, '#near-words', /Arabic/);
  await page.click('#attention-form button');
  await saying(page, '#attention-report', /^Where/);
  await page.click('#map-draw');
  await saying(page, '#map-report', /apart/);
  await page.click('#train-start');
  await saying(page, '#train-report', /^It names/);
  await page.click('#train-stop');
  await saying(page, '#train-report', /^Stopped/);
}

export function testAccess(demo: () => Demo): void {
  it('axe-core finds nothing in any panel, light and dark, wide and narrow', async () => {
    const { page, close } = await visit(demo().plain, demo().url, { colorScheme: 'light' });
    await fillPanels(page);
    expect(await violations(page)).toEqual([]);
    await page.click('#theme');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await violations(page)).toEqual([]);
    await close();
  });

  it('axe-core finds nothing while it loads, and when that was stopped', async () => {
    const { page, close } = await visit(demo().plain, demo().url, {
      colorScheme: 'dark',
      before: (page) => page.route('**/model.safetensors', () => {}),
    });
    await page.waitForSelector('#loading:not([hidden])');
    expect(await violations(page)).toEqual([]);
    await page.click('#load-cancel');
    await saying(page, '#notice', /stopped/);
    expect(await violations(page)).toEqual([]);
    await close();
  });

  it('the keyboard goes everywhere, in the order of the page', async () => {
    const { page, close } = await visit(demo().plain, demo().url);
    await hitsOf(page, 'arc-en-ciel');
    const order: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const active = document.activeElement!;
        return active.id || active.getAttribute('name') || active.textContent!.trim().slice(0, 20);
      });
      order.push(focused);
    }
    expect(order[0]).toBe('Skip to the search');
    const stops = [
      'theme',
      'query',
      'picture-file',
      'labels',
      'map-draw',
      'map-canvas',
      'train-start',
      'model-file',
    ];
    expect(order.filter((id) => stops.includes(id)).slice(0, stops.length)).toEqual(stops);
    await page.focus('.skip');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('search');
    await close();
  });

  it('what is found is spoken when typing pauses', async () => {
    const { page, close } = await visit(demo().plain, demo().url, { text: 'rocket' });
    await saying(page, '#spoken', /^For “rocket”: rocket 0\.\d\d, .+ 0\.\d\d, .+\.$/);
    await page.fill('#query', '');
    await saying(page, '#spoken', /^Type something to search 1891 emoji\.$/);
    await close();
  });

  it('the colours follow the system until they are chosen, and the choice is kept', async () => {
    const { page, close } = await visit(demo().plain, demo().url, { colorScheme: 'dark' });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await paper()).toBe('rgb(21, 19, 17)');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await paper()).toBe('rgb(251, 250, 246)');
    await page.click('#theme');
    expect(await paper()).toBe('rgb(21, 19, 17)');
    await page.reload();
    expect(await paper()).toBe('rgb(21, 19, 17)');
    await close();
  });
}
