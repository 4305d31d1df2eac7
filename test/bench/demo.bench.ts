// How long the demo takes from a keystroke to new results: `npm run bench -- demo` prints a line of JSON an engine. The shipped model, all
// candidates, in Chromium; one keystroke after the other, each waits for the hits of the one before.
//
//   ENGINES=wasm,onnx   which engines, default wasm and onnx; webgpu is SwiftShader here

import { buildSite } from '../../examples/browser/build/site.ts';
import {
  chooseEngine,
  hitsOf,
  launchWithWebGpu,
  serveDemo,
  stopServing,
  visit,
} from '../support/demo-site.ts';
import { print } from './compile/rows.ts';

const WORDS = ['sunflower', 'Schlüssel', 'arc-en-ciel', 'ракета', 'hot beverage'];
const engines = (process.env.ENGINES ?? 'wasm,onnx').split(',') as ('wasm' | 'onnx' | 'webgpu')[];

const served = await serveDemo(await buildSite(console.error));
const browser = await launchWithWebGpu();
const { page } = await visit(browser, served.url, { text: 'warm' });
await hitsOf(page, 'warm');
for (const engine of engines) {
  if (engine !== 'wasm') await chooseEngine(page, engine);
  const times = (await page.evaluate(`(async (words) => {
    const query = document.getElementById('query');
    const list = document.getElementById('hits');
    const times = [];
    for (const word of words) {
      for (let end = 1; end <= word.length; end++) {
        const answered = new Promise((resolve) => {
          const observer = new MutationObserver(() => {
            if (list.dataset.answers !== query.value) return;
            observer.disconnect();
            resolve(performance.now());
          });
          observer.observe(list, { attributes: true });
        });
        query.value = word.slice(0, end);
        const started = performance.now();
        query.dispatchEvent(new Event('input'));
        times.push((await answered) - started);
        await new Promise((resolve) => setTimeout(resolve, 30)); // the browser paints, as between two keys
      }
    }
    return times;
  })(${JSON.stringify(WORDS)})`)) as number[];
  const candidates = /searches ([\d,]+) pictures/.exec((await page.textContent('#about')) ?? '')![1];
  const sorted = times.toSorted((a, b) => a - b);
  const [half, p95] = [0.5, 0.95].map((share) => sorted[Math.floor(share * sorted.length)]!) as [
    number,
    number,
  ];
  const row = {
    what: 'keystroke to new results',
    engine,
    candidates,
    keystrokes: times.length,
    median_ms: half,
    p95_ms: p95,
  };
  print(row, engine === 'wasm' ? { atMost: 150, of: half } : undefined);
}
await browser.close();
await stopServing(served);
