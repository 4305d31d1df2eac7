// A big_vision checkpoint → weights by canonical path, whatever its age: finds the parameters among the optimiser's
// state, undoes the names and layouts of older code, and unstacks scanned blocks.
// Reference: big_vision utils.py (load_params) and models/vit.py (fix_old_checkpoints, load), flax convert_pre_linen.
// Not done here: resampling position embeddings, which needs to know the model.

import { CheckpointError, ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { type Bytes, isBytes } from './bytes.ts';
import { type NdArray, subArray, toFloat32 } from './nd-array.ts';
import { parseArrays } from './parse-arrays.ts';
import { type NamedWeights, toLoopLayout } from './scan-layout.ts';

/** Where in a file {@link readBigVision} looks for the weights. */
export interface BigVisionOptions {
  /** Take this part of the parameter tree alone, named from there on: `'img'` turns `img/head/bias` into `head/bias`. Default: all. */
  readonly prefix?: string;
}

/**
 * The parameters of a checkpoint: those under `params/`, else under `opt/target/`, else everything. No array is decoded
 * before its `data` is read.
 *
 * @param source - an npz or safetensors file, or the arrays of one
 * @throws CheckpointError when the file is no checkpoint or has nothing under `prefix`, ConfigError when it is no file
 * @example const bias = readBigVision(bytes).get('img/head/bias');
 */
export function readBigVision(
  source: Bytes | ReadonlyMap<string, NdArray>,
  options: BigVisionOptions = {},
): NamedWeights {
  refuseUnknown('readBigVision', options, ['prefix']);
  if (!isBytes(source) && !(source instanceof Map)) {
    throw new ConfigError(
      `readBigVision: expected the bytes of a file (Uint8Array or ArrayBuffer) or a Map of arrays, got ${describeValue(source)}.`,
    );
  }
  const arrays = isBytes(source) ? parseArrays(source) : source;
  let weights = findParameters(arrays);
  if (options.prefix !== undefined) weights = selectPrefix(weights, options.prefix);
  if (weights.size === 0) throw new CheckpointError('readBigVision: the checkpoint holds no arrays.');
  for (const root of vitRoots(weights)) weights = fixOldVit(weights, root);
  return toLoopLayout(weights);
}

function findParameters(arrays: ReadonlyMap<string, NdArray>): ReadonlyMap<string, NdArray> {
  const params = below(arrays, 'params/');
  if (params.size > 0) return params;
  const target = below(arrays, 'opt/target/');
  return target.size > 0 ? target : arrays;
}

function below(arrays: ReadonlyMap<string, NdArray>, prefix: string): NamedWeights {
  const selected: NamedWeights = new Map();
  for (const [path, array] of arrays)
    if (path.startsWith(prefix)) selected.set(path.slice(prefix.length), array);
  return selected;
}

function selectPrefix(weights: ReadonlyMap<string, NdArray>, prefix: string): NamedWeights {
  if (typeof prefix !== 'string' || !/^[^/]+(\/[^/]+)*$/.test(prefix)) {
    throw new ConfigError(
      `readBigVision: prefix: expected a path such as 'img', without / at its ends, got ${JSON.stringify(prefix)}.`,
    );
  }
  const selected = below(weights, `${prefix}/`);
  if (selected.size === 0) {
    const top = [...new Set([...weights.keys()].map((path) => path.split('/', 1)[0]))].slice(0, 20);
    throw new CheckpointError(
      `readBigVision: nothing lies under ${prefix}/. At the top are ${top.join(', ')}.`,
    );
  }
  return selected;
}

/** Where Vision Transformers stand in the tree (`''`, `'img/'`, …). Text towers are left alone: their positions are no grid. */
function vitRoots(weights: ReadonlyMap<string, NdArray>): string[] {
  const patches = 'embedding/kernel';
  const roots = [...weights.keys()].filter((path) => path === patches || path.endsWith(`/${patches}`));
  return roots.map((path) => path.slice(0, -patches.length));
}

// The order matters: positions are looked for at the top, after they were moved there.
function fixOldVit(weights: ReadonlyMap<string, NdArray>, root: string): NamedWeights {
  const fixed: NamedWeights = new Map();
  const vit: NamedWeights = new Map();
  for (const [path, array] of weights) {
    if (path.startsWith(root)) vit.set(path.slice(root.length), array);
    else fixed.set(path, array);
  }
  const current = groupMapHead(splitClassPosition(liftPositions(renumberModules(vit))));
  for (const [path, array] of current) fixed.set(root + path, array);
  return fixed;
}

/**
 * Before flax's Linen, submodules were counted across classes (`LayerNorm_0`, `Attention_1`, `LayerNorm_2`), since then per
 * class: each class's numbers, in order, become 0, 1, 2, …, at every level of the tree.
 */
function renumberModules(weights: NamedWeights): NamedWeights {
  const levels = new Map<string, Map<string, Set<number>>>(); // old parent path → module class → numbers
  for (const path of weights.keys()) {
    forEachModule(path, (parent, module, number) => {
      const classes = levels.get(parent) ?? new Map<string, Set<number>>();
      const numbers = classes.get(module) ?? new Set<number>();
      levels.set(parent, classes.set(module, numbers.add(number)));
    });
  }
  const renumbered: NamedWeights = new Map();
  for (const [path, array] of weights) {
    const names = path.split('/');
    forEachModule(path, (parent, module, number, level) => {
      const numbers = [...(levels.get(parent)?.get(module) ?? [])];
      names[level] = `${module}_${numbers.filter((other) => other < number).length}`;
    });
    renumbered.set(names.join('/'), array);
  }
  if (renumbered.size < weights.size) {
    throw new CheckpointError(
      'readBigVision: two modules of one class have the same number, such as Dense_1 and Dense_01.',
    );
  }
  return renumbered;
}

function forEachModule(
  path: string,
  visit: (parent: string, module: string, number: number, level: number) => void,
): void {
  const names = path.split('/');
  names.forEach((name, level) => {
    const [, module, number] = /^(.*)_(\d+)$/.exec(name) ?? [];
    if (module !== undefined) visit(names.slice(0, level).join('/'), module, Number(number), level);
  });
}

/** The position embedding used to belong to the transformer, for a while as a module of its own. */
function liftPositions(weights: NamedWeights): NamedWeights {
  const old = ['Transformer/posembed_input/pos_embedding', 'Transformer/pos_embedding'].find((path) =>
    weights.has(path),
  );
  return old === undefined ? weights : rename(weights, old, 'pos_embedding');
}

/** The class token used to have a position, the first of square + 1. A constant added to a constant: it joins `cls`. */
function splitClassPosition(weights: NamedWeights): NamedWeights {
  const positions = weights.get('pos_embedding');
  const [one, rows = 0, width = 0] = positions?.shape ?? [];
  if (positions === undefined || one !== 1 || Math.floor(Math.sqrt(rows)) ** 2 + 1 !== rows) return weights;
  const split = new Map(weights).set('pos_embedding', subArray(positions, width, [1, rows - 1, width]));
  const token = weights.get('cls');
  if (token === undefined) return split;
  const sum = Float32Array.from(toFloat32(token));
  const row = toFloat32(subArray(positions, 0, [width]));
  if (sum.length !== row.length) {
    throw new CheckpointError(
      `cls [${token.shape.join(', ')}] does not go with pos_embedding [${positions.shape.join(', ')}].`,
    );
  }
  for (let d = 0; d < sum.length; d++) sum[d]! += row[d]!;
  return split.set('cls', { dtype: 'float32', shape: token.shape, data: sum });
}

const MAP_HEAD_PARTS = ['MlpBlock_0/', 'MultiHeadDotProductAttention_0/', 'LayerNorm_0/'];

/** The parts of the MAP head used to lie at the top. */
function groupMapHead(weights: NamedWeights): NamedWeights {
  if (!weights.has('probe')) return weights;
  const grouped: NamedWeights = new Map();
  for (const [path, array] of weights) {
    const isPart = path === 'probe' || MAP_HEAD_PARTS.some((part) => path.startsWith(part));
    grouped.set(isPart ? `MAPHead_0/${path}` : path, array);
  }
  return grouped;
}

function rename(weights: NamedWeights, from: string, to: string): NamedWeights {
  return new Map([...weights].map(([path, array]) => [path === from ? to : path, array]));
}
