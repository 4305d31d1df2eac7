// Schedules against the reference's tables, and the refusals by message.

import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { type Duration, type ScheduleOptions, schedule } from '../../src/train/schedule.ts';
import { readGoldenJson } from '../support/golden.ts';

interface Entry {
  readonly config: Record<string, number | string | number[]>;
  readonly warmup_steps: number;
  readonly cooldown_steps: number;
  readonly table: [step: number, value: number][];
}

const golden = readGoldenJson<Record<string, Entry>>('adafactor/schedules.json');

const FIELDS: Record<string, string> = {
  decay_type: 'decay',
  total_steps: 'total',
  batch_size: 'batchSize',
  data_size: 'dataSize',
  linear_end: 'end',
  mults: 'multipliers',
};

/** The reference's flat fields → our options. */
function toOptions(config: Entry['config']): ScheduleOptions {
  const entries = Object.entries(config).map(([field, value]) => {
    const [, name, unit] = /^(warmup|cooldown)_(\w+)$/.exec(field) ?? [];
    return name === undefined ? [FIELDS[field] ?? field, value] : [name, { [unit!]: value }];
  });
  return Object.fromEntries(entries);
}

/** A schedule that only warms up: the first step at 1 tells how long. */
function warmupSteps(warmup: Duration, more: { batchSize?: number; dataSize?: number } = {}): number {
  const s = schedule({ decay: 'stair', steps: [], multipliers: [], total: 1000, warmup, ...more });
  let step = 0;
  while (s(step) < 1) step++;
  return step;
}

