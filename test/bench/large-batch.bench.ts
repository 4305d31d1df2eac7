// What a batch in chunks costs and whether it is exact: `npm run bench -- large-batch` prints one JSON object a line.
// Every figure of memory is the peak of a process of its own.
//
//   BENCH=gradients,memory,speed,paper   which parts, default all (about half an hour, and 12 GiB for `gradients`)
//   PAIRS=512 CHUNK=64 PAPER=10240       sizes, to try it out with less

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, Outcome } from './large-batch/step-process.ts';

const pairs = Number(process.env.PAIRS ?? 512);
const chunk = Number(process.env.CHUNK ?? 64);
const paper = Number(process.env.PAPER ?? 10_240);

function run(job: Job): Outcome {
  const script = fileURLToPath(new URL('large-batch/step-process.ts', import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, ['--import', 'tsx', script, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${JSON.stringify(job)} ended with ${status}.`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Outcome; // what that script prints last
}

function print(row: Record<string, unknown>): void {
  console.log(JSON.stringify(row));
}

const PARTS: Record<string, () => void> = {
  gradients() {
    const { relativeDifference, path } = run({ kind: 'gradients', pairs, chunk }).gradients!;
    print({
      what: `gradients, batch ${pairs} in chunks of ${chunk} against at once`,
      relativeDifference,
      path,
    });
  },
  memory() {
    const one = run({ kind: 'steps', pairs: chunk / 2, steps: 3 }); // a picture and a text each: one chunk
    const all = run({ kind: 'steps', pairs, chunk, steps: 3 });
    print({
      what: `peak memory, batch ${pairs} in chunks of ${chunk} against one step of ${chunk} rasters`,
      MiB: [all.peakMiB, one.peakMiB],
      ratio: Number((all.peakMiB / one.peakMiB).toFixed(2)),
    });
  },
  speed() {
    const whole = run({ kind: 'steps', pairs: 128, steps: 5 });
    const parts = run({ kind: 'steps', pairs: 128, chunk, steps: 5 });
    print({
      what: `time of a step, batch 128 in chunks of ${chunk} against at once`,
      ms: [parts.msPerStep, whole.msPerStep],
      ratio: Number((parts.msPerStep / whole.msPerStep).toFixed(2)),
      MiB: [parts.peakMiB, whole.peakMiB],
    });
  },
  paper() {
    const { peakMiB, msPerStep, losses } = run({ kind: 'steps', pairs: paper, chunk, steps: 2 });
    print({ what: `batch ${paper}, Ti/16 at 96 px, chunks of ${chunk}`, peakMiB, msPerStep, losses });
  },
};

for (const name of process.env.BENCH?.split(',') ?? Object.keys(PARTS)) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`BENCH: expected some of ${Object.keys(PARTS)}, got ${name}.`);
  part();
}
