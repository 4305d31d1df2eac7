// From `node file.mjs` to the first embedding of the shipped model, in processes of their own: `npm run bench -- cold-start`
// prints one JSON line a way of computing. Built files, because that is what users start. Processor time is given beside
// the clock: on a machine with other work it is the steadier of the two.
//
//   ROUNDS=5   processes of each way, in turns

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { print } from './compile/rows.ts';
import { median } from './compile/turns.ts';

const rounds = Number(process.env.ROUNDS ?? 5);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const load = `
  const { ClippoModel } = await import('clippo-ts');
  step('import clippo-ts');
  const model = await ClippoModel.fromPretrained('emoji');
  step('load');`;
const encode = `
  const { count } = await model.encodeText(['rainbow']);
  if (count !== 1) throw new Error('no embedding');
  step('encode');`;
const compile = `
  const { nodeRuntime } = await import('clippo-ts/node');
  await model.compile(nodeRuntime());
  step('compile');`;

const WAYS: Record<string, string> = {
  'node alone': '',
  'tfjs wasm': `await import('@tensorflow/tfjs-backend-wasm'); step('import backend'); ${load} ${encode}`,
  'tfjs cpu': `await import('@tensorflow/tfjs-backend-cpu'); step('import backend'); ${load} ${encode}`,
  'ONNX Runtime': `await import('@tensorflow/tfjs-backend-cpu'); step('import backend'); ${load} ${compile} ${encode}`,
};

/** ms by step, since the one before. */
type Steps = Record<string, number>;

/** @returns the clock from outside the process, its processor time, and its own steps */
function run(code: string): { clock: number; processor: number; steps: Steps } {
  const script = `
    const steps = {};
    let last = performance.now();
    const step = (name) => { const now = performance.now(); steps[name] = now - last; last = now; };
    ${code}
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ steps, processor: (user + system) / 1000 }));`;
  const start = performance.now();
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const clock = performance.now() - start;
  // The cpu backend prints an advertisement before.
  return { clock, ...(JSON.parse(output.trim().split('\n').at(-1)!) as { steps: Steps; processor: number }) };
}

const results = new Map(Object.keys(WAYS).map((way) => [way, [] as ReturnType<typeof run>[]]));
for (let round = 0; round < rounds; round++) {
  for (const [way, code] of Object.entries(WAYS)) results.get(way)!.push(run(code));
}
for (const [way, all] of results) {
  const names = Object.keys(all[0]!.steps);
  print({
    what: 'cold start to the first embedding',
    way,
    ms: median(all.map(({ clock }) => clock)),
    processor_ms: median(all.map(({ processor }) => processor)),
    ...Object.fromEntries(names.map((name) => [name, median(all.map(({ steps }) => steps[name]!))])),
  });
}
