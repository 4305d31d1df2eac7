import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { '#platform': fileURLToPath(new URL('./src/node/platform.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // .ci/run counts the tests from the report.
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: 'out/reports/node.json' },
  },
});
