// What the compile benchmark prints: one JSON object a line, with a verdict where there is a figure to reach.

import type { Timing } from './turns.ts';

/** What a ratio has to come to. */
type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** One line of JSON with the figures, and whether the one that counts is where it must be. */
export function print(row: Readonly<Record<string, unknown>>, must?: Bound & { readonly of: number }): void {
  const rounded = Object.entries({ ...row, ...verdictOf(must) }).map(([key, value]): [string, unknown] => {
    if (typeof value !== 'number' || Number.isInteger(value)) return [key, value];
    return [key, Number(value.toPrecision(4))];
  });
  console.log(JSON.stringify(Object.fromEntries(rounded)));
}

function verdictOf(must: Parameters<typeof print>[1]): Record<string, unknown> {
  if (must === undefined) return {};
  if ('atLeast' in must) return { must: `>= ${must.atLeast}`, reached: must.of >= must.atLeast };
  return { must: `<= ${must.atMost}`, reached: must.of <= must.atMost };
}

interface Race {
  readonly ours: Timing;
  readonly theirs: Timing;
  /** Images in one run of either. */
  readonly images: { readonly ours: number; readonly theirs: number };
  readonly busy: number;
}

/** Ours against theirs, per image: how many times as fast ours is. */
export function printRace(
  row: Readonly<Record<string, unknown>>,
  { ours, theirs, images, busy }: Race,
  atLeast?: number,
): void {
  const [ours_ms, theirs_ms] = [ours.median / images.ours, theirs.median / images.theirs];
  const [ours_min_ms, theirs_min_ms] = [ours.min / images.ours, theirs.min / images.theirs];
  const ratio = theirs_ms / ours_ms;
  print(
    {
      ...row,
      ours_ms,
      theirs_ms,
      ratio,
      ratio_of_minima: theirs_min_ms / ours_min_ms,
      ours_min_ms,
      theirs_min_ms,
      runs: [ours.times.length, theirs.times.length],
      others_busy: busy,
    },
    atLeast === undefined ? undefined : { of: ratio, atLeast },
  );
}
