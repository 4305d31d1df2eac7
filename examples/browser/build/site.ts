// The whole site → out/demo: `npm run demo:build`. Any static host can serve that folder.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { siteConfig } from '../vite.config.ts';
import { makeData } from './make-data.ts';
import { SITE } from './serve-site.ts';
import { writeServiceWorker } from './service-worker.ts';

/** @returns the folder */
export async function buildSite(log: (line: string) => void): Promise<string> {
  const data = await makeData(log);
  log('building the page');
  await build({ ...siteConfig(data), configFile: false, logLevel: 'warn' });
  // The whole model, which clippo-ts would load by name: the page has its own, at half the size.
  const assets = join(SITE, 'assets');
  for (const file of readdirSync(assets)) if (file.endsWith('.safetensors')) rmSync(join(assets, file));
  writeServiceWorker(SITE);
  return SITE;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const site = await buildSite((line) => console.error(`demo: ${line}`));
  console.error(`demo: built in ${site}`);
}
