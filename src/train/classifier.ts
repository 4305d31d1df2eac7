// A head on top of a ClippoModel: sentences and pictures → labels of one's own. It learns from examples, says what it
// takes things for, measures itself, and travels as a file.

import * as tf from '@tensorflow/tfjs-core';
import { model as createModel, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import {
  type Bytes,
  type CheckpointSource,
  readSource,
  safetensorsChunks,
  writeChunks,
} from '../checkpoint/index.ts';
import type { Classification, ClippoModel, LoadOptions } from '../clippo-model.ts';
import type { JsonValue, Skipped } from '../data/index.ts';
import { createEmbeddings, type Embeddings, sliceRows } from '../embeddings.ts';
import { ConfigError } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { buildHead, headValues, layerOutput, networkParameters } from '../model/index.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import type { TargetKind } from '../tasks/index.ts';
import { answersOf, type LabelFigures, measureAnswers } from './answer-metrics.ts';
import { classifierCard } from './classifier-card.ts';
import { type ClassifierFile, classifierArrays, parseClassifier } from './classifier-file.ts';
import {
  type ClassifierOptions,
  type ClassifierSettings,
  headConfigOf,
  resolveClassifierOptions,
} from './classifier-options.ts';
import { type EncodeExamplesOptions, encodeInputs, featureOptions } from './encode-examples.ts';
import { resolveTargets } from './example-targets.ts';
import { type FinetuneOptions, type FinetuneResult, finetuneAs } from './finetune.ts';
import {
  assertExamples,
  type EncodedExamples,
  type Example,
  type Examples,
  isEncoded,
} from './labelled-examples.ts';
import type { ModelCardText } from './model-card.ts';
import { assertModel } from './train-step.ts';

/** How {@link Classifier.predict} goes through its inputs. */
export interface PredictOptions {
  /** Inputs that go through the network together, default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** What {@link Classifier.save} writes. */
export interface SaveClassifierOptions {
  /**
   * `'include'`: the network too, so that the file stands for itself; `'reference'`: the head alone, for the same network
   * only. Default `'include'`.
   */
  readonly base?: 'include' | 'reference';
  /** Of the network's weights; `'float16'` takes half the space. Default `'float32'`. */
  readonly dtype?: 'float32' | 'float16';
  readonly signal?: AbortSignal;
}

/** How {@link Classifier.load} reads a file. */
export interface LoadClassifierOptions extends Pick<LoadOptions, 'signal' | 'onProgress' | 'render'> {
  /** The network of a file that holds the head alone. */
  readonly model?: ClippoModel;
}

/** How well a classifier answers. */
export interface ClassifierEvaluation {
  readonly count: number;
  /** By name, as `finetune` measures; `loss` among them. */
  readonly values: Readonly<Record<string, number>>;
  /** Each label; empty for a regression. */
  readonly labels: readonly LabelFigures[];
  /** Of one label each: rows are what it is, columns what it was taken for, in the order of the labels. */
  readonly confusion?: readonly (readonly number[])[];
  readonly skipped: Skipped;
}

/** A model with a head for labels of one's own; made by {@link createClassifier} or {@link Classifier.load}. */
export class Classifier {
  readonly model: ClippoModel;
  /** What kind of answer it gives. */
  readonly targets: TargetKind;
  readonly settings: ClassifierSettings;
  /** features float32 [B, D] → scores [B, K], before softmax or sigmoid */
  readonly head: LayersModel;
  /** What the last training came to; kept in the file. */
  training: { readonly [name: string]: JsonValue } | undefined;
  readonly #parameters = new Map<string, tf.Variable>();
  readonly #ownsModel: boolean;
  #network: LayersModel | undefined;

  /** For those who have the settings checked; see {@link createClassifier}. */
  constructor(
    model: ClippoModel,
    settings: ClassifierSettings,
    { source, training, ownsModel = false }: ClassifierFile & { readonly ownsModel?: boolean },
  ) {
    this.model = model;
    this.settings = settings;
    this.targets = settings.targets;
    this.training = training;
    this.#ownsModel = ownsModel;
    this.head = buildHead(headConfigOf(settings, model.config), source);
    for (const [path, variable] of networkParameters(this.head)) {
      this.#parameters.set(`classifier/${path}`, variable);
    }
  }

  /**
   * Reads what {@link save} has written.
   *
   * @throws CheckpointError for a file that is none, or a head of another network; ConfigError when a head comes without
   *   a network, or a network with one
   * @example
   * const classifier = await Classifier.load('sentiment.safetensors');
   * const [[best]] = await classifier.predict(['a lovely film']);
   */
  static async load(
    source: string | URL | Bytes | CheckpointSource,
    options: LoadClassifierOptions = {},
  ): Promise<Classifier> {
    refuseUnknown('Classifier.load', options, ['model', 'signal', 'onProgress', 'render']);
    const bytes = await readSource(source, options);
    const { model, settings, ownsModel, ...file } = await parseClassifier(bytes, options);
    return new Classifier(model, settings, { ...file, ownsModel });
  }

  /** Names of the answers in order; none for a regression. */
  get labels(): readonly string[] {
    return this.targets.kind === 'regression' ? [] : this.targets.labels;
  }

  /** Path → variable of the head, `classifier/output/kernel`. The classifier keeps owning them. */
  parameters(): Map<string, tf.Variable> {
    return new Map(this.#parameters);
  }

  /** images float32 [B, H, W, 3] in [-1, 1] → scores [B, K]; shares its weights with `model.network` and `head`. */
  get network(): LayersModel {
    this.#network ??= createModel({
      inputs: this.model.network.inputs,
      outputs: this.head.apply(this.featureOutput()) as SymbolicTensor, // one in, one out
    });
    return this.#network;
  }

  /** What the head reads, within `model.network`. */
  featureOutput(): SymbolicTensor {
    const { network } = this.model;
    const layer = this.settings.on === 'embedding' ? 'normalized' : 'pre_logits';
    return layerOutput(network, layer);
  }

  /**
   * Learns from examples, the head alone by default: {@link finetune} of this classifier.
   *
   * @throws ConfigError, DataError
   * @example
   * await classifier.fit([{ input: 'a lovely film', target: 'good' }, { input: photo, target: 'bad' }]);
   */
  fit(train: Examples, options: Omit<FinetuneOptions, 'classifier' | 'train'> = {}): Promise<FinetuneResult> {
    return finetuneAs('fit', { ...options, classifier: this, train }, 'head');
  }

  /**
   * What the network makes of examples, to train heads on it as often as you like: `fit` and `evaluate` take it in place
   * of the examples. Good as long as the network stays as it is.
   *
   * @throws DataError when too much cannot be read
   */
  async encode(examples: readonly Example[], options: EncodeExamplesOptions = {}): Promise<EncodedExamples> {
    refuseUnknown('encode', options, ['batchSize', 'maxSkipped', 'signal', 'onProgress']);
    const { features, numbers, skipped } = await encodeInputs(
      'encode',
      this.model,
      this.settings,
      examples,
      options,
    );
    const kept = numbers.map((number) => examples[number]!);
    return { features, skipped, examples: kept, targets: kept.map(({ target }) => target) };
  }

  /**
   * Labels for sentences and pictures.
   *
   * @returns for each input all labels, best first, with the share of each; of a regression one entry named `value`
   * @throws DataError for what is neither, and the signal's reason when it is aborted
   */
  async predict(
    inputs: readonly (string | ImageLike)[],
    options: PredictOptions = {},
  ): Promise<Classification[][]> {
    const shares = await this.scores(inputs, options);
    const labels = this.targets.kind === 'regression' ? ['value'] : this.targets.labels;
    return Array.from({ length: shares.count }, (_, i) => {
      const row = shares.row(i);
      const answers = labels.map((label, k) => ({ label, score: row[k]! }));
      return answers.sort((a, b) => b.score - a.score);
    });
  }

  /**
   * {@link predict} as numbers.
   *
   * @returns [N, K] in the order of the labels: softmax, of several labels sigmoid; of a regression the value, kept within
   *   its range
   */
  async scores(inputs: readonly (string | ImageLike)[], options: PredictOptions = {}): Promise<Embeddings> {
    refuseUnknown('predict', options, ['batchSize', 'signal', 'onProgress']);
    const features = await this.model.encode(inputs, { ...featureOptions(this.settings), ...options });
    const { data, dim } = await this.headScores(features);
    return createEmbeddings(answersOf(this.targets, data, dim), dim);
  }

  /** Scores of features, before softmax or sigmoid. */
  async headScores(features: Embeddings): Promise<Embeddings> {
    const width = this.head.outputShape[1] as number; // [null, K]
    const data = new Float32Array(features.count * width);
    for (let start = 0; start < features.count; start += CHUNK) {
      const rows = sliceRows(features, start, Math.min(features.count, start + CHUNK));
      const scores = tf.tidy(
        () => this.head.apply(tf.tensor2d(rows.data, [rows.count, rows.dim])) as tf.Tensor,
      );
      try {
        data.set(await scores.data(), start * width);
      } finally {
        scores.dispose();
      }
    }
    return createEmbeddings(data, width);
  }

  /**
   * How well it answers.
   *
   * @throws DataError for targets that cannot be used, and when too much cannot be read
   * @example
   * const { values, confusion } = await classifier.evaluate(test);
   * console.log(values.accuracy);
   */
  async evaluate(examples: Examples, options: EncodeExamplesOptions = {}): Promise<ClassifierEvaluation> {
    refuseUnknown('evaluate', options, ['batchSize', 'maxSkipped', 'signal', 'onProgress']);
    assertExamples('evaluate', examples);
    const targets = isEncoded(examples) ? examples.targets : examples.map(({ target }) => target);
    const rows = resolveTargets('evaluate', targets, this.targets);
    const encoded = isEncoded(examples)
      ? { skipped: {}, numbers: Array.from({ length: rows.count }, (_, i) => i), ...examples }
      : await encodeInputs('evaluate', this.model, this.settings, examples, options);
    const { data } = await this.headScores(encoded.features);
    const { count, values, labels, confusion } = measureAnswers(this.targets, data, rows, encoded.numbers);
    return {
      ...{ count, values, labels, skipped: encoded.skipped },
      ...(confusion && { confusion: confusion.map((row) => [...row]) }),
    };
  }

  /**
   * Writes weights, labels and how inputs are read into one safetensors file.
   *
   * @param target - a path (Node), or a stream
   * @throws DataError when it cannot be written, and the signal's reason when it is aborted
   */
  async save(
    target: string | URL | WritableStream<Uint8Array>,
    options: SaveClassifierOptions = {},
  ): Promise<void> {
    refuseUnknown('Classifier.save', options, ['base', 'dtype', 'signal']);
    const { base = 'include', dtype = 'float32', signal } = options;
    if (base !== 'include' && base !== 'reference') {
      throw new ConfigError(`base: expected 'include' or 'reference', got ${describeValue(base)}.`);
    }
    if (dtype !== 'float32' && dtype !== 'float16') {
      throw new ConfigError(`dtype: expected 'float32' or 'float16', got ${describeValue(dtype)}.`);
    }
    const { arrays, metadata } = await classifierArrays(this, { includeBase: base === 'include', dtype });
    signal?.throwIfAborted();
    return writeChunks(target, safetensorsChunks(arrays, { metadata }), signal);
  }

  /** A model card in Markdown, the page that travels with the file. */
  card(text: ModelCardText = {}): string {
    return classifierCard(this, text);
  }

  /** Frees the head, and the network if it came out of the same file. Harmless when called twice. */
  dispose(): void {
    for (const variable of this.#parameters.values()) variable.dispose();
    if (this.#ownsModel) this.model.dispose();
  }
}

/** Rows that go through the head together. */
const CHUNK = 4096;

/**
 * A head for labels of one's own on a model, which has yet to learn: it finds every label as likely as the others.
 *
 * @param model - stays the caller's, and is changed only by training with `part: 'all'`
 * @returns the caller disposes it
 * @throws ConfigError
 * @example
 * const classifier = createClassifier(model, { labels: ['question', 'statement'] });
 * await classifier.fit([{ input: 'who is it?', target: 'question' }, { input: 'it is him.', target: 'statement' }]);
 * const [[best]] = await classifier.predict(['is it far?']);
 * console.log(best.label, best.score);
 */
export function createClassifier(model: ClippoModel, options: ClassifierOptions): Classifier {
  assertModel('createClassifier', model);
  const { seed, ...settings } = resolveClassifierOptions(options);
  return new Classifier(model, settings, { source: headValues(seed), training: undefined });
}
