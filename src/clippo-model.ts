// The object users hold: one tower that turns sentences and pictures into vectors of the same space.
// Rasters in, Float32Arrays out; no tensor leaves it but through `network` and `parameters()`.

import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  assertWeightsFit,
  assertWeightsUsable,
  type Bytes,
  type CheckpointSource,
  fitImageSize,
  type NdArrayLike,
  npzChunks,
  type PretrainedName,
  parseArrays,
  readBigVision,
  readSource,
  type SourceOptions,
  safetensorsChunks,
  storedSettings,
  takeSettings,
  toOwnFloat32,
  towerWeights,
  writeChunks,
} from './checkpoint/index.ts';
import { type Classification, classifyRows } from './clippo/classification.ts';
import { type CompiledEncoder, compileEncoder, type EncoderOutput } from './clippo/compiled-encoder.ts';
import { embedInputs, runNetwork } from './clippo/embed-inputs.ts';
import { type EncodeOptions, resolveEncodeOptions, rowSize } from './clippo/encode-options.ts';
import { assertList, createInputReader, type ReadInput } from './clippo/input-reader.ts';
import { LOAD_OPTIONS, openPretrained, type PretrainedOptions } from './clippo/open-pretrained.ts';
import { quantizationSample } from './clippo/quantization-sample.ts';
import { assertReadAsPicture, resolveTextReader, type TextReaderOptions } from './clippo/text-reader.ts';
import { type WarmUpOptions, warmUpBatches } from './clippo/warm-up.ts';
import type { CompileReport, OrtRuntime } from './compile/index.ts';
import {
  createEmbeddings,
  type Embeddings,
  meanPerClass,
  normalizeRows,
  similarityMatrix,
} from './embeddings.ts';
import { ConfigError } from './errors.ts';
import type { ImageLike } from './image-input.ts';
import {
  assertSameKind,
  buildClippoNetworks,
  type ClippoConfig,
  type ClippoNetworks,
  clippoParameters,
  inferConfig,
  initialValues,
  isOneRoad,
  type NetworkInput,
  type ParameterSource,
  parameterShapes,
  type ResolvedClippoConfig,
  resolveClippoConfig,
} from './model/index.ts';
import { refuseUnknown } from './options.ts';
import { promptsOf, type Templates } from './prompts.ts';
import type { Raster } from './raster/index.ts';
import type { RenderOptions } from './render/index.ts';
import type { TextTokenizer } from './tokens/index.ts';

export type { Classification } from './clippo/classification.ts';
export type { EncodeOptions } from './clippo/encode-options.ts';
export type { PretrainedOptions } from './clippo/open-pretrained.ts';
export type { WarmUpOptions } from './clippo/warm-up.ts';

/** How {@link ClippoModel.load} makes a model of a checkpoint. */
export interface LoadOptions extends Pick<ClippoConfig, 'textRows'>, SourceOptions {
  /** Side of the square picture in px; another size than the checkpoint's resamples its position embedding. */
  readonly imageSize?: number;
  /** How text is drawn, e.g. `{ font }` with the Unifont release a published checkpoint was trained on. */
  readonly render?: Omit<RenderOptions, 'size'>;
  /** What cuts texts, for a model that reads tokens, or the bytes of its file. Default: the one saved with the model. */
  readonly tokenizer?: TextTokenizer | Uint8Array;
}

/** How {@link ClippoModel.create} makes a fresh model. */
export interface CreateOptions extends Pick<LoadOptions, 'render' | 'tokenizer'> {
  /** Seed of the start values, default 0. */
  readonly seed?: number;
}

/** How {@link ClippoModel.classify} asks for the labels. */
export interface ClassifyOptions extends Omit<EncodeOptions, 'normalize' | 'resize'> {
  /**
   * Sentences around each label, `{}` standing for it; the label's vector is the mean over them. Default
   * `['{}']`, the label as it is. The named sets are CLIP's and also clean the label up as big_vision does.
   */
  readonly templates?: Templates;
}

