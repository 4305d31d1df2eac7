// A run at one step ↔ one file: weights, the optimiser's state, where the data stands, and what the run was made
// with. An npz in big_vision's layout, so that any reader of checkpoints finds the weights; every array has its
// checksum there.

import * as tf from '@tensorflow/tfjs-core';
import { type NdArray, type NdArrayLike, npzChunks, parseNpz, storedSettings } from '../checkpoint/index.ts';
import type { ClippoModel } from '../clippo-model.ts';
import type { JsonValue } from '../data/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { Anchors } from './anchors.ts';
import type { StepOptimizer } from './update.ts';

/** An optimiser whose state can be taken out and put back, as those of tfjs can. */
export interface SavedOptimizer extends StepOptimizer {
  getWeights(): Promise<{ name: string; tensor: tf.Tensor }[]>;
  setWeights(weights: { name: string; tensor: tf.Tensor }[]): Promise<void>;
}

/** What a checkpoint says of the run besides weights and state. */
export interface RunState {
  /** Steps that were done. */
  readonly step: number;
  /** Where the next batch begins; null for batches that cannot tell. */
  readonly position: JsonValue;
  /** What must be the same when the run goes on, by name. */
  readonly settings: { readonly [name: string]: JsonValue };
  /** What the anchors stand for, row by row; without anchors there is none. */
  readonly anchorKeys?: readonly string[];
}

/** Everything that a step changes. */
export interface Learner {
  /** A model, or those of its parameters that are trained. */
  readonly model: Pick<ClippoModel, 'config' | 'parameters' | 'tokenizer'>;
  readonly optimizer: SavedOptimizer;
  readonly anchors: Anchors | undefined;
}

const WEIGHTS = 'params/';
const STATE = 'opt/';
/** JSON in UTF-8. */
const RUN = 'run/state.json';
const ANCHORS = 'run/anchors';
const VERSION = 1;

/** The file in parts. Weights are copied first, so that training may go on meanwhile. */
export async function checkpointChunks(
  { model, optimizer, anchors }: Learner,
  state: Omit<RunState, 'anchorKeys'>,
): Promise<Iterable<Uint8Array>> {
  const arrays = new Map<string, NdArrayLike>(storedSettings(model.config, model.tokenizer?.file));
  for (const [path, variable] of model.parameters()) {
    arrays.set(WEIGHTS + path, {
      shape: variable.shape,
      data: (await variable.data()).slice() as Float32Array,
    });
  }
  for (const { name, tensor } of await optimizer.getWeights()) {
    const data = (await tensor.data()).slice() as Float32Array | Int32Array; // no strings, no booleans
    arrays.set(STATE + name, { shape: tensor.shape, data });
  }
  if (anchors !== undefined) {
    const { vectors } = anchors;
    arrays.set(ANCHORS, { shape: vectors.shape, data: (await vectors.data()).slice() as Float32Array });
  }
  const met = anchors === undefined ? {} : { anchorKeys: anchors.keys() };
  const json = new TextEncoder().encode(JSON.stringify({ version: VERSION, ...state, ...met }));
  return npzChunks(arrays.set(RUN, { shape: [json.length], data: json }));
}

/** A checkpoint that was read and found whole. */
export interface ReadCheckpoint {
  readonly state: RunState;
  readonly arrays: ReadonlyMap<string, NdArray>;
}

/** @throws CheckpointError for a file that is damaged or no checkpoint of a run */
export function readCheckpoint(bytes: Uint8Array): ReadCheckpoint {
  const arrays = parseNpz(bytes);
  const json = arrays.get(RUN);
  if (json === undefined)
    throw new CheckpointError('run: this is no checkpoint of a run: it says nothing of one.');
  for (const array of arrays.values()) void array.data; // reading is what finds damage
  const { version, ...state } = JSON.parse(new TextDecoder().decode(json.data as Uint8Array)) as RunState & {
    version: unknown;
  };
  if (version !== VERSION) {
    throw new CheckpointError(
      `run: the checkpoint is of version ${describeValue(version)}, this is version ${VERSION}. Go on with the release that wrote it.`,
    );
  }
  return { state, arrays };
}

/**
 * Puts weights and state back where they were.
 *
 * @throws ConfigError that names every setting that differs, CheckpointError for arrays that do not fit
 */
export async function restore(
  { state, arrays }: ReadCheckpoint,
  { model, optimizer, anchors }: Learner,
  settings: RunState['settings'],
  door = 'train',
): Promise<void> {
  assertSameSettings(door, state.settings, settings);
  const wanted: [string, tf.Variable][] = [...model.parameters()].map(([path, variable]) => [
    WEIGHTS + path,
    variable,
  ]);
  if (anchors !== undefined) wanted.push([ANCHORS, anchors.vectors]);
  const weights: [tf.Variable, NdArray][] = wanted.map(([path, variable]) => {
    const array = arrays.get(path);
    if (array === undefined || array.shape.join() !== variable.shape.join()) {
      throw new CheckpointError(
        `run: ${path}: expected [${variable.shape.join(', ')}], the checkpoint has ${array === undefined ? 'none' : `[${array.shape.join(', ')}]`}.`,
      );
    }
    return [variable, array];
  });
  for (const [variable, { data }] of weights) {
    tf.tidy(() => variable.assign(tf.tensor(new Float32Array(data as Float32Array), variable.shape)));
  }
  anchors?.setKeys(state.anchorKeys ?? []);
  const kept = [...arrays].filter(([name]) => name.startsWith(STATE));
  const tensors = kept.map(([name, { shape, dtype, data }]) => ({
    name: name.slice(STATE.length),
    tensor: tf.tensor((data as Float32Array).slice(), [...shape], dtype === 'int32' ? 'int32' : 'float32'),
  }));
  try {
    await optimizer.setWeights(tensors);
  } finally {
    for (const { tensor } of tensors) tensor.dispose();
  }
}

/** @throws ConfigError that names every setting that differs */
export function assertSameSettings(
  door: string,
  before: RunState['settings'],
  now: RunState['settings'],
): void {
  const differences = differencesOf(before, now);
  if (differences.length === 0) return;
  throw new ConfigError(
    `${door}: the run was begun with other settings: ${differences.join('; ')}. Use those again, or begin anew in another folder.`,
  );
}

/** @throws ConfigError for an optimiser that cannot be saved */
export function assertSavedOptimizer(optimizer: StepOptimizer): asserts optimizer is SavedOptimizer {
  const { getWeights, setWeights } = optimizer as Partial<SavedOptimizer>; // looked at, not trusted
  if (typeof getWeights === 'function' && typeof setWeights === 'function') return;
  throw new ConfigError(
    'train: a run needs an optimiser with getWeights and setWeights, to go on later. Make one with adafactor(), or leave run out.',
  );
}

/** Every place where two values differ, as `path: was x, is now y`. */
function differencesOf(before: JsonValue | undefined, now: JsonValue | undefined, path = ''): string[] {
  if (isRecord(before) && isRecord(now)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return names.flatMap((name) =>
      differencesOf(before[name], now[name], path === '' ? name : `${path}.${name}`),
    );
  }
  const [a, b] = [JSON.stringify(before), JSON.stringify(now)];
  return a === b ? [] : [`${path} was ${shortened(a)} and is now ${shortened(b)}`];
}

function isRecord(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shortened(json: string | undefined): string {
  if (json === undefined) return 'not given';
  return json.length > 80 ? `${json.slice(0, 77)}…` : json;
}
