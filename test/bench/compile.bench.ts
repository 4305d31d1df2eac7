// What compile() gains, against the table of figures it has to reach: `npm run bench -- compile` prints one JSON
// object a line, progress goes to stderr. Everything runs on two threads, but tfjs wasm, which has one in Node.
//
//   BENCH=forward,int8,wasm,pytorch,share,opening,memory,steady   which parts, default all (about an hour)
//   MODELS=Ti/16,B/16                                             which towers of forward, pytorch and share
//   ROUNDS=5                                                      turns each contestant gets, where it is affordable
//   PATIENCE=60                                                   s a race may lose to other processes on the machine
//
// PyTorch takes part where Debian's python3-torch is installed; otherwise its rows say what is missing.

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { benchForward } from './compile/forward.ts';
import { benchInt8 } from './compile/int8.ts';
import { benchMemory, benchOpening, benchSteadiness } from './compile/processes.ts';
import { TOWERS, type Variant } from './compile/tower.ts';
import { benchShare, benchTrainingAgainstPytorch, benchTrainingOnWasm } from './compile/training.ts';

const rounds = Number(process.env.ROUNDS ?? 5);
const models = (process.env.MODELS ?? 'Ti/16,B/16').split(',').map((name) => {
  if (!Object.hasOwn(TOWERS, name)) throw new Error(`MODELS: expected ${Object.keys(TOWERS)}, got ${name}.`);
  return name as Variant; // just looked up
});
const isLarge = (variant: Variant): boolean => variant === 'B/16';
/** Runs of tfjs on a large model take half a minute. */
const few = Math.min(rounds, 2);

const PARTS: Record<string, () => Promise<void>> = {
  async forward() {
    for (const variant of models) {
      for (const batch of [1, 8]) {
        await benchForward(variant, batch, isLarge(variant) && batch > 1 ? few : rounds);
      }
    }
  },
  int8: () => benchInt8('B/16', [1, 8], rounds),
  wasm: () => benchTrainingOnWasm('Ti/16', 8, few),
  async pytorch() {
    for (const variant of models) {
      const large = isLarge(variant);
      await benchTrainingAgainstPytorch(variant, 8, large ? few : rounds, large ? 2 : 5);
    }
  },
  async share() {
    for (const variant of models) await benchShare(variant, 8, rounds);
  },
  opening: () => benchOpening('Ti/16', 8, rounds),
  memory: () =>
    benchMemory('B/16', 8, {
      'enableMemPattern: true': { enableMemPattern: true },
      'enableCpuMemArena: false': { enableCpuMemArena: false },
    }),
  steady: () => benchSteadiness('mu/16', 8),
};

await tf.setBackend('wasm');
const wanted = process.env.BENCH?.split(',') ?? Object.keys(PARTS);
for (const name of wanted) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`BENCH: expected some of ${Object.keys(PARTS)}, got ${name}.`);
  console.error(`## ${name}`);
  await part();
}
process.exit(0);