/** What {@link ClippoModel.save} writes. */
export interface SaveOptions {
  /** Default: `'safetensors'` for a target that ends so, else `'npz'`, the layout of the published files. */
  readonly format?: 'npz' | 'safetensors';
  /** `'float16'` takes half the space and keeps 3 digits of every weight. Default `'float32'`, every bit. */
  readonly dtype?: 'float32' | 'float16';
  readonly signal?: AbortSignal;
}

/** How {@link ClippoModel.compile} compiles. */
export interface ModelCompileOptions {
  /** `'int8'` is twice as fast and a little less exact, see `compileReport.cosine`. Default `'fp32'`. */
  readonly precision?: 'fp32' | 'int8';
  /** Threads of the runtime, default one a core. */
  readonly threads?: number;
}

/**
 * One Vision Transformer for pictures and text.
 *
 * @example
 * const model = await ClippoModel.load('clippo_b16.npz');
 * const [words, pictures] = [await model.encodeText(['a cat', 'a dog']), await model.encodeImages([photo])];
 * model.similarity(pictures, words); // { data: Float32Array, shape: [1, 2] }
 * model.dispose();
 * @see big_vision `models/proj/clippo/one_tower.py`
 */
export class ClippoModel {
  /** Everything the network was built from. */
  readonly config: Required<Omit<ClippoConfig, 'text'>> & Pick<ClippoConfig, 'text'>;
  /** images float32 [B, H, W, 3] in [-1, 1] → unit vectors [B, E]; inner layers can be cut out by name. */
  readonly network: LayersModel;
  /** What text goes through: of a CLIPPO the same network, else one that reads `config.text`. */
  readonly textNetwork: LayersModel;
  /** What cuts strings, of a model that reads tokens. */
  readonly tokenizer: TextTokenizer | undefined;
  /** How strings are drawn, as it was given. */
  readonly renderOptions: Omit<RenderOptions, 'size'>;
  readonly #parameters: Map<string, tf.Variable>;
  readonly #networks: ClippoNetworks;
  readonly #resolved: ResolvedClippoConfig;
  readonly #logTemperature: tf.Variable;
  readonly #read: ReadInput;
  #compiled: CompiledEncoder | undefined;
  #disposed = false;

  private constructor(
    config: ClippoConfig,
    source: ParameterSource,
    { render, tokenizer }: TextReaderOptions,
  ) {
    const resolved = resolveClippoConfig(config);
    this.config = {
      variant: config.variant,
      imageSize: resolved.imageSize,
      pool: resolved.pool,
      embeddingDim: resolved.outputDim,
      temperatureInit: resolved.temperatureInit,
      textRows: resolved.textRows,
      ...(isOneRoad(resolved.text) ? {} : { text: resolved.text }),
    };
    this.#resolved = resolved;
    this.#networks = buildClippoNetworks(resolved, source);
    this.network = this.#networks.images;
    this.textNetwork = this.#networks.texts;
    this.#logTemperature = tf.tidy(() => tf.variable(tf.tensor1d(source('t', [1]))));
    this.#parameters = clippoParameters(this.#networks).set('t', this.#logTemperature);
    this.renderOptions = render;
    this.tokenizer = tokenizer;
    this.#read = createInputReader(resolved, { render, tokenizer });
  }

  /**
   * A fresh model with big_vision's initialisers.
   * @throws ConfigError
   * @example const model = await ClippoModel.create({ variant: 'Ti/16', imageSize: 96 }, { seed: 1 });
   */
  static async create(config: ClippoConfig, options: CreateOptions = {}): Promise<ClippoModel> {
    refuseUnknown('ClippoModel.create', options, ['seed', 'render', 'tokenizer']);
    const { seed = 0 } = options;
    if (!Number.isSafeInteger(seed)) throw new ConfigError(`seed: expected an integer, got ${seed}.`);
    const { temperatureInit } = resolveClippoConfig(config);
    await tf.ready();
    const text = await resolveTextReader(config, options);
    const fresh = initialValues(seed);
    const source: ParameterSource = (path, shape) =>
      path === 't' ? Float32Array.of(Math.log(temperatureInit)) : fresh(path, shape);
    return new ClippoModel(config, source, text);
  }

