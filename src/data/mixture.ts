// Weights of sources → which source fills which place of a batch. A batch's number is all that the draw depends on, so
// that a run can go on at any batch.
// Reference: big_vision `input_pipeline.py`, which draws example by example.

import { describeValue } from '../options.ts';
import { createRandom } from '../random.ts';
import type { RecordSource } from './source.ts';

/** What becomes of a record: what fills the two slots of a batch. */
export type PairKind = 'image-text' | 'image-image' | 'text-text';

/** When and how often a source is drawn, and what its pairs are. Plain JSON. */
export interface SourceShare {
  /** Counts against the others', at least 0, default 1; 0 leaves the source out. */
  readonly weight?: number;
  /** Number of the first batch at which it takes part, a whole number, default 0. */
  readonly from?: number;
  /** Number of the first batch at which it no longer does. Default: it stays. */
  readonly until?: number;
  /**
   * What a pair is made of. Default: what the record holds, a picture and a caption or two texts. `'image-image'` takes
   * two pictures of the record, each changed by chance on its own; a record with one picture gives it twice where
   * `augment` is set. `'text-text'` takes two different captions. Records that have not enough are skipped; they
   * count as `skipped` in the report and not as broken.
   */
  readonly pair?: PairKind;
}

/** What is drawn from, and how. */
export interface MixtureOptions {
  readonly sources: readonly ({ readonly source: RecordSource } & SourceShare)[];
  /**
   * `'random'` (default) draws the source of every example on its own, as big_vision does. `'exact'` gives every batch
   * its share: `weight · batchSize` where that is whole, else the whole number below or above by turns, so that the
   * shares are right in the long run. `'batch'` fills each batch from one source, drawn by weight: kinds of pairs that
   * a model could tell apart by their looks alone do not belong into one batch.
   */
  readonly draw?: 'random' | 'exact' | 'batch';
  /**
   * References of each source among which the next is drawn, 0 … 10,000,000; 0 keeps the stored order. Default 50,000,
   * as in big_vision's COCO run. What is read from a file that can only be streamed waits there with its bytes.
   */
  readonly shuffleBuffer?: number;
  /** Of every draw: sources, order, captions, augmentation. An integer, default 0. */
  readonly seed?: number;
}

/** A source as the assembly of batches knows it. */
export interface ResolvedShare {
  readonly name: string;
  readonly weight: number;
  readonly from: number;
  /** Infinity: it stays. */
  readonly until: number;
  readonly pair: PairKind | undefined;
}

/** The fields of {@link SourceShare}. */
export const SHARE_OPTIONS: readonly string[] = ['weight', 'from', 'until', 'pair'];

const PAIR_KINDS: readonly unknown[] = ['image-text', 'image-image', 'text-text'];

/** @param place - where the source stands, for the messages @returns what is wrong, if anything */
export function shareProblems(place: string, share: SourceShare): string[] {
  const { weight = 1, from = 0, until, pair } = share;
  const problems: string[] = [];
  const complain = (name: string, expected: string, value: unknown): void => {
    problems.push(`${place}.${name}: expected ${expected}, got ${describeValue(value)}`);
  };
  if (!(Number.isFinite(weight) && weight >= 0)) complain('weight', 'a number of at least 0', weight);
  const hasBeginning = Number.isSafeInteger(from) && from >= 0;
  if (!hasBeginning) complain('from', 'the number of a batch', from);
  if (until !== undefined && !(Number.isSafeInteger(until) && until > (hasBeginning ? from : 0))) {
    complain('until', 'the number of a batch after from', until);
  }
  if (pair !== undefined && !PAIR_KINDS.includes(pair))
    complain('pair', `one of ${PAIR_KINDS.join(', ')}`, pair);
  return problems;
}

export function resolveShare(
  name: string,
  { weight = 1, from = 0, until = Infinity, pair }: SourceShare,
): ResolvedShare {
  return { name, weight, from, until, pair };
}

/** @returns the first batch that no source takes part in, if there is one */
export function firstEmptyBatch(shares: readonly ResolvedShare[]): number | undefined {
  const changes = [0, ...shares.flatMap(({ from, until }) => [from, until])].filter(Number.isFinite);
  return changes
    .sort((a, b) => a - b)
    .find((batch) => weightsAt(shares, batch).every((weight) => weight === 0));
}

function weightsAt(shares: readonly ResolvedShare[], batch: number): number[] {
  return shares.map(({ weight, from, until }) => (batch >= from && batch < until ? weight : 0));
}

export interface DrawOptions {
  /** At every batch some weight is above 0. */
  readonly sources: readonly ResolvedShare[];
  readonly draw: 'random' | 'exact' | 'batch';
  readonly seed: number;
  readonly batchSize: number;
}

/** @returns number of a batch → for each place the index of its source */
export function createDraw({ sources, draw, seed, batchSize }: DrawOptions): (batch: number) => Uint32Array {
  return (batch) => {
    const sourceAt = divide(weightsAt(sources, batch));
    const random = createRandom(seed, `sources of batch ${batch}`);
    if (draw === 'batch') return new Uint32Array(batchSize).fill(sourceAt(random.next()));
    // Evenly spaced points (systematic sampling) meet a part of width w either floor(w · n) or ceil(w · n) times; the
    // offset moves by the golden ratio, which spreads the rounding evenly over the batches.
    const offset = ((batch + 1) * 0.6180339887498949) % 1;
    return Uint32Array.from({ length: batchSize }, (_, i) =>
      sourceAt(draw === 'exact' ? (i + offset) / batchSize : random.next()),
    );
  };
}

/** @param weights - at least one above 0 @returns a point in [0, 1) → the index in whose part of the weights it lies */
export function divide(weights: readonly number[]): (point: number) => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const ends = weights.map((weight) => {
    sum += weight / total;
    return sum;
  });
  // The last one that counts takes what rounding leaves.
  const last = weights.findLastIndex((weight) => weight > 0);
  return (point) => {
    let i = 0;
    while (i < last && point >= ends[i]!) i++;
    return i;
  };
}
