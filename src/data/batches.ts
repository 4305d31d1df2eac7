// Sources, and how they are mixed → batches: the door for batches that are made in this thread, and the checks of
// sources that every such door makes.

import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { assembleBatches } from './batch-assembly.ts';
import { type BatchOptions, type ResolvedBatchOptions, resolveBatchOptions } from './batch-options.ts';
import { createExampleMaker, type MakerOptions } from './example-maker.ts';
import {
  type MixtureOptions,
  resolveShare,
  SHARE_OPTIONS,
  type SourceShare,
  shareProblems,
} from './mixture.ts';
import type { BatchSource, TextBatch } from './pair-batch.ts';

/** Everything that decides what batches hold. */
export interface BatchesOptions extends BatchOptions, Pick<MixtureOptions, 'sources'> {}

/**
 * Batches made in this thread, in Node and the browser. `createWorkerBatches` of `clippo-ts/node` makes them in others,
 * ahead of the step.
 *
 * @throws ConfigError that names everything that is wrong
 * @example
 * const batches = createBatches({ sources: [{ source: readWebDataset(files) }], batchSize: 128, size: 96 });
 * await train({ model, batches, steps: 1000 });
 */
export function createBatches(
  options: BatchesOptions & { readonly drawTexts: false },
): BatchSource<TextBatch>;
export function createBatches(options: BatchesOptions): BatchSource;
export function createBatches(options: BatchesOptions): BatchSource<TextBatch> {
  const door = 'createBatches';
  const { entries, problems } = checkEntries(door, options);
  entries.forEach((entry, k) => {
    if (typeof entry?.source?.references === 'function') return;
    problems.push(`sources[${k}].source: expected a RecordSource, got ${describeValue(entry?.source)}`);
  });
  const sources = problems.length > 0 ? [] : entries.map((entry) => resolveShare(entry.source.name, entry));
  const resolved = resolveBatchOptions(door, options, { names: ['sources'], sources, problems });
  const maker = createExampleMaker(
    entries.map(({ source }) => source),
    makerOptions(resolved),
  );
  return assembleBatches(resolved, [maker]);
}

/**
 * The sources of a mixture, and what is wrong with all of them but the source itself.
 *
 * @throws ConfigError when these are no options at all
 */
export function checkEntries<T extends SourceShare>(
  door: string,
  options: { readonly sources: readonly T[] },
): { readonly entries: readonly T[]; readonly problems: string[] } {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(`${door}: expected an options object, got ${describeValue(options)}.`);
  }
  const given: unknown = options.sources;
  if (!Array.isArray(given) || given.length === 0) {
    const complaint = `sources: expected a list of { source, weight }, got ${describeValue(given)}`;
    return { entries: [], problems: [complaint] };
  }
  const problems = options.sources.flatMap((entry, k) => {
    const known = ['source', ...SHARE_OPTIONS];
    const unknown = Object.keys(Object(entry)).filter((name) => !known.includes(name));
    const place = `sources[${k}]`;
    return [
      ...(unknown.length > 0
        ? [`${place}: unknown ${unknown.join(', ')}; known are ${known.join(', ')}`]
        : []),
      ...shareProblems(place, Object(entry)),
    ];
  });
  return { entries: options.sources, problems };
}

/** What of the options a maker needs. */
export function makerOptions(resolved: ResolvedBatchOptions): MakerOptions {
  const { seed, shuffleBuffer, size, textRows, patchSize, fit, augment, augmentRamp, text } = resolved;
  const { maxPixels, minSide, pictureCache, drawTexts } = resolved;
  const lanes = resolved.sources.map(({ pair }, k) => ({
    pair,
    epochLength: resolved.position.sources[k]!.length,
  }));
  return {
    ...{ seed, shuffleBuffer, size, textRows, patchSize, fit, augment, augmentRamp, text },
    ...{ maxPixels, minSide, pictureCache, drawTexts, lanes },
  };
}
