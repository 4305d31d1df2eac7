// What examples should be answered with, in whichever form people write it → rows of numbers, checked. Whatever is wrong
// with any of them is counted by cause and told at once, before anything is computed.

import { DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { TargetKind } from '../tasks/index.ts';

/**
 * The answer to an example.
 * - classes: a label, its index, or shares of the labels: a number for each in their order, or numbers by label
 * - multi-label: labels, or a number from 0 to 1 for each label, or such numbers by label
 * - regression: a number
 */
export type Target =
  | string
  | number
  | readonly string[]
  | ArrayLike<number>
  | Readonly<Record<string, number>>;

/** A row of numbers an example, of which most are zero: only the others are kept. */
export interface TargetRows {
  /** N */
  readonly count: number;
  /** K: labels, 1 for a regression */
  readonly width: number;
  /** Sets row `i` in zeros that begin at `at`. */
  write(i: number, into: Float32Array, at: number): void;
  /** The label with the largest share, the first of equal ones; −1 where all are zero. */
  top(i: number): number;
}

/** @param what - name of the examples, as the caller knows them: `'finetune: train'` */
export function resolveTargets(what: string, targets: ArrayLike<Target>, kind: TargetKind): TargetRows {
  const count = targets.length;
  if (count === 0) throw new DataError(`${what}: got no examples. Give at least one.`);
  const width = kind.kind === 'regression' ? 1 : kind.labels.length;
  const faults = new Map<string, { count: number; first: string }>();
  const read = rowReader(kind);
  const starts = new Uint32Array(count + 1);
  const [indices, values]: [number[], number[]] = [[], []];
  for (let i = 0; i < count; i++) {
    const fault = read(targets[i]!, (index, value) => {
      if (value === 0) return;
      indices.push(index);
      values.push(value);
    });
    if (fault !== undefined) {
      const known = faults.get(fault.cause);
      if (known !== undefined) known.count++;
      else faults.set(fault.cause, { count: 1, first: `[${i}]: ${fault.detail}` });
    }
    starts[i + 1] = indices.length;
  }
  if (faults.size > 0) throw faultyTargets(what, count, faults, kind);
  return {
    count,
    width,
    write(i, into, at) {
      for (let j = starts[i]!; j < starts[i + 1]!; j++) into[at + indices[j]!] = values[j]!;
    },
    top(i) {
      let best = -1;
      let most = Number.NEGATIVE_INFINITY;
      for (let j = starts[i]!; j < starts[i + 1]!; j++) {
        const isMore = values[j]! > most || (values[j] === most && indices[j]! < best);
        if (isMore) [best, most] = [indices[j]!, values[j]!];
      }
      return best;
    },
  };
}

interface Fault {
  readonly cause: string;
  readonly detail: string;
}

/** Reads one target, entry by entry; gives what is wrong with it. */
type RowReader = (target: Target, add: (index: number, value: number) => void) => Fault | undefined;

function rowReader(kind: TargetKind): RowReader {
  if (kind.kind === 'regression') {
    return (target, add) => {
      if (typeof target !== 'number' || !Number.isFinite(target))
        return { cause: 'not a finite number', detail: describeValue(target) };
      add(0, target);
      return undefined;
    };
  }
  const { labels } = kind;
  const numbers = new Map(labels.map((label, i) => [label, i]));
  const unknown = (label: unknown): Fault => ({
    cause: 'not in the list of labels',
    detail: describeValue(label),
  });
  const shares: RowReader = (target, add) => {
    const list = entriesOf(target, labels.length, numbers);
    if ('cause' in list) return list;
    const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1; // no NaN
    const wrong = list.find(([, value]) => !isShare(value));
    if (wrong !== undefined)
      return { cause: 'shares that are no numbers from 0 to 1', detail: describeValue(wrong[1]) };
    const sum = list.reduce((total, [, value]) => total + value, 0);
    if (kind.kind === 'classes' && Math.abs(sum - 1) > 1e-3) {
      return { cause: 'shares that do not add up to 1', detail: `they come to ${sum}` };
    }
    for (const [index, value] of list) add(index, value);
    return undefined;
  };
  if (kind.kind === 'multi-label') {
    return (target, add) => {
      if (!isTextList(target)) return shares(target, add);
      for (const label of new Set(target)) {
        const index = numbers.get(label);
        if (index === undefined) return unknown(label);
        add(index, 1);
      }
      return undefined;
    };
  }
  return (target, add) => {
    if (typeof target === 'object' && target !== null) return shares(target, add);
    const index = typeof target === 'number' ? target : numbers.get(target);
    if (index === undefined || labels[index] === undefined) return unknown(target);
    add(index, 1);
    return undefined;
  };
}

function isTextList(target: Target): target is readonly string[] {
  return Array.isArray(target) && (target.length === 0 || typeof target[0] === 'string');
}

/** Shares in the order of the labels or by label → index and share. */
function entriesOf(
  target: Target,
  width: number,
  numbers: ReadonlyMap<string, number>,
): [index: number, value: number][] | Fault {
  if (typeof target !== 'object' || target === null)
    return { cause: 'no list of labels or shares', detail: describeValue(target) };
  if (Array.isArray(target) || ArrayBuffer.isView(target)) {
    const list = Array.from(target as ArrayLike<number>); // of whatever: the caller looks at each
    if (list.length === width) return list.map((value, index) => [index, value]);
    return { cause: `shares for another number of labels than ${width}`, detail: `${list.length}` };
  }
  const entries: [number, number][] = [];
  for (const [label, value] of Object.entries(target as Readonly<Record<string, number>>)) {
    const index = numbers.get(label);
    if (index === undefined) return { cause: 'not in the list of labels', detail: describeValue(label) };
    entries.push([index, value]);
  }
  return entries;
}

function faultyTargets(
  what: string,
  count: number,
  faults: ReadonlyMap<string, { readonly count: number; readonly first: string }>,
  kind: TargetKind,
): DataError {
  const told = [...faults].map(([cause, { count: times, first }]) => `${times} × ${cause} (first ${first})`);
  const total = [...faults.values()].reduce((sum, each) => sum + each.count, 0);
  const labels = kind.kind === 'regression' ? '' : ` The labels are ${someOf(kind.labels)}.`;
  return new DataError(
    `${what}: ${total} of ${count} targets cannot be used: ${told.join('; ')}.${labels} Mend or leave out those examples.`,
  );
}

/** A list of names, the first of many. */
export function someOf(names: readonly string[]): string {
  const most = 10;
  const shown = names.slice(0, most).map((name) => JSON.stringify(name));
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ');
}

/** Examples of each class; of shares, the largest counts. */
export function countClasses(rows: TargetRows): Uint32Array {
  const counts = new Uint32Array(rows.width);
  for (let i = 0; i < rows.count; i++) {
    const top = rows.top(i);
    if (top >= 0) counts[top]!++;
  }
  return counts;
}
