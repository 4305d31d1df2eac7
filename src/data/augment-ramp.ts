// How far pictures are changed, and how much of that → what one example is changed by: a model that has not learnt
// anything yet learns faster from pictures as they are.

import type { ResolvedAugmentOptions } from '../raster/index.ts';

/** @param share - 0: not at all, 1: as far as the options say, evenly between */
export function rampAugment(options: ResolvedAugmentOptions, share: number): ResolvedAugmentOptions {
  if (share >= 1) return options;
  const { scale, stretch, ...fromZero } = options;
  const fromOne = (factor: number): number => 1 + share * (factor - 1);
  const scaled = Object.entries(fromZero).map(([name, value]) => [name, share * value] as const);
  return {
    // The same fields as before.
    ...(Object.fromEntries(scaled) as typeof fromZero),
    scale: [fromOne(scale[0]), fromOne(scale[1])],
    stretch: fromOne(stretch),
  };
}
