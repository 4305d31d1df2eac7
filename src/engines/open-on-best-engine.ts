// A model on the best engine that works, which goes on with the next one when that fails: a lost device takes the weights
// with it, so the model is loaded anew there and the work done again from its inputs, which the work itself holds.

import type { ClippoModel } from '../clippo-model.ts';
import { BackendError, ConfigError } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import {
  type Candidates,
  type ChooseEngineOptions,
  chooseFrom,
  type EngineChoice,
  resolveCandidates,
} from './choose-engine.ts';
import { engineFault } from './engine-fault.ts';
import { type EngineName, isOnnx } from './engine-name.ts';
import { type GpuWatch, untilFault, watchGpu } from './gpu.ts';
import { abandonBackend } from './start-engine.ts';

/** One engine has failed and another goes on. */
export interface EngineFallback {
  readonly from: EngineName;
  readonly to: EngineName;
  /** What was wrong with the first. */
  readonly reason: string;
}

/** How {@link openOnBestEngine} opens a model. */
export interface OpenOptions extends ChooseEngineOptions {
  /** Of ONNX Runtime, see `model.compile`. Default `'fp32'`; other engines know nothing else. */
  readonly precision?: 'fp32' | 'int8';
  /** Compile shaders and graphs before the first use. Default true. */
  readonly warmUp?: boolean;
  /** Told of every change of the engine while running. */
  readonly onFallback?: (event: EngineFallback) => void;
}

/** A model whose engine may change under it. */
export interface HeldModel {
  /** What computes now. */
  readonly engine: EngineName;
  /** How the engine was chosen; after a fallback, the one that is used now. */
  readonly choice: EngineChoice;
  /**
   * Does some work with the model. When the engine fails, it is done again from the beginning on the next one, so it
   * should have no effects but its result, and use no tensors of its own from outside.
   *
   * @throws what the work throws, and BackendError when there is no engine left
   */
  run<T>(work: (model: ClippoModel) => Promise<T>): Promise<T>;
  /** Frees the model. Harmless when called twice. */
  dispose(): void;
}

interface Stage {
  readonly model: ClippoModel;
  readonly choice: EngineChoice;
  readonly watch: GpuWatch;
}

/**
 * Opens a model on the best engine that works, and holds it against failures of engines: a lost GPU device or WebGL
 * context, memory that has run out, ONNX Runtime giving up.
 *
 * @param load - makes the model; called again after a failure, so load from something that is kept
 * @throws ConfigError, BackendError when no engine works, and what `load` throws
 * @example
 * const held = await openOnBestEngine(() => ClippoModel.fromPretrained('emoji'), {
 *   onFallback: ({ from, to, reason }) => console.warn(`${from} failed (${reason}); going on with ${to}.`),
 * });
 * const words = await held.run((model) => model.encodeText(['rainbow', 'Schlüssel']));
 */
export async function openOnBestEngine(
  load: () => Promise<ClippoModel>,
  options: OpenOptions = {},
): Promise<HeldModel> {
  refuseUnknown('openOnBestEngine', options, ['engines', 'runtime', 'precision', 'warmUp', 'onFallback']);
  const { precision = 'fp32', warmUp = true, onFallback } = options;
  if (typeof load !== 'function') {
    throw new ConfigError(
      `openOnBestEngine: expected a function that loads the model, got ${describeValue(load)}. Give () => ClippoModel.fromPretrained('emoji').`,
    );
  }
  let candidates = await resolveCandidates('openOnBestEngine', options);
  let isDisposed = false;
  let stage = await open(undefined);
  /** A change of engine in hand: whoever fails meanwhile waits for it. */
  let changing: Promise<void> | undefined;
  /** Why there is no engine left. */
  let ended: unknown;

  /** Opens the first candidate on which the model loads and runs. */
  async function open(failed: { engine: EngineName; reason: string } | undefined): Promise<Stage> {
    for (let last = failed; ; ) {
      if (last !== undefined) candidates = without(candidates, last.engine);
      if (last !== undefined && candidates.engines.length === 0) {
        throw new BackendError(
          `${last.engine} failed: ${last.reason}. There is no other engine to go on with.`,
        );
      }
      const choice = await chooseFrom(candidates);
      if (last !== undefined) onFallback?.({ from: last.engine, to: choice.engine, reason: last.reason });
      const watch = watchGpu();
      try {
        return { model: await untilFault(watch, loadOn(choice)), choice, watch };
      } catch (error) {
        const reason = await engineFault(error, watch, choice.runtime);
        watch.stop();
        if (reason === undefined) throw error;
        leave(choice);
        last = { engine: choice.engine, reason };
      }
    }
  }

  async function loadOn({ runtime }: EngineChoice): Promise<ClippoModel> {
    const model = await load();
    try {
      if (runtime !== undefined) await model.compile(runtime, { precision });
      if (warmUp) await model.warmUp();
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  async function change(failed: Stage, reason: string): Promise<void> {
    failed.watch.stop();
    failed.model.dispose();
    leave(failed.choice);
    try {
      stage = await open({ engine: failed.choice.engine, reason });
    } catch (error) {
      ended = error;
      throw error;
    } finally {
      changing = undefined;
    }
    if (isDisposed) stage.model.dispose(); // while it was being opened
  }

  async function run<T>(work: (model: ClippoModel) => Promise<T>): Promise<T> {
    for (;;) {
      await changing;
      if (isDisposed) throw new ConfigError('held model: it was disposed. Open it again.');
      if (ended !== undefined) throw ended;
      const used = stage;
      const isCurrent = (): boolean => used === stage && changing === undefined;
      let reason: string | undefined;
      try {
        const result = await untilFault(used.watch, work(used.model));
        reason = used.watch.fault(); // a GPU that fails may still give numbers
        if (reason === undefined) return result;
      } catch (error) {
        if (isCurrent()) reason = await engineFault(error, used.watch, used.choice.runtime);
        if (isCurrent() && reason === undefined) throw error;
      }
      // Of several that fail together the first changes the engine, and all do their work again.
      if (isCurrent() && reason !== undefined) changing = change(used, reason);
    }
  }

  return {
    get engine() {
      return stage.choice.engine;
    },
    get choice() {
      return stage.choice;
    },
    run,
    dispose() {
      isDisposed = true;
      stage.watch.stop();
      stage.model.dispose();
    },
  };
}

function without({ engines, ...others }: Candidates, failed: EngineName): Candidates {
  return { ...others, engines: engines.filter((engine) => engine !== failed) };
}

/** tfjs's backend goes with the engine, unless it only carried tensors for ONNX Runtime. */
function leave({ engine, backend }: EngineChoice): void {
  if (!isOnnx(engine)) abandonBackend(backend);
}
