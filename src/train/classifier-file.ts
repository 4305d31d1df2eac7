// A classifier ↔ the arrays and the text of a safetensors file: the head, what it answers, how inputs are read, and the
// network itself or what tells it from others.

import {
  type NdArray,
  type NdArrayLike,
  parseSafetensors,
  safetensorsMetadata,
  storedSettings,
  toFloat32,
  writeSafetensors,
} from '../checkpoint/index.ts';
import { ClippoModel } from '../clippo-model.ts';
import type { JsonValue } from '../data/index.ts';
import { CheckpointError, ConfigError } from '../errors.ts';
import { type ClippoConfig, headParameterShapes, type ParameterSource } from '../model/index.ts';
import type { RenderOptions } from '../render/index.ts';
import type { Classifier, LoadClassifierOptions } from './classifier.ts';
import { type ClassifierSettings, checkTargetKind, headConfigOf } from './classifier-options.ts';
import { modelDigest } from './model-digest.ts';

/** Where the text of the file says what it is, as JSON. */
const FIELD = 'clippo_ts_classifier';
const HEAD = 'classifier/';
const VERSION = 1;

/** What a classifier is made from, beside model and settings. */
export interface ClassifierFile {
  /** Values of the head, by path without `classifier/`. */
  readonly source: ParameterSource;
  readonly training: { readonly [name: string]: JsonValue } | undefined;
}

interface Told {
  readonly version: number;
  readonly settings: ClassifierSettings;
  readonly base: {
    readonly included: boolean;
    readonly digest: string;
    readonly config: ClippoModel['config'];
  };
  /** How text is drawn, but for a font of one's own, which is only told of. */
  readonly render: Omit<RenderOptions, 'size' | 'font'> & { readonly ownFont?: boolean };
  readonly training?: { readonly [name: string]: JsonValue };
}

export async function classifierArrays(
  classifier: Classifier,
  { includeBase, dtype }: { readonly includeBase: boolean; readonly dtype: 'float32' | 'float16' },
): Promise<{ arrays: Map<string, NdArrayLike>; metadata: Record<string, string> }> {
  const { model, settings, training } = classifier;
  const arrays = new Map<string, NdArrayLike>();
  for (const [path, variable] of classifier.parameters()) {
    arrays.set(path, { shape: variable.shape, data: (await variable.data()).slice() as Float32Array });
  }
  if (includeBase) {
    for (const [name, array] of storedSettings(model.config, model.tokenizer?.file)) arrays.set(name, array);
    for (const [path, variable] of model.parameters()) {
      arrays.set(path, { dtype, shape: variable.shape, data: (await variable.data()) as Float32Array });
    }
  }
  const { font, ...render } = model.renderOptions;
  const told: Told = {
    version: VERSION,
    settings,
    base: { included: includeBase, digest: await modelDigest(model), config: model.config },
    render: { ...render, ...(font !== undefined && { ownFont: true }) },
    ...(training !== undefined && { training }),
  };
  return { arrays, metadata: { format: 'clippo-ts', [FIELD]: JSON.stringify(told) } };
}

/** @throws CheckpointError, ConfigError */
export async function parseClassifier(
  bytes: Uint8Array,
  { model: given, render: drawn, signal }: LoadClassifierOptions,
): Promise<ClassifierFile & { model: ClippoModel; settings: ClassifierSettings; ownsModel: boolean }> {
  const { settings, base, render, training } = readTold(bytes);
  const arrays = new Map(parseSafetensors(bytes));
  const headArrays = new Map<string, NdArray>();
  for (const [path, array] of [...arrays]) {
    if (!path.startsWith(HEAD)) continue;
    headArrays.set(path.slice(HEAD.length), array);
    arrays.delete(path);
  }
  if (base.included && given !== undefined) {
    throw new ConfigError('Classifier.load: the file has a network of its own. Leave model out.');
  }
  if (!base.included && given === undefined) {
    throw new ConfigError(
      `Classifier.load: the file holds the head alone. Hand in the network it was trained on: { model }, ${describeBase(base.config)}.`,
    );
  }
  const source = headSource(settings, base.config, headArrays);
  if (given !== undefined) {
    if (drawn !== undefined) {
      throw new ConfigError('Classifier.load: render is that of the model which is handed in. Leave it out.');
    }
    if ((await modelDigest(given)) !== base.digest) {
      throw new CheckpointError(
        `Classifier.load: the head was trained on another network: ${describeBase(base.config)}. Its weights have to be the same to the last bit; has it been trained since?`,
      );
    }
    return { model: given, settings, source, training, ownsModel: false };
  }
  const { ownFont, ...kept } = render;
  if (ownFont === true && drawn?.font === undefined) {
    throw new ConfigError(
      'Classifier.load: it was trained on text in a font of its own, which is not in the file. Hand it in: { render: { font } }.',
    );
  }
  const model = await ClippoModel.load(writeSafetensors(arrays), {
    render: { ...kept, ...drawn },
    ...(signal && { signal }),
  });
  return { model, settings, source, training, ownsModel: true };
}

function readTold(bytes: Uint8Array): Told {
  const text = safetensorsMetadata(bytes)[FIELD];
  if (text === undefined) {
    throw new CheckpointError(
      'Classifier.load: the file says nothing of a classifier. Write one with classifier.save(); a model alone is read by ClippoModel.load().',
    );
  }
  let told: Told;
  try {
    told = JSON.parse(text) as Told; // checked below, as far as it is used
  } catch (cause) {
    throw new CheckpointError('Classifier.load: what the file says of its classifier is no JSON.', { cause });
  }
  if (told?.version !== VERSION) {
    throw new CheckpointError(
      `Classifier.load: the file is of version ${told?.version}, this is version ${VERSION}. Read it with the release that wrote it.`,
    );
  }
  const { settings, base } = told;
  const isWhole =
    (settings?.on === 'pre_logits' || settings?.on === 'embedding') &&
    Array.isArray(settings.hidden) &&
    typeof base?.digest === 'string' &&
    typeof base.config === 'object';
  if (!isWhole) throw new CheckpointError('Classifier.load: the file does not say all of its classifier.');
  return {
    ...told,
    settings: { ...settings, targets: checkTargetKind('Classifier.load', settings.targets) },
  };
}

/** @throws CheckpointError for a head that is not all there */
function headSource(
  settings: ClassifierSettings,
  config: ClippoConfig,
  arrays: ReadonlyMap<string, NdArray>,
): ParameterSource {
  const problems: string[] = [];
  const values = new Map<string, Float32Array>();
  for (const [path, shape] of headParameterShapes(headConfigOf(settings, config))) {
    const array = arrays.get(path);
    if (array?.shape.join() === shape.join()) values.set(path, toFloat32(array).slice());
    else {
      const found = array === undefined ? 'none' : `[${array.shape.join(', ')}]`;
      problems.push(`${HEAD}${path}: expected [${shape.join(', ')}], the file has ${found}`);
    }
  }
  if (problems.length > 0) throw new CheckpointError(`Classifier.load: ${problems.join('; ')}.`);
  return (path) => values.get(path)!;
}

function describeBase({ variant, imageSize }: ClippoConfig): string {
  const name = typeof variant === 'string' ? variant : JSON.stringify(variant);
  return `a CLIPPO ${name} of ${imageSize} px`;
}
