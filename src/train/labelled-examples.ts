// Where examples to learn from come from: lists, labelled data sets, tasks, or features that were kept → one list, light
// until it is read.

import type { BrokenRecord, LabelledSource, Skipped } from '../data/index.ts';
import { createSkipCounter } from '../data/index.ts';
import type { Embeddings } from '../embeddings.ts';
import { ConfigError, DataError } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { describeValue } from '../options.ts';
import type { Task } from '../tasks/index.ts';
import type { Target } from './example-targets.ts';

/** Something and what it should be answered with. */
export interface Example {
  /** A sentence or a picture; a function is called when it is needed, so that pictures need not lie in memory. */
  readonly input: ExampleInput | (() => ExampleInput | Promise<ExampleInput>);
  readonly target: Target;
  /** Names it in messages and reports; default: its place in the list. */
  readonly key?: string;
}

/** A sentence, or a picture in any form that `encode` takes. */
export type ExampleInput = string | ImageLike;

/** Examples whose features were computed before: what a head alone is trained on. */
export interface EncodedExamples {
  /** A row an example. */
  readonly features: Embeddings;
  readonly targets: ArrayLike<Target>;
  /** The examples, row by row, where a report is to show them. */
  readonly examples?: readonly Example[];
  /** What could not be read. */
  readonly skipped?: Skipped;
}

/** What is learned from and measured on. */
export type Examples = readonly Example[] | EncodedExamples;

export function isEncoded(examples: Examples): examples is EncodedExamples {
  return 'features' in examples;
}

/**
 * @param what - name of the examples, as the caller knows them: `'finetune: train'`
 * @throws ConfigError for what is neither, DataError for features and targets that do not go together
 */
export function assertExamples(what: string, examples: Examples): void {
  if (Array.isArray(examples)) {
    const wrong = examples.findIndex(
      (each: Example) => each?.input === undefined || each.target === undefined,
    );
    if (wrong < 0) return;
    throw new DataError(
      `${what}[${wrong}]: expected { input, target }, got ${describeValue(examples[wrong])}. An example without an answer can be predicted, but not learned from.`,
    );
  }
  const given = Object(examples) as Partial<EncodedExamples>;
  if (given.features?.data === undefined || given.targets?.length === undefined) {
    throw new ConfigError(
      `${what}: expected a list of { input, target }, or { features, targets } as classifier.encode() gives, got ${describeValue(examples)}.`,
    );
  }
  const { features, targets } = given;
  if (features.count !== targets.length) {
    throw new DataError(
      `${what}: ${features.count} rows of features and ${targets.length} targets. Give one each.`,
    );
  }
  const bad = features.data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const row = Math.floor(bad / features.dim);
  throw new DataError(`${what}: features: row ${row} holds ${features.data[bad]}, expected finite numbers.`);
}

/** @returns what to call example `i` */
export function keyOf(examples: readonly Example[] | undefined, i: number): string {
  return examples?.[i]?.key ?? `[${i}]`;
}

/**
 * Labelled things as examples: class folders, CIFAR, labelled records. Nothing is decoded yet.
 *
 * @param labels - those of the classifier, among which the classes of the source must be, in any order
 * @returns the examples, and what could not be read
 * @throws DataError for classes that are none of `labels`
 * @example
 * const { examples } = await labelledExamples(await readClassFolder(diskFolder('pets/train')), classifier.labels);
 */
export async function labelledExamples(
  source: LabelledSource,
  labels: readonly string[] = source.classes,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly examples: Example[]; readonly skipped: Skipped }> {
  const { signal } = options;
  const unknown = source.classes.filter((name) => !labels.includes(name));
  if (unknown.length > 0) {
    throw new DataError(
      `labelledExamples: ${source.name}: ${unknown.length} of ${source.classes.length} classes are none of the ${labels.length} labels: ${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ', …' : ''}. All splits need the same labels; order does not matter.`,
    );
  }
  const examples: Example[] = [];
  const skips = createSkipCounter('labelledExamples', 1);
  for await (const reference of source.references(signal)) {
    if ('kind' in reference) {
      skips.add(reference.cause, reference.key, reference.detail);
      continue;
    }
    const { key, label, load } = reference;
    const input = async (): Promise<ExampleInput> => whole<ExampleInput>(await load(signal));
    examples.push({ key, input, target: source.classes[label]! });
  }
  return { examples, skipped: skips.summary() };
}

/** @throws DataError for what is broken */
function whole<T>(loaded: T | BrokenRecord): T {
  if (isBroken(loaded)) throw new DataError(`${loaded.cause}: ${loaded.detail}`);
  return loaded;
}

function isBroken(loaded: unknown): loaded is BrokenRecord {
  return typeof loaded === 'object' && loaded !== null && 'kind' in loaded && loaded.kind === 'broken';
}

/**
 * What a task makes of records, as examples; each is drawn when it is needed. Records without an answer, as those of test
 * sets, and broken ones are left out and counted.
 *
 * @param records - a list, or what a reader's `references()` gives
 * @example const { examples } = await taskExamples(vqa({ vocabulary }), train.references());
 */
export async function taskExamples<R extends object, T extends Target>(
  task: Task<R, T>,
  records: Iterable<R | BrokenRecord> | AsyncIterable<R | BrokenRecord>,
): Promise<{ readonly examples: Example[]; readonly skipped: Skipped }> {
  const examples: Example[] = [];
  const skips = createSkipCounter('taskExamples', 1);
  let i = 0;
  for await (const record of records) {
    const key = 'key' in record ? String(record.key) : `${task.name}[${i}]`;
    i++;
    if (isBroken(record)) {
      skips.add(record.cause, key, record.detail);
      continue;
    }
    const target = task.target(record);
    if (target === undefined) skips.add('no answer', key, 'the task gives none');
    else examples.push({ key, input: () => task.raster(record), target });
  }
  return { examples, skipped: skips.summary() };
}
