// The list of the site's files → its service worker, with a version that is a digest of them.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Loaded only by those who choose them: too large to be kept for everyone. */
const ON_DEMAND = /ort-wasm|tfjs-backend-wasm-[^s].*wasm$/;
/** What the first result needs, beside the page itself. */
const FIRST =
  /(index|model-worker|page|panels|atlas|register|tfjs-backend-wasm-simd).*\.(js|css|wasm)$|icon.*\.svg$|\/(model|emoji)\.safetensors$/;

/** @param site - folder of the built site; the worker is written into it */
export function writeServiceWorker(site: string): void {
  const files = readdirSync(site, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !['service-worker.js', 'index.html'].includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(site.length + 1))
    .sort();
  const digest = createHash('sha256');
  for (const file of ['index.html', ...files]) digest.update(file).update(readFileSync(join(site, file)));
  const lists = {
    __SHELL__: ['', ...files.filter((file) => FIRST.test(file))],
    __REST__: files.filter((file) => !FIRST.test(file) && !ON_DEMAND.test(file)),
  };
  let code = readFileSync(join(import.meta.dirname, '../src/service-worker.js'), 'utf8');
  code = code.replace('__VERSION__', `clippo-demo-${digest.digest('hex').slice(0, 12)}`);
  for (const [name, list] of Object.entries(lists)) {
    code = code.replace(`'${name}'`, list.map((file) => JSON.stringify(`./${file}`)).join(', '));
  }
  writeFileSync(join(site, 'service-worker.js'), code);
}