  /**
   * Loads a checkpoint in big_vision's layout (npz, old or new, with or without optimiser state) or as
   * safetensors. The whole configuration is read off the arrays.
   *
   * @param source - path (Node), http(s) URL, bytes, or anything with `arrayBuffer()`
   * @throws CheckpointError that lists everything missing, extra or of the wrong shape
   */
  static async load(
    source: string | URL | Bytes | CheckpointSource,
    options: LoadOptions = {},
  ): Promise<ClippoModel> {
    refuseUnknown('ClippoModel.load', options, LOAD_OPTIONS);
    const arrays = parseArrays(await readSource(source, options));
    const saved = takeSettings(arrays);
    const weights = towerWeights(readBigVision(arrays));
    const stored = inferConfig(weights, saved);
    const { imageSize = stored.imageSize!, textRows = saved.textRows ?? 'all' } = options;
    const config = { ...stored, imageSize, textRows };
    const fitted = fitImageSize(weights, stored, config);
    // Before there is a variable that would be left behind.
    assertWeightsUsable(parameterShapes(config), fitted);
    const text = await resolveTextReader(config, {
      ...options,
      tokenizer: options.tokenizer ?? saved.tokenizer,
    });
    await tf.ready();
    options.signal?.throwIfAborted();
    // Copied, so that the model neither keeps the file's bytes alive nor changes with them.
    return new ClippoModel(config, (path) => toOwnFloat32(fitted.get(path)!), text);
  }

  /**
   * Loads a model by name: `'emoji'`, a small one that travels in the package and finds emoji by words in many
   * languages, or one of the checkpoints published with the paper, which are downloaded once (540 MiB) and kept.
   *
   * @throws ConfigError for a name that is not known, CheckpointError when it cannot be fetched or is not what it should be
   * @example const model = await ClippoModel.fromPretrained('emoji');
   */
  static async fromPretrained(name: PretrainedName, options: PretrainedOptions = {}): Promise<ClippoModel> {
    const { bytes, loadOptions } = await openPretrained(name, options);
    return ClippoModel.load(bytes, loadOptions);
  }

