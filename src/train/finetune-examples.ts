// What is handed in to learn from and to measure on → targets that were checked, and feeds that a training can take
// batches from.

import { sha256 } from '../checkpoint/index.ts';
import { createSkipCounter, type Skipped } from '../data/index.ts';
import type { Embeddings } from '../embeddings.ts';
import { ConfigError, DataError } from '../errors.ts';
import type { TargetKind } from '../tasks/index.ts';
import { exampleWeights } from './class-weights.ts';
import { headConfigOf } from './classifier-options.ts';
import { encodeInputs } from './encode-examples.ts';
import { featureFeed, rasterFeed } from './example-feed.ts';
import { countClasses, resolveTargets, someOf, type TargetRows } from './example-targets.ts';
import { type FeatureScale, scaleOf } from './feature-scale.ts';
import type { FinetuneOptions } from './finetune.ts';
import type { TrialData } from './finetune-trial.ts';
import {
  assertExamples,
  type EncodedExamples,
  type Example,
  type Examples,
  isEncoded,
} from './labelled-examples.ts';

/** Examples whose targets were checked; they are not read yet. */
export interface ExampleSet {
  /** undefined for features that came without their examples */
  readonly examples: readonly Example[] | undefined;
  readonly encoded: EncodedExamples | undefined;
  readonly rows: TargetRows;
}

export interface ExampleSets {
  readonly train: ExampleSet;
  readonly dev: ExampleSet | undefined;
}

/** @throws ConfigError, DataError for targets that cannot be used, and labels of which only one occurs */
export function resolveSets(
  door: string,
  { classifier: { targets: kind }, train, dev }: Pick<FinetuneOptions, 'classifier' | 'train' | 'dev'>,
  warn: (message: string) => void,
): ExampleSets {
  const sets = {
    train: resolveSet(`${door}: train`, train, kind),
    dev: dev === undefined ? undefined : resolveSet(`${door}: dev`, dev, kind),
  };
  assertLabelsOccur(door, kind, sets, warn);
  return sets;
}

function resolveSet(what: string, given: Examples, kind: TargetKind): ExampleSet {
  assertExamples(what, given);
  const encoded = isEncoded(given) ? given : undefined;
  const examples = isEncoded(given) ? given.examples : given;
  const targets = encoded?.targets ?? examples!.map(({ target }) => target); // it is one of the two
  return { encoded, examples, rows: resolveTargets(what, targets, kind) };
}

function assertLabelsOccur(
  door: string,
  kind: TargetKind,
  { train, dev }: ExampleSets,
  warn: (message: string) => void,
): void {
  if (kind.kind !== 'classes') return;
  const { labels } = kind;
  const counts = countClasses(train.rows);
  const present = labels.filter((_, k) => counts[k]! > 0);
  if (present.length < 2) {
    throw new DataError(
      `${door}: train: all ${train.rows.count} examples are of one class, ${someOf(present)}: there is nothing to tell apart. Give examples of another one of ${someOf(labels)}.`,
    );
  }
  const absent = labels.filter((_, k) => counts[k] === 0);
  if (absent.length === 0) return;
  const wanted = dev && countClasses(dev.rows);
  const asked = labels.filter((_, k) => counts[k] === 0 && (wanted?.[k] ?? 0) > 0);
  const lost = asked.length === 0 ? '' : ` The dev set asks for ${someOf(asked)}.`;
  warn(
    `${door}: train has no example of ${absent.length} of ${labels.length} labels: ${someOf(absent)}. They will never be answered.${lost}`,
  );
}

export interface PreparedSet extends TrialData {
  readonly examples: readonly Example[] | undefined;
}

export interface PreparedExamples {
  readonly train: PreparedSet;
  readonly dev: PreparedSet | undefined;
  /** How much each example of train counts. */
  readonly weights: Float32Array;
  /** Of features; undefined where the network learns too. */
  readonly scale: FeatureScale | undefined;
  /** What could not be read so far. */
  skipped(): { readonly train: Skipped; readonly dev: Skipped };
}

