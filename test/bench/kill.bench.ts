// Kills a training run at random moments and looks at what is left: `npm run bench -- kill` prints one JSON object. Every
// checkpoint must be whole after every kill, none may be lost, and the losses must be those of a run left in peace,
// which is stopped by force at step 100 and goes on to 200 besides.
//
//   KILLS=50   how often

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../src/random.ts';
import { lossesIn, startTraining, wholeCheckpoints } from '../support/killed-runs.ts';

const kills = Number(process.env.KILLS ?? 50);
const STEPS = 200;
const root = mkdtempSync(join(tmpdir(), 'clippo-kill-'));
const [whole, once, often] = ['whole', 'once', 'often'].map((name) => join(root, name)) as [
  string,
  string,
  string,
];

await startTraining(whole, STEPS, 100).ended;

const half = startTraining(once, STEPS, 100);
await half.reached(101);
half.process.kill('SIGKILL');
await half.ended;
await startTraining(once, STEPS, 100).ended;
const isEqualOnce = JSON.stringify(lossesIn(once)) === JSON.stringify(lossesIn(whole));

const random = createRandom(1, 'kills');
let [newest, lost] = [0, 0];
for (let n = 1; n <= kills; n++) {
  const run = startTraining(often, STEPS, 2);
  await run.reached(newest + 1 + random.integer(4));
  await new Promise((resolve) => setTimeout(resolve, random.integer(60)));
  run.process.kill('SIGKILL');
  await run.ended;
  const last = wholeCheckpoints(often).at(-1) ?? 0; // throws for one that is not whole
  if (last < newest) lost++;
  newest = Math.max(newest, last);
  console.error(`kill ${n} of ${kills}: newest checkpoint ${last}`);
}
await startTraining(often, STEPS, 2).ended;
const isEqualOften = JSON.stringify(lossesIn(often)) === JSON.stringify(lossesIn(whole));
console.log(
  JSON.stringify({
    what: `${STEPS} steps, killed at step 101, and ${kills} times at random moments`,
    kills,
    half_written: 0, // or this line would not have been reached
    lost,
    equal_after_one: isEqualOnce,
    equal_after_all: isEqualOften,
  }),
);
rmSync(root, { recursive: true });
if (lost > 0 || !isEqualOnce || !isEqualOften) process.exitCode = 1;
