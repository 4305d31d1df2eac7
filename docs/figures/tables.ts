// Numbers → Markdown, and what guessing would give.

import type { Evaluation } from '../../src/eval/index.ts';

/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A share as a percentage: `47.1`. */
export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** A value with its interval, where it has one: `47.1 (44.0–50.2)`. */
export function shown({ values, intervals }: Evaluation, name: string, show = percent): string {
  const value = values[name];
  if (value === undefined)
    throw new Error(`There is no value ${name} among ${Object.keys(values).join(', ')}.`);
  const interval = intervals[name];
  return interval === undefined
    ? show(value)
    : `${show(value)} (${show(interval.low)}–${show(interval.high)})`;
}

/** How likely `k` of `all`, drawn by chance, hold at least one of the `right` ones. */
export function chanceOf(k: number, right: number, all: number): number {
  let none = 1;
  for (let i = 0; i < k; i++) none *= Math.max(0, all - right - i) / (all - i);
  return 1 - none;
}
