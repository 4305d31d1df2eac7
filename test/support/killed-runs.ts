// Training processes that are killed, for tests and for the benchmark that does it often.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '../../src/train/run-checkpoint.ts';

const SCRIPT = fileURLToPath(new URL('training-process.ts', import.meta.url));

export interface RunningTraining {
  readonly process: ChildProcess;
  /** When it has said so many steps, or has ended. */
  reached(step: number): Promise<void>;
  /** Its exit code; null when it was killed. */
  readonly ended: Promise<number | null>;
}

export function startTraining(folder: string, steps: number, every: number): RunningTraining {
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, folder, String(steps), String(every)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  const listeners = new Set<() => void>();
  child.stdout.on('data', (text: Buffer) => {
    output += text;
    for (const listener of listeners) listener();
  });
  child.stderr.on('data', (text: Buffer) => {
    errors += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      for (const listener of listeners) listener();
      if (code === null || code === 0) resolve(code);
      else reject(new Error(errors));
    });
  });
  ended.catch(() => {}); // whoever awaits it sees it
  return {
    process: child,
    ended,
    reached: (step) =>
      new Promise((resolve) => {
        const look = (): void => {
          const last = Number(/step (\d+)\n(?!.*step \d+\n)/s.exec(output)?.[1] ?? 0);
          if (last < step && child.exitCode === null && child.signalCode === null) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Steps of all checkpoints, every one of which was read and found whole, oldest first. */
export function wholeCheckpoints(folder: string): number[] {
  const names = readdirSync(folder).filter((name) => /^checkpoint-.*\.npz$/.test(name));
  return names
    .sort()
    .map((name) => readCheckpoint(new Uint8Array(readFileSync(join(folder, name)))).state.step);
}

/** Loss of every step in the metrics. */
export function lossesIn(folder: string): number[] {
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line).loss);
}