/** Feeds of pictures and drawn text, which are read when their turn comes. */
export function prepareInputs(door: string, sets: ExampleSets, options: FinetuneOptions): PreparedExamples {
  const { classifier, classWeights, maxSkipped = 0.1 } = options;
  const prepare = (name: string, { examples, rows }: ExampleSet) => {
    if (examples === undefined) {
      throw new ConfigError(
        `${door}: ${name}: features that were kept do for a head alone: part: 'head'. Give the examples themselves.`,
      );
    }
    const skips = createSkipCounter(`${door}: ${name}`, maxSkipped);
    return { examples, rows, skips, feed: rasterFeed(classifier.model, examples, skips) };
  };
  const train = prepare('train', sets.train);
  const dev = sets.dev && prepare('dev', sets.dev);
  return {
    ...{ train, dev, scale: undefined },
    weights: exampleWeights(door, classifier.targets, train.rows, classWeights),
    skipped: () => ({ train: train.skips.summary(), dev: dev?.skips.summary() ?? {} }),
  };
}

/** Feeds of features, which are computed here where they were not before. */
export async function prepareFeatures(
  door: string,
  sets: ExampleSets,
  options: FinetuneOptions,
): Promise<PreparedExamples> {
  const { classifier, classWeights } = options;
  const train = await featuresOf(`${door}: train`, sets.train, options);
  const dev = sets.dev && (await featuresOf(`${door}: dev`, sets.dev, options));
  const scale = scaleOf(train.features);
  const feed = ({ features, rows, examples }: Encoded): PreparedSet => {
    return { feed: featureFeed(features, scale), rows, examples };
  };
  return {
    train: feed(train),
    dev: dev && feed(dev),
    weights: exampleWeights(door, classifier.targets, train.rows, classWeights),
    scale,
    skipped: () => ({ train: train.skipped, dev: dev?.skipped ?? {} }),
  };
}

interface Encoded {
  readonly features: Embeddings;
  readonly rows: TargetRows;
  readonly examples: readonly Example[] | undefined;
  readonly skipped: Skipped;
}

async function featuresOf(
  what: string,
  { encoded, examples, rows }: ExampleSet,
  { classifier, maxSkipped, signal, onProgress }: FinetuneOptions,
): Promise<Encoded> {
  const { model, settings } = classifier;
  if (encoded !== undefined) {
    const { features, skipped = {} } = encoded;
    const { inputs } = headConfigOf(settings, model.config);
    if (features.dim === inputs) return { features, rows, examples, skipped };
    throw new DataError(
      `${what}: features of ${features.dim} numbers, and the head reads ${inputs} ('${settings.on}'). Encode with the same classifier.`,
    );
  }
  const all = examples!; // what was not encoded is examples
  const given = await encodeInputs(what, model, settings, all, { maxSkipped, signal, onProgress });
  const { features, numbers, skipped } = given;
  return { features, skipped, examples: numbers.map((i) => all[i]!), rows: selectRows(rows, numbers) };
}

function selectRows(rows: TargetRows, numbers: readonly number[]): TargetRows {
  return {
    count: numbers.length,
    width: rows.width,
    write: (i, into, at) => rows.write(numbers[i]!, into, at),
    top: (i) => rows.top(numbers[i]!),
  };
}

/** What tells examples from others, as far as it can be told without reading them: keys, sentences and answers. */
export async function examplesDigest({ examples, encoded, rows }: ExampleSet): Promise<string> {
  const row = new Float32Array(rows.width);
  const lines: string[] = [];
  for (let i = 0; i < rows.count; i++) {
    rows.write(i, row.fill(0), 0);
    const { key = '', input } = examples?.[i] ?? {};
    const answer = Array.from(row.entries()).filter(([, value]) => value !== 0);
    lines.push(JSON.stringify([key, typeof input === 'string' ? input : '', answer]));
  }
  const features = encoded === undefined ? '' : await sha256(encoded.features.data);
  return (await sha256(new TextEncoder().encode(lines.join('\n') + features))).slice(0, 16);
}
