// Runs every benchmark of this folder, one after the other: `npm run bench`, or `npm run bench -- ops` for one.
// Each prints JSON lines; ratios are measured side by side in one process, because machines are noisy.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.startsWith(name)));
if (files.length === 0) {
  console.error(`No benchmark called ${wanted.join(', ')}.`);
  process.exit(2);
}
let failed = false;
for (const file of files) {
  console.error(`# ${file}`);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', `${folder}${file}`], {
    stdio: 'inherit',
  });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
