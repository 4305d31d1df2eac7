// The JSON file of `clippo train` → what training takes. Everything that is wrong with it is told at once.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BatchSource, JsonValue } from '../data/index.ts';
import { ClippoError, ConfigError } from '../errors.ts';
import { type ClippoConfig, isOneRoad, resolveClippoConfig } from '../model/index.ts';
import { createWorkerBatches, type WorkerBatchesOptions } from '../node/index.ts';
import { describeValue } from '../options.ts';
import {
  type Adafactor,
  type AdafactorOptions,
  type Anchors,
  type AnchorsOptions,
  adafactor,
  checkAnchorsOptions,
  checkModelCard,
  createAnchors,
  type ModelCardText,
  type ScheduleOptions,
  schedule,
} from '../train/index.ts';

/** The file as people write it. Paths in it begin where the file lies. */
export interface TrainConfig {
  /** `tokenizer`: a file, for a model that reads tokens. */
  readonly model: ClippoConfig & { readonly seed?: number; readonly tokenizer?: string };
  /** A checkpoint to begin with, and what of it not to take. */
  readonly init?: { readonly from: string; readonly leaveOut?: readonly string[] };
  /** `size`, `textRows`, `patchSize` and `drawTexts` are the model's. */
  readonly data: Omit<
    WorkerBatchesOptions,
    'size' | 'textRows' | 'patchSize' | 'drawTexts' | 'position' | 'folder' | 'onBroken' | 'signal'
  >;
  readonly optimizer?: Omit<AdafactorOptions, 'schedule'>;
  /** `total` is `steps`. Default: constant. */
  readonly schedule?: DistributiveOmit<ScheduleOptions, 'total' | 'batchSize'>;
  readonly steps: number;
  readonly chunk?: number;
  /** How many things pictures and texts are of; they are then compared with an anchor each instead of with each other. */
  readonly anchors?: number;
  /** What the model card says beyond what the run knows. */
  readonly card?: ModelCardText;
  readonly run: {
    readonly folder: string;
    readonly checkpointEvery?: number;
    readonly keep?: number;
    readonly keepEvery?: number;
  };
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const FIELDS = ['model', 'init', 'data', 'optimizer', 'schedule', 'steps', 'chunk', 'anchors', 'card', 'run'];
const NEEDED = ['model', 'data', 'steps', 'run'];
const RUN_FIELDS = ['folder', 'checkpointEvery', 'keep', 'keepEvery'];

export interface ReadTrainConfig {
  readonly config: TrainConfig;
  /** Folder of the run. */
  readonly folder: string;
  /** Path of the checkpoint to begin with. */
  readonly initFrom: string | undefined;
  /** Path of the model's tokenizer. */
  readonly tokenizer: string | undefined;
  createOptimizer(): Adafactor;
  /** undefined where the file asks for none; the caller disposes them */
  createAnchors(): Anchors | undefined;
  openBatches(options: Pick<WorkerBatchesOptions, 'position' | 'onBroken' | 'signal'>): BatchSource;
  /** What must be the same for a run to go on. */
  readonly settings: { readonly [name: string]: JsonValue };
}

/** @throws ConfigError that names everything that is wrong, DataError for files of the data that are not there */
export async function readTrainConfig(path: string): Promise<ReadTrainConfig> {
  const config = parse(path);
  const at = (relative: string): string => resolve(dirname(path), relative);
  const problems: string[] = [];
  const given = Object.keys(config);
  const unknown = given.filter((field) => !FIELDS.includes(field));
  const missing = NEEDED.filter((field) => config[field as keyof TrainConfig] === undefined);
  if (unknown.length > 0) problems.push(`unknown ${unknown.join(', ')}; known are ${FIELDS.join(', ')}`);
  if (missing.length > 0) problems.push(`${missing.join(', ')} missing`);
  const {
    model,
    init,
    data,
    optimizer = {},
    schedule: decay,
    steps,
    chunk,
    anchors,
    card = {},
    run,
  } = config;

  const attempt = async (field: string, what: () => unknown): Promise<void> => {
    try {
      await what();
    } catch (error) {
      if (!(error instanceof ClippoError)) throw error;
      problems.push(`${field}: ${error.message.replace(/\.$/, '')}`);
    }
  };
  const createOptimizer = (): Adafactor => {
    if (decay === undefined) return adafactor(optimizer);
    const { batchSize } = data;
    return adafactor({
      ...optimizer,
      schedule: schedule({ ...decay, total: steps, batchSize } as ScheduleOptions),
    });
  };
  const openBatches = (
    options: Parameters<ReadTrainConfig['openBatches']>[0],
    workers = data.workers,
  ): BatchSource => {
    const threads = workers === undefined ? {} : { workers };
    return createWorkerBatches({
      ...data,
      ...threads,
      ...canvasOf(model),
      folder: dirname(path),
      ...options,
    });
  };

  if (missing.includes('model'))
    problems.push('model: expected e.g. { "variant": "Ti/16", "imageSize": 96 }');
  else {
    const { seed, tokenizer, ...rest } = Object(model) as TrainConfig['model'];
    if (tokenizer !== undefined && typeof tokenizer !== 'string') {
      problems.push(`model.tokenizer: expected a path, got ${describeValue(tokenizer)}`);
    }
    await attempt('model', () => resolveClippoConfig(rest));
    if (seed !== undefined && !Number.isSafeInteger(seed))
      problems.push(`model.seed: expected an integer, got ${describeValue(seed)}`);
  }
  if (init !== undefined && typeof init?.from !== 'string') {
    problems.push(`init: expected { "from": path, "leaveOut": [patterns] }, got ${describeValue(init)}`);
  }
  if (!missing.includes('steps') && !(Number.isSafeInteger(steps) && steps >= 1)) {
    problems.push(`steps: expected a positive integer, got ${describeValue(steps)}`);
  } else if (!missing.includes('steps')) await attempt('optimizer', () => createOptimizer().dispose());
  if (chunk !== undefined && !(Number.isSafeInteger(chunk) && chunk >= 1)) {
    problems.push(`chunk: expected a positive integer, got ${describeValue(chunk)}`);
  }
  const makeAnchors = (): Anchors | undefined => {
    if (anchors === undefined) return undefined;
    return createAnchors(anchorsOptions(anchors, model));
  };
  if (anchors !== undefined && chunk !== undefined) {
    problems.push('chunk: has no use with anchors, leave one of them out');
  }
  if (anchors !== undefined && !missing.includes('model')) {
    await attempt('anchors', () => checkAnchorsOptions(anchorsOptions(anchors, model)));
  }
  await attempt('card', () => checkModelCard(card));
  if (!missing.includes('run')) {
    const strange = Object.keys(Object(run)).filter((field) => !RUN_FIELDS.includes(field));
    if (strange.length > 0)
      problems.push(`run: unknown ${strange.join(', ')}; known are ${RUN_FIELDS.join(', ')}`);
    if (typeof run?.folder !== 'string')
      problems.push(`run.folder: expected a path, got ${describeValue(run?.folder)}`);
  }
  if (!missing.includes('data') && !missing.includes('model')) {
    const taken = ['size', 'textRows', 'patchSize', 'drawTexts', 'position', 'folder'].filter(
      (field) => field in Object(data),
    );
    if (taken.length > 0)
      problems.push(`data: ${taken.join(', ')} follow from the model and the file, leave them out`);
    else await attempt('data', () => openBatches({}, 0).close()); // no threads for a look
  }
  if (problems.length > 0) throw new ConfigError(`${path}:\n  ${problems.join('\n  ')}`);

  const { steps: _, run: __, card: ___, ...same } = config;
  return {
    config,
    folder: at(run.folder),
    initFrom: init === undefined ? undefined : at(init.from),
    tokenizer: model.tokenizer === undefined ? undefined : at(model.tokenizer),
    createOptimizer,
    createAnchors: makeAnchors,
    openBatches: (options) => openBatches(options),
    settings: JSON.parse(JSON.stringify({ ...same, data: withoutPace(data) })),
  };
}

/** How large pictures and texts are, and whether these are drawn. A model that is wrong has been told of already. */
function canvasOf({ seed: _, tokenizer: __, ...model }: TrainConfig['model']) {
  try {
    const { imageSize, textRows, patchSize, text } = resolveClippoConfig(model);
    return { size: imageSize, patchSize, ...(isOneRoad(text) ? { textRows } : { drawTexts: false }) };
  } catch {
    return { size: 224 };
  }
}

function anchorsOptions(
  count: number,
  { embeddingDim = 768, seed = 0 }: TrainConfig['model'],
): AnchorsOptions {
  return { count, dim: embeddingDim, seed };
}

/** How data are made ahead may change from run to run; what they are may not. */
function withoutPace(data: TrainConfig['data']): object {
  const { workers: _, prefetch: __, maxBroken: ___, pictureCache: ____, ...rest } = data;
  return rest;
}

function parse(path: string): TrainConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read ${path}. Give --config the path of a JSON file.`, { cause });
  }
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as TrainConfig; // checked by the caller
    throw new Error(`it holds ${describeValue(config)}`);
  } catch (cause) {
    throw new ConfigError(`${path}: expected a JSON object: ${(cause as Error).message}.`, { cause });
  }
}
