// A training checkpoint of B/16 from a server on this machine into a cache, and from there: `npm run bench -- download`
// prints one JSON line each, with the time and the most memory that its process took (Linux). The weights are of the published
// size, the momentum beside them too; the file lies on the disk and is sent by another process.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npzChunks } from '../../src/checkpoint/index.ts';
import { parameterShapes } from '../../src/model/index.ts';
import { writeFile } from '../../src/node/index.ts';
import { print } from './compile/rows.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAME = 'clippo_b16_100c4';
const folder = mkdtempSync(join(tmpdir(), 'clippo-download-'));

/** Numbers that do not matter, in the arrays of a training checkpoint; bfloat16 as numpy has it. */
function checkpointArrays() {
  const arrays: [string, { dtype?: 'bfloat16'; shape: number[]; data: Float32Array }][] = [];
  for (const [path, shape] of parameterShapes({ variant: 'B/16', embeddingDim: 768 })) {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.01);
    arrays.push([`params/${path}`, { shape: [...shape], data }]);
    arrays.push([`opt/0/momentum/${path}`, { dtype: 'bfloat16', shape: [...shape], data }]);
  }
  return arrays;
}

const file = join(folder, `${NAME}.npz`);
await writeFile(file, npzChunks(checkpointArrays()));

const server = spawn(
  process.execPath,
  [
    '-e',
    `const { createReadStream, statSync } = require('node:fs');
     const { createServer } = require('node:http');
     const file = ${JSON.stringify(file)};
     const server = createServer((request, response) => {
       response.writeHead(200, { etag: '"b16"', 'content-length': statSync(file).size });
       createReadStream(file).pipe(response);
     });
     server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const port = await new Promise<string>((resolve) =>
  server.stdout.once('data', (data) => resolve(String(data).trim())),
);

/** The bytes alone, as every loading begins; the model in tfjs would take as much again. */
function read(what: string, offline: boolean): void {
  const script = `
    import { readFileSync } from 'node:fs';
    import { readPretrained } from './src/checkpoint/index.ts';
    import { resolveDownloads } from './src/download/index.ts';
    import { directoryCache } from './src/node/index.ts';
    const options = { cache: directoryCache(${JSON.stringify(join(folder, 'cache'))}), mirror: 'http://127.0.0.1:${port}', offline: ${offline} };
    const start = performance.now();
    const { length } = await readPretrained('${NAME}', resolveDownloads('bench', options));
    console.log(JSON.stringify({
      ms: performance.now() - start,
      MiB_read: length / 2 ** 20,
      // maxRSS would be that of the process before this one, too.
      MiB_of_memory: Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 2 ** 10,
    }));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    { cwd: ROOT, encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(stderr);
  print({
    what,
    MiB_published: statSync(file).size / 2 ** 20,
    ...JSON.parse(stdout.trim().split('\n').at(-1)!),
  });
}

try {
  read('fetch, check, convert, keep', false);
  read('from the cache, checked', true);
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
