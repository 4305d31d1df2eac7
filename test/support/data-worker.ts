// The thread of createWorkerBatches as a file that Node can run, made of the sources as they are now.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = new URL('../../', import.meta.url);

/** Bundled below out/, from where Node finds the packages that are not bundled. */
export async function buildDataWorker(): Promise<URL> {
  const folder = mkdtempSync(join(fileURLToPath(new URL('out/', ROOT)), 'data-worker-'));
  const outfile = join(folder, 'data-worker.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('src/node/data-worker.ts', ROOT))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: { '#platform': fileURLToPath(new URL('src/node/platform.ts', ROOT)), fflate: 'fflate/browser' },
    external: ['sharp', 'fast-png', 'hyparquet', 'onnxruntime-*', '@tensorflow/*'],
    logLevel: 'error',
  });
  return pathToFileURL(outfile);
}
