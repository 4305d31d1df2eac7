// The same inputs through the same model on every engine there is: the largest difference of the vectors to those of one
// engine, and the speed of each.

import type { ClippoModel } from '../clippo-model.ts';
import type { Embeddings } from '../embeddings.ts';
import { BackendError, ConfigError, messageOf } from '../errors.ts';
import type { ImageLike } from '../image-input.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import { type ChooseEngineOptions, resolveCandidates } from './choose-engine.ts';
import type { EngineName } from './engine-name.ts';
import { untilFault, watchGpu } from './gpu.ts';
import { parityInputs } from './parity-inputs.ts';
import { type RunningEngine, startEngine } from './start-engine.ts';

/** Largest difference of a number of a unit vector that is taken for the same. */
const TOLERANCE = 1e-4;
/** On a GPU, whose compilers reorder sums and shorten exponentials. */
const GPU_TOLERANCE = 1e-3;
const ON_GPU: readonly EngineName[] = ['webgl', 'webgpu', 'onnx-webgpu'];

/** Which engines are compared, on what. */
export interface ParityOptions extends ChooseEngineOptions {
  /** The engine that the others are compared to. Default `'cpu'`, plain JavaScript. */
  readonly reference?: EngineName;
  /** Default: texts in several scripts and of several lengths, and pictures, all made by seed. */
  readonly inputs?: readonly (string | ImageLike)[];
  /** How often the inputs are encoded for the speed, of which the median counts; default 3. */
  readonly repeats?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** One engine, compared. */
export interface ParityRow {
  readonly engine: EngineName;
  /** Whether it runs and is within the tolerance; undefined where it is not there. */
  readonly ok: boolean | undefined;
  /** Where it computes, or why it does not. */
  readonly detail: string;
  /** The largest difference of a number of a vector to that of the reference. */
  readonly maxDifference?: number;
  readonly tolerance: number;
  /** The first encoding of all inputs, with shaders and graphs compiled for it. */
  readonly firstMs?: number;
  /** An encoding of all inputs after that, over their number. */
  readonly msPerInput?: number;
}

/** How far one engine is from the reference, and how fast it is. */
export interface ParityResult {
  readonly reference: EngineName;
  /** Inputs compared. */
  readonly count: number;
  readonly rows: readonly ParityRow[];
}

/**
 * Runs the same inputs on several engines.
 *
 * @param load - makes the model; called once an engine, because weights live where they are used
 * @param options - `engines` to compare, default all there are
 * @throws ConfigError, BackendError when the reference does not run, what `load` throws, and the signal's reason
 * @example
 * const { rows } = await measureParity(() => ClippoModel.fromPretrained('emoji'), { runtime: nodeRuntime() });
 * for (const { engine, maxDifference, msPerInput } of rows) console.log(engine, maxDifference, msPerInput);
 */
export async function measureParity(
  load: () => Promise<ClippoModel>,
  options: ParityOptions = {},
): Promise<ParityResult> {
  const known = ['engines', 'runtime', 'reference', 'inputs', 'repeats', 'signal', 'onProgress'];
  refuseUnknown('measureParity', options, known);
  const { reference = 'cpu', repeats = 3, inputs, signal, onProgress } = options;
  assertNumber('measureParity', 'repeats', repeats, 1, 1000);
  if (inputs !== undefined && !(Array.isArray(inputs) && inputs.length > 0)) {
    throw new ConfigError(
      `measureParity: inputs: expected a list of texts and pictures, got ${describeValue(inputs)}.`,
    );
  }
  const { engines, runtime } = await resolveCandidates('measureParity', options);
  const others = engines.filter((engine) => engine !== reference);
  const order = [reference, ...others];

  const rows: ParityRow[] = [];
  let expected: Embeddings | undefined;
  for (const [i, engine] of order.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: `parity ${engine}`, done: i, total: order.length, unit: 'engines' });
    const tolerance = ON_GPU.includes(engine) ? GPU_TOLERANCE : TOLERANCE;
    let running: RunningEngine;
    try {
      running = await startEngine(engine, { runtime });
    } catch (error) {
      const detail = messageOf(error);
      if (expected === undefined) {
        throw new BackendError(`parity: the reference ${engine} does not run: ${detail}`, { cause: error });
      }
      rows.push({ engine, ok: undefined, detail, tolerance });
      continue;
    }
    const watch = watchGpu();
    try {
      const measured = await untilFault(watch, measure(running, load, { inputs, repeats, signal }));
      expected ??= measured.embeddings;
      const { embeddings, ...times } = measured;
      const maxDifference = largestDifference(embeddings, expected);
      const detail =
        running.gpu?.name ?? (running.runtime ? `ONNX Runtime, tensors in ${running.backend}` : '');
      rows.push({ engine, ok: maxDifference <= tolerance, detail, maxDifference, tolerance, ...times });
    } catch (error) {
      signal?.throwIfAborted();
      if (expected === undefined) throw error;
      rows.push({ engine, ok: false, detail: messageOf(error), tolerance });
    } finally {
      watch.stop();
    }
  }
  return { reference, count: expected?.count ?? 0, rows };
}

interface MeasureOptions {
  readonly inputs: ParityOptions['inputs'] | undefined;
  readonly repeats: number;
  readonly signal: AbortSignal | undefined;
}

interface Measured {
  readonly embeddings: Embeddings;
  readonly firstMs: number;
  readonly msPerInput: number;
}

async function measure(
  { runtime }: RunningEngine,
  load: () => Promise<ClippoModel>,
  { inputs, repeats, signal }: MeasureOptions,
): Promise<Measured> {
  const model = await load();
  try {
    const given = inputs ?? parityInputs(model.config.imageSize);
    // Drawn and resized before the clock runs: that is the same work everywhere.
    const rasters = await Promise.all(given.map((input) => model.toRaster(input)));
    const encode = async (): Promise<{ embeddings: Embeddings; ms: number }> => {
      const start = performance.now();
      const embeddings = await model.encode(rasters, { resize: false, ...(signal && { signal }) });
      return { embeddings, ms: performance.now() - start };
    };
    const start = performance.now();
    if (runtime !== undefined) await model.compile(runtime);
    const { embeddings } = await encode();
    const firstMs = performance.now() - start;
    const times: number[] = [];
    for (let i = 0; i < repeats; i++) times.push((await encode()).ms);
    times.sort((a, b) => a - b);
    return { embeddings, firstMs, msPerInput: times[Math.floor(times.length / 2)]! / rasters.length };
  } finally {
    model.dispose();
  }
}

function largestDifference(a: Embeddings, b: Embeddings): number {
  let largest = 0;
  for (let i = 0; i < b.data.length; i++) {
    const difference = Math.abs(a.data[i]! - b.data[i]!);
    if (!(difference <= largest)) largest = difference; // NaN counts as the largest
  }
  return largest;
}