  /** exp(t), which multiplies the cosines in the loss and in `classify`. */
  get temperature(): number {
    this.#assertAlive();
    return Math.exp(this.#logTemperature.dataSync()[0]!);
  }

  /** big_vision path → variable, `t` included. The model keeps owning them. */
  parameters(): Map<string, tf.Variable> {
    this.#assertAlive();
    return new Map(this.#parameters);
  }

  /**
   * Replaces all weights by those of another checkpoint of the same configuration.
   *
   * @throws CheckpointError that lists every mismatch, DataError when there is nothing to read; the model is then
   *   as it was
   */
  async loadWeights(
    source: string | URL | Bytes | CheckpointSource,
    options: Pick<LoadOptions, 'signal' | 'onProgress'> = {},
  ): Promise<void> {
    refuseUnknown('loadWeights', options, ['signal', 'onProgress']);
    const arrays = parseArrays(await readSource(source, options));
    takeSettings(arrays); // which stay as they are
    const weights = towerWeights(readBigVision(arrays));
    assertSameKind('loadWeights', weights, this.#resolved);
    assertWeightsFit(parameterShapes(this.config), weights);
    // Everything is decoded and checked before the first variable changes.
    const decoded = [...this.#parameters].map(
      ([path, variable]) => [variable, toOwnFloat32(weights.get(path)!)] as const,
    );
    options.signal?.throwIfAborted();
    for (const [variable, values] of decoded) {
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
  }

  /**
   * Sentences and pictures, mixed as you like, into vectors: strings are drawn, pictures resized.
   *
   * @returns one row an input, in order
   * @throws DataError for what is neither, and the signal's reason when it is aborted
   */
  async encode(inputs: readonly (string | ImageLike)[], options: EncodeOptions = {}): Promise<Embeddings> {
    this.#assertAlive();
    assertList('encode', inputs);
    const { batchSize, normalize, layer, resize, signal, onProgress } = resolveEncodeOptions(options);
    signal?.throwIfAborted();
    const dim = rowSize(this.#resolved, layer, inputs);
    const wanted = layer === 'head' && normalize ? 'embedding' : layer; // the network normalises by itself
    const data = new Float32Array(inputs.length * dim);
    for (let start = 0; start < inputs.length; start += batchSize) {
      signal?.throwIfAborted();
      const batch = inputs.slice(start, start + batchSize);
      const read = await Promise.all(
        batch.map((input, i) => this.#read(input, `inputs[${start + i}]`, { resize, signal })),
      );
      data.set(await embedInputs(read, dim, (input) => this.#run(input, wanted)), start * dim);
      onProgress?.({ stage: 'encode', done: start + batch.length, total: inputs.length, unit: 'inputs' });
      // Timers, clicks and aborts have their turn between batches.
      if (start + batchSize < inputs.length) await new Promise((resolve) => setTimeout(resolve));
    }
    if (normalize && layer === 'pre_logits') normalizeRows(data, dim);
    return createEmbeddings(data, dim);
  }

  /** The picture that {@link encode} reads: a string drawn on the rows it takes up there, a picture resized. */
  async toRaster(input: string | ImageLike): Promise<Raster> {
    this.#assertAlive();
    if (typeof input === 'string') assertReadAsPicture('toRaster', input, this.#resolved);
    return (await this.#read(input, 'input', {})) as Raster; // what pictures become, and text on the one road
  }

  /** What the network reads of an input, for steps of one's own: a picture, or text as `config.text` has it. */
  async read(input: string | ImageLike): Promise<NetworkInput> {
    this.#assertAlive();
    return this.#read(input, 'input', {});
  }

  /**
   * Has ONNX Runtime do the encoding from now on: some ten times as fast as tfjs wasm. The graph is made here, for
   * every batch size, and again at the next encoding after the weights have changed.
   * @param runtime - `nodeRuntime()` of clippo-ts/node, or the module onnxruntime-web
   * @throws ConfigError, and BackendError or CompileError when it does not work; the model is then as it was
   * @example
   * await model.compile(nodeRuntime(), { precision: 'int8' });
   * model.compileReport?.cosine; // 0.998
   */
  async compile(runtime: OrtRuntime, options: ModelCompileOptions = {}): Promise<void> {
    this.#assertAlive();
    refuseUnknown('model.compile', options, ['precision', 'threads']);
    const { precision = 'fp32', threads } = options;
    const textOptions = { render: this.renderOptions, tokenizer: this.tokenizer };
    const weights = [...this.#parameters.values()].filter((each) => each !== this.#logTemperature);
    const compiled = await compileEncoder(this.#networks, weights, {
      runtime,
      precision,
      imageSize: this.config.imageSize,
      sample: (shape) => quantizationSample(this.#resolved, textOptions, shape),
      ...(threads === undefined ? {} : { threads }),
    });
    const replaced = this.#disposed ? compiled : this.#compiled;
    if (!this.#disposed) this.#compiled = compiled;
    await replaced?.dispose();
    this.#assertAlive();
  }

  /**
   * Encodes inputs of every usual kind and forgets the result, so that the first real ones do not wait for shaders,
   * graphs and the font.
   *
   * @throws ConfigError, and as {@link encode}
   * @example await model.warmUp({ batchSize: 8 });
   */
  async warmUp(options: WarmUpOptions = {}): Promise<void> {
    for (const batch of warmUpBatches(options, this)) {
      await this.encode(batch, {
        batchSize: batch.length,
        ...(options.signal && { signal: options.signal }),
      });
    }
  }

  /** What encodes: tfjs, or ONNX Runtime after {@link compile}. */
  get engine(): 'tfjs' | 'onnx' {
    return this.#compiled === undefined ? 'tfjs' : 'onnx';
  }

  /** What came of {@link compile}: size and times of the graph, and for int8 the cosine to fp32. */
  get compileReport(): CompileReport | undefined {
    return this.#compiled?.report;
  }

  /** {@link encode} for sentences only. @throws as encode */
  encodeText(texts: readonly string[], options?: EncodeOptions): Promise<Embeddings> {
    return this.encode(texts, options);
  }

  /** {@link encode} for pictures only. @throws as encode */
  encodeImages(images: readonly ImageLike[], options?: EncodeOptions): Promise<Embeddings> {
    return this.encode(images, options);
  }

  /** Cosines of every row of `a` with every row of `b`, row-major. @throws ShapeError when they differ in size */
  similarity(a: Embeddings, b: Embeddings): { data: Float32Array; shape: [number, number] } {
    return similarityMatrix(a, b);
  }

  /**
   * Zero-shot classification: which label, drawn as text, lies nearest to each picture (or sentence).
   * @returns for each image all labels, best first
   * @throws ConfigError for labels or templates that cannot work, and as {@link encode}
   */
  async classify(
    images: readonly (string | ImageLike)[],
    labels: readonly string[],
    options: ClassifyOptions = {},
  ): Promise<Classification[][]> {
    refuseUnknown('classify', options, ['templates', 'batchSize', 'signal', 'onProgress']);
    const { templates = ['{}'], ...encodeOptions } = options;
    assertList('classify', images);
    assertList('classify: labels', labels);
    if (labels.length === 0) throw new ConfigError('classify: got no labels. Give it at least one.');
    const prompts = promptsOf(templates);
    const sentences = labels.flatMap((label) => prompts(label));
    const owners = sentences.map((_, i) => Math.floor(i / (sentences.length / labels.length))); // as many each
    const classes = meanPerClass(await this.encode(sentences, encodeOptions), owners, labels.length);
    const rows = await this.encode(images, encodeOptions);
    return classifyRows(rows, classes, labels, this.temperature);
  }

  /**
   * Writes the weights in the layout of the published checkpoints. A file is replaced only when the new one is
   * whole.
   * @param target - a path (Node), or a stream
   * @throws DataError when it cannot be written, and the signal's reason when it is aborted
   */
  async save(target: string | URL | WritableStream<Uint8Array>, options: SaveOptions = {}): Promise<void> {
    this.#assertAlive();
    const isStream = typeof target === 'object' && 'getWriter' in target;
    const named = !isStream && /\.safetensors$/i.test(String(target)) ? 'safetensors' : 'npz';
    refuseUnknown('save', options, ['format', 'dtype', 'signal']);
    const { format = named, dtype = 'float32', signal } = options;
    if (format !== 'npz' && format !== 'safetensors') {
      throw new ConfigError(`format: expected 'npz' or 'safetensors', got ${JSON.stringify(format)}.`);
    }
    if (dtype !== 'float32' && dtype !== 'float16') {
      throw new ConfigError(`dtype: expected 'float32' or 'float16', got ${JSON.stringify(dtype)}.`);
    }
    const arrays = new Map<string, NdArrayLike>(storedSettings(this.config, this.tokenizer?.file));
    for (const [path, variable] of this.#parameters) {
      const key = format === 'npz' ? `params/${path}` : path;
      arrays.set(key, { dtype, shape: variable.shape, data: (await variable.data()) as Float32Array });
    }
    signal?.throwIfAborted();
    const chunks = format === 'npz' ? npzChunks(arrays) : safetensorsChunks(arrays);
    return writeChunks(target, chunks, signal);
  }

  /** Frees all weights, and the session of a compiled model. Harmless when called twice. */
  dispose(): void {
    this.#disposed = true;
    this.#compiled?.dispose().catch(() => {}); // nobody waits who could be told
    this.#compiled = undefined;
    // Not network.dispose(), which fails when the caller has disposed a model that shares its layers.
    for (const variable of this.#parameters.values()) variable.dispose();
  }

  #assertAlive(): void {
    if (this.#disposed) throw new ConfigError('This ClippoModel was disposed. Load or create another one.');
  }

  #run(input: tf.Tensor, wanted: EncoderOutput): Promise<Float32Array> {
    return this.#compiled?.encode(input, wanted) ?? runNetwork(this.#networks, input, wanted);
  }
}
