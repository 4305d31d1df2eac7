import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

// The browser tests drive Debian's Chromium through playwright-core; they need `npm run build` and that program.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/browser/**/*.browser.ts'],
    outputFile: { json: 'out/reports/browser.json' },
  },
});
