// Every panel of the demo, on each engine, as a visitor goes through them.

import { expect, it } from 'vitest';
import { emojiPicture } from '../../support/demo-files.ts';
import { chooseEngine, hitsOf, saying, search, visit } from '../../support/demo-site.ts';
import type { Demo } from '../demo.browser.ts';

/** Colours of a canvas that differ from one another: one for an empty one. */
const colours = (id: string): string =>
  `(() => { const canvas = document.getElementById('${id}'); const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); return new Set(new Uint32Array(data.buffer)).size; })()`;

export function testPanels(demo: () => Demo): void {
  it.each(['wasm', 'webgpu', 'onnx'] as const)('every panel works on %s', async (engine) => {
    const { page, complaints, close } = await visit(demo().browser, demo().url);
    expect((await hitsOf(page, 'arc-en-ciel'))[0]).toBe('rainbow');
    if (engine !== 'wasm') await chooseEngine(page, engine);
    expect(await page.textContent(`#ms-${engine}`)).toMatch(/^\d+\.\d ms$/);
    expect(await page.isChecked(`input[value=${engine}]`)).toBe(true);

    // Search, and the pixels
    expect((await search(page, 'Schlüssel'))[0]).toMatch(/key/);
    expect(await page.locator('#hits li').count()).toBe(12);
    expect(await page.textContent('#seen-report')).toBe(
      '9 characters drawn on 64 × 64 pixels; the model reads 8 of 16 patches.',
    );
    expect(await page.evaluate(colours('pixels'))).toBeGreaterThan(3);

    // Picture
    await page.setInputFiles('#picture-file', await emojiPicture('sunflower'));
    await saying(page, '#near-words', /Arabic/);
    expect(await page.textContent('#picture-report')).toBe('sunflower.png, 200 × 200 pixels.');
    expect(await page.locator('#label-scores li').first().textContent()).toMatch(/^sunflower\d+ %$/);
    expect(await page.locator('#near-words dd').first().textContent()).toMatch(/^sunflower 0\.\d\d$/);
    expect(await page.locator('#near-words dt').count()).toBe(8);
    await page.fill('#labels', 'Schlüssel, Sonnenblume');
    await saying(page, '#label-scores', /^Sonnenblume.*Schlüssel/);

    // Attention
    await page.click('#attention-form button');
    await saying(page, '#attention-report', /^Where the model looks in “Schlüssel”/);
    expect(await page.locator('#letters li').count()).toBe(9);
    await page.check('input[value=picture]');
    await page.check('input[value=occlusion]');
    await page.click('#attention-form button');
    await saying(page, '#attention-report', /Their cosine is -?0\.\d\d\./);
    expect(await page.evaluate(colours('overlay'))).toBeGreaterThan(20);

    // Map
    await page.click('#map-draw');
    await saying(page, '#map-report', /centres of the two kinds are 0\.\d\d apart; .* cosine of 0\.\d\d/);
    await page.focus('#map-canvas');
    await page.keyboard.press('ArrowRight');
    await saying(page, '#map-keys', /: its picture and its word/);
    await page.waitForFunction(`${colours('map-canvas')} > 200`); // the pictures have come

    // Training: it runs beside the search, stops, and goes on
    await page.click('#train-start');
    await saying(page, '#train-figures', engine === 'webgpu' ? /step [1-9]/ : /step [3-9]\d/);
    expect((await search(page, 'ракета'))[0]).toBe('rocket'); // while it trains
    await page.click('#train-stop');
    const stepsDone = async (): Promise<number> =>
      Number(/after (\d+) steps/.exec(await saying(page, '#train-report', /^Stopped after \d+ steps/))![1]);
    const stopped = await stepsDone();
    await page.click('#train-start');
    const further = new RegExp(`step (?!${stopped} )\\d`);
    const figures = await saying(page, '#train-figures', further);
    expect(Number(/step (\d+)/.exec(figures)![1])).toBeGreaterThan(stopped); // it did not begin anew
    await page.click('#train-stop');
    await stepsDone();
    expect(await page.getAttribute('#curve', 'aria-label')).toMatch(
      /^Loss \d\.\d\d after \d+ steps; guessing gives 3\.22$/,
    );
    await page.click('#train-forget');
    await saying(page, '#train-report', /^Forgotten/);

    expect(complaints).toEqual([]);
    await close();
  });

  it('learns: the loss of the small training falls far below guessing', async () => {
    const { page, close } = await visit(demo().plain, demo().url);
    await hitsOf(page, 'arc-en-ciel');
    await page.click('#train-start');
    await saying(page, '#train-report', /names (3\d|[4-9]\d|100) % of unseen shapes/); // 4 % by guessing
    await close();
  });

  it('a later keystroke overtakes earlier ones, and the address holds the text', async () => {
    const { page, complaints, close } = await visit(demo().plain, demo().url, { text: 'Schlüssel' });
    expect((await hitsOf(page, 'Schlüssel'))[0]).toBe('key');
    await page.evaluate(() => {
      const answered: (string | undefined)[] = [];
      const list = document.getElementById('hits')!;
      new MutationObserver(() => answered.push(list.dataset.answers)).observe(list, { attributes: true });
      Object.assign(globalThis, { answered });
      const query = document.getElementById('query') as HTMLTextAreaElement;
      for (let end = 1; end <= 20; end++) {
        query.value = 'a red rose in a vase'.slice(0, end);
        query.dispatchEvent(new Event('input'));
      }
    });
    expect((await hitsOf(page, 'a red rose in a vase')).length).toBe(12);
    // The first was on its way, the last was waiting; the others were never asked.
    expect(await page.evaluate('answered')).toEqual(['a', 'a red rose in a vase']);
    await page.waitForFunction(() => location.hash === '#q=a+red+rose+in+a+vase');
    await page.evaluate(() => {
      location.hash = '#q=rocket';
    });
    expect((await hitsOf(page, 'rocket'))[0]).toBe('rocket');
    expect(complaints).toEqual([]);
    await close();
  });

  it('takes pictures that are pasted and dropped, and the best hit', async () => {
    const { page, complaints, close } = await visit(demo().plain, demo().url);
    await hitsOf(page, 'arc-en-ciel');
    const { buffer } = await emojiPicture('sunflower');
    for (const kind of ['paste', 'drop']) {
      await page.evaluate(
        ([bytes, kind]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], `${kind}.png`, { type: 'image/png' }));
          const event =
            kind === 'paste'
              ? new ClipboardEvent('paste', { clipboardData: transfer })
              : new DragEvent('drop', { dataTransfer: transfer });
          window.dispatchEvent(event);
        },
        [[...buffer], kind] as [number[], string],
      );
      await saying(page, '#picture-report', new RegExp(`^${kind}\\.png, 200 × 200`));
      await saying(page, '#label-scores', /^sunflower/);
    }
    await page.click('#picture-hit');
    await saying(page, '#picture-report', /^rainbow, 80 × 80/);
    expect(complaints).toEqual([]);
    await close();
  });
}
