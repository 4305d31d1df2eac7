// How Vite makes the page. Addresses are relative, so that the site runs from any folder of any host.

import { defineConfig, type UserConfig } from 'vite';
import { type DemoData, makeData, sizesOf } from './build/make-data.ts';
import { SITE } from './build/serve-site.ts';

export function siteConfig(data: DemoData): UserConfig {
  return {
    root: import.meta.dirname,
    base: './',
    publicDir: data.publicFolder,
    define: {
      __DATA_FOLDER__: JSON.stringify(data.name),
      __DATA_SIZES__: JSON.stringify(sizesOf(data)),
    },
    worker: { format: 'es' },
    build: {
      outDir: SITE,
      emptyOutDir: true,
      target: 'es2022',
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 2000,
      modulePreload: { polyfill: false },
    },
  };
}

/** `npx vite examples/browser`: the page while one works on it. */
export default defineConfig(async () => siteConfig(await makeData(console.log)));
