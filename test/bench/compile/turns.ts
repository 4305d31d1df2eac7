// How the compile benchmark takes times: contestants take turns, so that whatever slows the machine slows all of
// them, and turns during which other processes were busy are taken again as long as there is patience.

import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** All engines get as many, but tfjs wasm, which has one thread in Node. */
export const THREADS = 2;

/** ms that a race may lose to other processes, waiting for them and taking turns again; in s in the environment. */
const PATIENCE = 1000 * Number(process.env.PATIENCE ?? 60);
/** Share of the machine that others may use. */
const AT_REST = 0.15;

export interface Timing {
  /** ms */
  readonly times: readonly number[];
  readonly median: number;
  readonly min: number;
}

interface Contestant {
  readonly run: () => unknown;
  /** Runs in a row within a turn, default 1. */
  readonly inRow?: number;
  /** Unmeasured runs before the first round, default 1. */
  readonly warmUp?: number;
  /** Whether another process works, so that strangers can only be seen at the end of its turn. */
  readonly isElsewhere?: boolean;
}

/** Every contestant's turn, `rounds` times; and the mean share of the machine that others used meanwhile. */
export async function takeTurns<K extends string>(
  title: string,
  contestants: Record<K, Contestant>,
  rounds: number,
): Promise<{ timings: Record<K, Timing>; busy: number }> {
  const entries = Object.entries<Contestant>(contestants);
  const times = new Map(entries.map(([name]) => [name, [] as number[]]));
  for (const [name, { run, warmUp = 1 }] of entries) {
    progress(`${title}: warming up ${name}`);
    for (let i = 0; i < warmUp; i++) await run();
  }
  let patience = PATIENCE;
  const busy: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [name, contestant] of entries) {
      for (;;) {
        const start = performance.now();
        await othersAtRest(patience);
        patience -= performance.now() - start;
        const turn = await takeTurn(contestant);
        const isDisturbed = turn.busy > AT_REST && patience > 0;
        const verdict = isDisturbed ? ', taken again' : '';
        progress(
          `${title}: round ${round} of ${rounds}, ${name}; others used ${percent(turn.busy)}${verdict}`,
        );
        if (isDisturbed) {
          patience -= sum(turn.times);
          continue;
        }
        times.get(name)!.push(...turn.times);
        busy.push(turn.busy);
        break;
      }
    }
  }
  const timings = entries.map(([name]) => [name, timing(times.get(name)!)]);
  // Object.fromEntries forgets that the keys are K.
  return { timings: Object.fromEntries(timings), busy: sum(busy) / busy.length };
}

async function takeTurn({
  run,
  inRow = 1,
  isElsewhere = false,
}: Contestant): Promise<{ times: number[]; busy: number }> {
  const times: number[] = [];
  const before = spent();
  for (let i = 0; i < inRow; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return { times, busy: isElsewhere ? await othersNow() : othersSince(before) };
}

/** Waits until other processes leave the machine alone, at most so many ms. */
async function othersAtRest(patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    if ((await othersNow()) < AT_REST) return;
    await sleep(1000);
  }
}

/** Share of the machine that other processes use while this one sleeps. */
async function othersNow(): Promise<number> {
  const before = spent();
  await sleep(300);
  return othersSince(before);
}

interface Spent {
  /** ms that all cores together were busy, and that there were. */
  readonly busy: number;
  readonly all: number;
  /** ms of these that this process used. */
  readonly own: number;
}

function spent(): Spent {
  const idle = sum(cpus().map(({ times }) => times.idle));
  const busy = sum(cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq));
  const { user, system } = process.cpuUsage();
  return { busy, all: busy + idle, own: (user + system) / 1000 };
}

/** Share of the machine that other processes have used since. */
function othersSince(before: Spent): number {
  const now = spent();
  const others = now.busy - before.busy - (now.own - before.own);
  return Math.max(0, others / Math.max(1, now.all - before.all));
}

export function timing(times: readonly number[]): Timing {
  return { times, median: median(times), min: Math.min(...times) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function progress(message: string): void {
  console.error(`  ${message}`);
}
