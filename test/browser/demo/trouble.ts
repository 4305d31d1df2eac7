// What goes wrong in browsers, and what visitors bring: the page says what it is, and goes on.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { CHROMIUM_FLAGS, chromiumProgram } from '../../support/chromium.ts';
import {
  brokenPicture,
  emojiPicture,
  hugePicture,
  ownModel,
  scriptedSvg,
  WEB_PART,
  wrongModels,
} from '../../support/demo-files.ts';
import { chooseEngine, hitsOf, listen, saying, search, visit } from '../../support/demo-site.ts';
import type { Demo } from '../demo.browser.ts';

export function testTrouble(demo: () => Demo): void {
  it('no WebGPU, and no SharedArrayBuffer: it says so, and WebAssembly answers on', async () => {
    const { page, close } = await visit(demo().plain, demo().url);
    await hitsOf(page, 'arc-en-ciel');
    expect(await page.evaluate(() => typeof SharedArrayBuffer)).toBe('undefined');
    await chooseEngine(page, 'webgpu');
    expect(await page.textContent('#notice')).toMatch(/no WebGPU|WebGPU cannot be had here: there is no GPU/);
    expect(await page.isChecked('input[value=wasm]')).toBe(true);
    expect((await search(page, 'rocket'))[0]).toBe('rocket');
    await close();
  });

  it('a lost graphics card: WebAssembly goes on with the same text', async () => {
    const { page, close } = await visit(demo().browser, demo().url);
    await hitsOf(page, 'arc-en-ciel');
    const [worker] = page.workers();
    await worker!.evaluate(() => {
      // The device that the page opens, to be destroyed from here.
      const prototype = (
        globalThis as unknown as {
          GPUAdapter: { prototype: { requestDevice(options: object): Promise<object> } };
        }
      ).GPUAdapter.prototype;
      const { requestDevice } = prototype;
      prototype.requestDevice = async function (this: object, options: object) {
        const device = await requestDevice.call(this, options);
        Object.assign(globalThis, { device });
        return device;
      };
    });
    await chooseEngine(page, 'webgpu');
    expect((await search(page, 'Schlüssel'))[0]).toMatch(/key/);
    await worker!.evaluate(() => (globalThis as unknown as { device: { destroy(): void } }).device.destroy());
    expect((await search(page, 'ракета'))[0]).toBe('rocket');
    expect(await saying(page, '#notice', /./)).toMatch(
      /^WebGPU stopped: the GPU device was lost .*\. WebAssembly goes on from here\.$/,
    );
    expect(await page.isChecked('input[value=wasm]')).toBe(true);
    await close();
  });

  it('blocked storage: everything but the memory of colours works', async () => {
    const profile = mkdtempSync(join(tmpdir(), 'clippo-profile-'));
    mkdirSync(join(profile, 'Default'));
    const blocked = { profile: { default_content_setting_values: { cookies: 2 } } };
    writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify(blocked));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumProgram(),
      args: ['--disable-gpu', ...CHROMIUM_FLAGS],
    });
    const page = await context.newPage();
    const complaints = listen(page);
    await page.goto(`${demo().url}#q=rocket`);
    expect(
      await page.evaluate(() => {
        try {
          return String(localStorage.length);
        } catch (error) {
          return (error as Error).name;
        }
      }),
    ).toBe('SecurityError');
    expect((await hitsOf(page, 'rocket'))[0]).toBe('rocket');
    await page.click('#theme');
    expect(await page.getAttribute('html', 'data-theme')).toMatch(/dark|light/);
    expect(complaints).toEqual([]);
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  });

  it('a page of text, right-to-left text, and characters without a glyph', async () => {
    const { page, complaints, close } = await visit(demo().plain, demo().url, { text: 'موز' });
    expect((await hitsOf(page, 'موز'))[0]).toBe('banana');
    expect(await page.textContent('#seen-report')).toContain('right-to-left');
    const text = 'It was the best of times, it was the worst of times. '.repeat(1000);
    expect(await search(page, text)).toHaveLength(12);
    expect(await page.textContent('#seen-lost')).toMatch(/^No room for 52,9\d\d characters: “.{100,130}…”$/);
    await page.waitForFunction(() => location.hash === ''); // too long to share
    await search(page, 'a\u{2EBF0}\u{10FFFF}');
    expect(await page.textContent('#seen-report')).toContain('no glyph for U+2EBF0, U+10FFFF: a gap is left');
    await search(page, '\u202E<img src=x onerror=alert(1)>');
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  });

  it('pictures that are none, too large, or would run scripts', async () => {
    const { page, complaints, close } = await visit(demo().plain, demo().url);
    await hitsOf(page, 'arc-en-ciel');
    const report = (pattern: RegExp): Promise<string> => saying(page, '#picture-report', pattern);
    await page.click('#attention-form input[value=picture]');
    await page.click('#attention-form button');
    await saying(page, '#attention-report', /There is no picture yet\. Drop, paste or choose one\./);
    await page.setInputFiles('#picture-file', brokenPicture());
    await report(/^broken\.png is not a picture that this browser can read, or it is damaged/);
    await page.setInputFiles('#picture-file', hugePicture());
    await report(/^huge\.png is 10000 × 10000: 100 megapixels; up to 50 are read here/);
    expect(await page.isVisible('#picture-canvas')).toBe(false);
    await page.setInputFiles('#picture-file', scriptedSvg('web.svg', WEB_PART));
    await report(/^web\.svg is an SVG that .* holds parts of a web page\. Save it as a PNG\./);
    await page.setInputFiles('#picture-file', scriptedSvg('scripted.svg'));
    await report(/^scripted\.svg, 512 × 512/);
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    expect(await page.title()).toBe('CLIPPO reads pixels');
    expect(await page.locator('main iframe, main script').count()).toBe(0);
    await page.fill('#labels', ' , ;');
    await saying(page, '#label-scores', /Write at least one label/);
    await page.setInputFiles('#picture-file', await emojiPicture('sunflower'));
    await report(/^sunflower\.png/);
    expect(complaints).toEqual([]);
    await close();
  });

  it('model files that are none are refused with a reason; a real one answers, and the way back is open', async () => {
    const { page, complaints, close } = await visit(demo().plain, demo().url);
    await hitsOf(page, 'arc-en-ciel');
    for (const { file, says } of wrongModels()) {
      await page.setInputFiles('#model-file', file);
      await saying(page, '#model-report', says);
      expect((await search(page, `rocket ${file.name}`)).length).toBe(12); // the old one answers on
    }
    await page.setInputFiles('#model-file', await ownModel());
    await saying(page, '#model-report', /^Now mine\.npz answers: \d\d,\d{3} weights, pictures of 32 px\.$/);
    expect(await search(page, 'anything')).toHaveLength(12);
    expect(await page.textContent('#seen-report')).toContain('on 32 × 32 pixels');
    await page.click('#model-shipped');
    await saying(page, '#model-report', /^Now the emoji model answers/);
    expect((await search(page, 'rocket'))[0]).toBe('rocket');
    expect(complaints).toEqual([]);
    await close();
  });
}
