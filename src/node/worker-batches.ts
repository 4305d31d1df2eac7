// Batches made in other threads, ahead of the step: sources go there as JSON, pixels come back. What they hold is what
// createBatches would give for the same sources and options, with any number of threads.

import { resolve } from 'node:path';
import {
  assembleBatches,
  type BatchOptions,
  type BatchSource,
  checkEntries,
  createExampleMaker,
  makerOptions,
  resolveBatchOptions,
  resolveShare,
  type SourceDescription,
  type SourceShare,
  sourceName,
  type TextBatch,
} from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { openDiskSource } from './data-files.ts';
import { createWorkerMaker } from './worker-maker.ts';

export interface WorkerBatchesOptions extends BatchOptions {
  /** What is drawn from, as plain JSON. */
  readonly sources: readonly ({ readonly source: SourceDescription } & SourceShare)[];
  /** Threads, 0 … 64, default 1; 0 makes the batches in this thread. */
  readonly workers?: number;
  /** Where relative paths of the sources begin. Default: the working directory. */
  readonly folder?: string;
}

/**
 * @throws ConfigError that names everything that is wrong; DataError when no file matches a pattern
 * @example
 * const batches = createWorkerBatches({
 *   sources: [{ source: { type: 'webdataset', files: 'shards/*.tar' } }],
 *   batchSize: 128,
 *   size: 96,
 *   workers: 2,
 * });
 */
export function createWorkerBatches(
  options: WorkerBatchesOptions & { readonly drawTexts: false },
): BatchSource<TextBatch>;
export function createWorkerBatches(options: WorkerBatchesOptions): BatchSource;
export function createWorkerBatches(options: WorkerBatchesOptions): BatchSource<TextBatch> {
  return workerBatches(options, new URL('./data-worker.js', import.meta.url));
}

export function workerBatches(
  options: WorkerBatchesOptions & { readonly drawTexts: false },
  url: URL,
): BatchSource<TextBatch>;
export function workerBatches(options: WorkerBatchesOptions, url: URL): BatchSource;
/** @param url - of the compiled `data-worker`, which lies beside this file once both are built */
export function workerBatches(options: WorkerBatchesOptions, url: URL): BatchSource<TextBatch> {
  const door = 'createWorkerBatches';
  const { entries, problems } = checkEntries(door, options);
  const { workers = 1, folder = '.', text } = options;
  if (!(Number.isSafeInteger(workers) && workers >= 0 && workers <= 64)) {
    problems.push(`workers: expected a whole number from 0 to 64, got ${describeValue(workers)}`);
  }
  if (typeof folder !== 'string') problems.push(`folder: expected a path, got ${describeValue(folder)}`);
  if (text?.font !== undefined && workers > 0) {
    problems.push('text.font: a font cannot be sent to another thread; leave it out or set workers to 0');
  }
  // Opened here too, so that what is wrong is told at once.
  const sources = entries.flatMap(({ source }, k) => {
    try {
      return [openDiskSource(source, String(folder))];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(`sources[${k}]: ${error.message.replace(/\.$/, '')}`);
      return [];
    }
  });
  const shares =
    problems.length > 0 ? [] : entries.map((entry) => resolveShare(sourceName(entry.source), entry));
  const names = ['sources', 'workers', 'folder'];
  const resolved = resolveBatchOptions(door, options, { names, sources: shares, problems });
  const forMakers = makerOptions(resolved);
  if (workers === 0) return assembleBatches(resolved, [createExampleMaker(sources, forMakers)]);
  const setup = {
    sources: entries.map(({ source }) => source),
    folder: resolve(folder),
    options: forMakers,
  };
  return assembleBatches(
    resolved,
    Array.from({ length: workers }, () => createWorkerMaker(url, setup)),
  );
}
