// Whole numbers, however many of them → smallest, middle, largest.

export interface Spread {
  readonly min: number;
  readonly median: number;
  /** Not exceeded by 95 of 100. */
  readonly p95: number;
  readonly max: number;
}

export interface Histogram {
  add(value: number): void;
  count(): number;
  /** undefined when there is nothing */
  spread(): Spread | undefined;
}

/** Memory grows with the number of different values. */
export function createHistogram(): Histogram {
  const counts = new Map<number, number>();
  let total = 0;
  return {
    add(value) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
      total++;
    },
    count: () => total,
    spread() {
      if (total === 0) return undefined;
      const values = [...counts.keys()].sort((a, b) => a - b);
      /** The smallest value that is not exceeded by this share. */
      function quantile(share: number): number {
        let seen = 0;
        for (const value of values) {
          seen += counts.get(value)!;
          if (seen >= share * total) return value;
        }
        return values.at(-1)!;
      }
      return { min: values[0]!, median: quantile(0.5), p95: quantile(0.95), max: values.at(-1)! };
    },
  };
}