describe('schedule', () => {
  it.each(Object.entries(golden))('%s follows the reference', (_, { config, table }) => {
    const s = schedule(toOptions(config));
    for (const [step, value] of table) expect(Math.abs(s(step) - value)).toBeLessThanOrEqual(2e-6);
  });

  it.each(Object.entries(golden))('%s has the same durations in steps', (_, entry) => {
    const options = toOptions(entry.config);
    const literal = { ...options, warmup: entry.warmup_steps, cooldown: { steps: entry.cooldown_steps } };
    const [s, same] = [schedule(options), schedule(literal)];
    for (const [step] of entry.table) expect(same(step)).toBe(s(step));
  });

  it('rounds durations half to even, and to at least one step', () => {
    expect(warmupSteps({ percent: 0.0025 })).toBe(2);
    expect(warmupSteps({ percent: 0.0035 })).toBe(4);
    expect(warmupSteps({ percent: 0.0001 })).toBe(1);
    expect(warmupSteps({ examples: 7 }, { batchSize: 2 })).toBe(4);
    expect(warmupSteps({ epochs: 2 }, { batchSize: 32, dataSize: 100 })).toBe(6);
    expect(warmupSteps(0)).toBe(0);
  });

  it('takes the total, the timescale and the shift as durations too', () => {
    const sizes = { batchSize: 10, dataSize: 100 };
    const s = schedule({
      decay: 'rsqrt',
      total: { epochs: 10 },
      timescale: { examples: 500 },
      shift: { percent: 0.25 },
      ...sizes,
    });
    const same = schedule({ decay: 'rsqrt', total: 100, timescale: 50, shift: 25 });
    for (let step = 0; step <= 100; step += 10) expect(s(step)).toBe(same(step));
  });

  it('has the rsqrt defaults of big_vision and stays at 0 past the end', () => {
    const s = schedule({ decay: 'rsqrt', total: 100_000, cooldown: 100 });
    expect(s(10_000)).toBeCloseTo(Math.SQRT1_2, 12);
    expect(s(100_050)).toBe(0);
  });

  it('lets a trial run of one step pass, whatever its warm-up', () => {
    expect(schedule({ decay: 'cosine', total: 1, warmup: 10_000 })(0)).toBe(0);
    expect(schedule({ decay: 'cosine', total: 1, warmup: 1 })(0)).toBe(0);
  });

  it('takes fields that are undefined for absent', () => {
    const bare = schedule({ decay: 'rsqrt', total: 100, warmup: { percent: 0.1 } });
    const undefinedFields = {
      batchSize: undefined,
      cooldown: undefined,
      timescale: undefined,
      end: undefined,
    };
    const warmup = { percent: 0.1, steps: undefined };
    // Fields that the types forbid, as a caller without types may write them.
    const s = schedule({
      decay: 'rsqrt',
      total: 100,
      ...undefinedFields,
      warmup,
    } as unknown as ScheduleOptions);
    for (const step of [0, 5, 50, 99]) expect(s(step)).toBe(bare(step));
  });

  const bad: [message: string, options: object][] = [
    [
      'schedule: decay: expected one of rsqrt, cosine, linear, polynomial, stair, got "exponential".',
      { decay: 'exponential' },
    ],
    [
      'schedule: decay: expected one of rsqrt, cosine, linear, polynomial, stair, got undefined.',
      { total: 5 },
    ],
    [
      'schedule (cosine): unknown option timescale. Known: decay, total, batchSize, dataSize, warmup, cooldown.',
      { decay: 'cosine', total: 5, timescale: 3 },
    ],
    [
      'schedule: total: expected a number of steps or one of { steps }, { examples }, { epochs } and { percent }, got undefined.',
      { decay: 'cosine' },
    ],
    [
      'schedule: total in percent needs total. Give it, or count in steps.',
      { decay: 'cosine', total: { percent: 0.5 } },
    ],
    ['schedule: total: expected at least 1 step, got 0.', { decay: 'cosine', total: 0 }],
    [
      'schedule: warmup (10 steps) must be shorter than total (10 steps). Shorten it, or give it as { percent }.',
      { decay: 'cosine', total: 10, warmup: 10 },
    ],
    [
      'schedule: warmup: expected a number of at least 0, got -1.',
      { decay: 'cosine', total: 10, warmup: -1 },
    ],
    [
      'schedule: warmup: expected a number of at least 0, got NaN.',
      { decay: 'cosine', total: 10, warmup: Number.NaN },
    ],
    [
      'schedule: warmup: expected a number from 0 to 1, got 10.',
      { decay: 'cosine', total: 10, warmup: { percent: 10 } },
    ],
    [
      'schedule: warmup: expected a number of steps or one of { steps }, { examples }, { epochs } and { percent }, got {"steps":1,"percent":0.1}.',
      { decay: 'cosine', total: 10, warmup: { steps: 1, percent: 0.1 } },
    ],
    [
      'schedule: warmup: expected a number of steps or one of { steps }, { examples }, { epochs } and { percent }, got {"minutes":1}.',
      { decay: 'cosine', total: 10, warmup: { minutes: 1 } },
    ],
    [
      'schedule: cooldown in epochs needs dataSize. Give it, or count in steps.',
      { decay: 'cosine', total: 10, cooldown: { epochs: 1 }, batchSize: 4 },
    ],
    [
      'schedule: cooldown in examples needs batchSize. Give it, or count in steps.',
      { decay: 'cosine', total: 10, cooldown: { examples: 1 } },
    ],
    [
      'schedule: batchSize: expected a number of at least 1, got 0.',
      { decay: 'cosine', total: 10, batchSize: 0 },
    ],
    ['schedule: timescale: expected more than 0 steps, got 0.', { decay: 'rsqrt', total: 10, timescale: 0 }],
    ['schedule: end: expected a number from 0 to 1, got 2.', { decay: 'linear', total: 10, end: 2 }],
    [
      'schedule: a stair needs two lists of the same length, steps and multipliers.',
      { decay: 'stair', total: 10, steps: [1], multipliers: [] },
    ],
    [
      'schedule: steps[1]: expected a number of at least 5, got 4.',
      { decay: 'stair', total: 10, steps: [5, 4], multipliers: [1, 1] },
    ],
  ];
  it.each(bad)('refuses: %s', (message, options) => {
    // Wrong on purpose, as a caller without types may write it.
    expect(() => schedule(options as ScheduleOptions)).toThrow(new ConfigError(message));
  });
});
