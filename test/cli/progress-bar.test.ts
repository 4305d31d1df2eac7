// The progress line, with a clock the test turns.

import { describe, expect, it } from 'vitest';
import { createProgressBar } from '../../src/cli/progress-bar.ts';
import { Memory } from './run-command.ts';

function barAt(columns: number | undefined) {
  const stream = new Memory(columns);
  let time = 0;
  const bar = createProgressBar(stream, { redraw: columns !== undefined, now: () => time });
  return {
    bar,
    at: (ms: number) => {
      time = ms;
    },
    written: () => stream.bytes.toString(),
  };
}

describe('on a terminal', () => {
  it('redraws one line with rate and time left', () => {
    const { bar, at, written } = barAt(80);
    bar.show({ stage: 'embed', done: 0, total: 200, unit: 'inputs' });
    at(2000);
    bar.show({ stage: 'embed', done: 50, total: 200, unit: 'inputs' });
    bar.clear();
    expect(written()).toBe(
      `\rembed [${' '.repeat(24)}] 0% 0 of 200 inputs\x1b[K` +
        `\rembed [======${' '.repeat(18)}] 25% 50 of 200 inputs, 25.0/s, 6 s left\x1b[K` +
        '\r\x1b[K',
    );
  });

  it('draws at most ten times a second and clears only what is there', () => {
    const { bar, at, written } = barAt(80);
    bar.clear();
    for (let ms = 0; ms < 1000; ms++) {
      at(ms);
      bar.show({ stage: 'read', done: ms, total: 1000, unit: 'steps' });
    }
    expect(written().split('\r')).toHaveLength(11);
  });

  it('measures bytes in MB, long times in minutes and hours, and starts anew with every stage', () => {
    const { bar, at, written } = barAt(120);
    bar.show({ stage: 'read', done: 0, total: 5e8, unit: 'bytes' });
    at(1000);
    bar.show({ stage: 'read', done: 1e6, total: 5e8, unit: 'bytes' });
    expect(written()).toContain('0% 1.0 of 500.0 MB, 1.0 MB/s, 9 min left');
    bar.show({ stage: 'train', done: 0, total: 10, unit: 'steps' });
    at(3_601_000);
    bar.show({ stage: 'train', done: 2, total: 10, unit: 'steps' });
    expect(written()).toContain('20% 2 of 10 steps, 0.000556/s, 4.0 h left');
  });

  it('writes fast rates without an exponent', () => {
    const { bar, at, written } = barAt(80);
    bar.show({ stage: 'embed', done: 0, total: 9000, unit: 'inputs' });
    at(1000);
    bar.show({ stage: 'embed', done: 3390, total: 9000, unit: 'inputs' });
    expect(written()).toContain('37% 3390 of 9000 inputs, 3390/s, 2 s left');
  });

  it('fits into the window', () => {
    const { bar, written } = barAt(20);
    bar.show({ stage: 'embed', done: 1, total: 2, unit: 'inputs' });
    expect(written()).toBe('\rembed [============\x1b[K');
  });
});

describe('elsewhere', () => {
  it('prints a plain line every ten seconds, none for what is short', () => {
    const { bar, at, written } = barAt(undefined);
    for (let ms = 0; ms <= 25_000; ms += 1000) {
      at(ms);
      bar.show({ stage: 'embed', done: ms / 1000, total: 50, unit: 'inputs' });
    }
    bar.clear();
    expect(written()).toBe(
      'embed 20% 10 of 50 inputs, 1.00/s, 40 s left\nembed 40% 20 of 50 inputs, 1.00/s, 30 s left\n',
    );
  });

  it('does without a total', () => {
    const { bar, at, written } = barAt(undefined);
    bar.show({ stage: 'download', done: 0, unit: 'bytes' });
    at(10_000);
    bar.show({ stage: 'download', done: 2e7, unit: 'bytes' });
    expect(written()).toBe('download 20.0 MB, 2.0 MB/s\n');
  });
});
