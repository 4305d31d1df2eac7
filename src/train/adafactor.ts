// Adafactor as big_vision trains with it, as a tf.Optimizer: it owns the state, keyed by the paths of the
// parameters. The arithmetic is in adafactor-rule.ts, the order of an update in update.ts.
// Reference: big_vision `optax.make` and `optax.scale_by_adafactor`.

import * as tf from '@tensorflow/tfjs-core';
import { isRecording } from '../compile/index.ts';
import { CheckpointError, CompileError, ConfigError } from '../errors.ts';
import { assertShape } from '../shape.ts';
import {
  type AdafactorOptions,
  type PathSettings,
  pathSettings,
  type ResolvedAdafactorOptions,
  resolveAdafactorOptions,
} from './adafactor-options.ts';
import {
  accumulate,
  createState,
  type ParameterState,
  partsOf,
  roundToBfloat16,
  scaleByAdafactor,
  secondMomentDecay,
} from './adafactor-rule.ts';
import type { RecordableOptimizer } from './recordable-optimizer.ts';
import {
  applyUpdate,
  type Parameters,
  type StepScalars,
  type UpdateMetrics,
  type UpdateRule,
} from './update.ts';

export type { AdafactorOptions } from './adafactor-options.ts';

type NamedTensors = Awaited<ReturnType<tf.Optimizer['getWeights']>>;

/**
 * Adafactor as a tf.Optimizer. Its state is keyed by the paths of the parameters, never by their position or by
 * tfjs's process-wide names, so that it can be saved and given to another copy of the model.
 */
export class Adafactor extends tf.Optimizer implements RecordableOptimizer {
  readonly #options: ResolvedAdafactorOptions;
  readonly #settingsOf: (path: string) => PathSettings;
  readonly #states = new Map<string, ParameterState<tf.Variable>>();
  /** The path of every variable seen so far. */
  readonly #paths = new WeakMap<tf.Variable, string>();
  /** The variable a path was last given to; as long as it lives, tfjs's names give the path to no other. */
  readonly #owners = new Map<string, tf.Variable>();
  /** The step count as getWeights() last gave it. */
  #iter: tf.Scalar | undefined;

  /** @nocollapse tfjs reads the name off the class. */
  static get className(): string {
    return 'Adafactor';
  }

  constructor(options: AdafactorOptions = {}) {
    super();
    this.#options = resolveAdafactorOptions(options);
    this.#settingsOf = pathSettings(this.#options);
  }

  /** Updates done so far; to be set only after steps that were given their numbers, see {@link update}. */
  get stepCount(): number {
    return this.iterations;
  }

  set stepCount(count: number) {
    this.iterations_ = count;
  }

  isFrozen(path: string): boolean {
    return this.#settingsOf(path).learningRate === null;
  }

  /** The numbers of a step (from 0); default the next one. */
  stepNumbers(step = this.stepCount): { beta2: number; schedule: number } {
    const schedule = this.#options.schedule(step);
    if (!Number.isFinite(schedule)) {
      throw new ConfigError(`adafactor: schedule(${step}) gave ${schedule}, expected a finite number.`);
    }
    return { beta2: secondMomentDecay(step, this.#options), schedule };
  }

  /**
   * @throws ConfigError when there is nothing to update, or a parameter comes late (see {@link adafactor})
   * @throws ShapeError when a gradient or the state has another shape than its parameter
   * @throws CompileError while a function is being recorded: the count of steps would stand still
   */
  apply(parameters: Parameters, gradients: ReadonlyMap<string, tf.Tensor>): UpdateMetrics {
    if (isRecording()) {
      throw new CompileError(
        'adafactor: a recorded step would repeat its number for ever, because the optimiser counts in JavaScript. Use createTrainStep(), or updateStep() with scalars that the function takes as inputs.',
      );
    }
    const { beta2, schedule } = this.stepNumbers();
    const metrics = tf.tidy(() =>
      this.update(parameters, gradients, { beta2: tf.scalar(beta2), schedule: tf.scalar(schedule) }),
    );
    this.incrementIterations();
    return metrics;
  }

  /** As {@link apply}, by the numbers of a step from outside; counts nothing. @throws ConfigError, ShapeError */
  update(
    parameters: Parameters,
    gradients: ReadonlyMap<string, tf.Tensor>,
    scalars: StepScalars,
  ): UpdateMetrics {
    this.prepare(parameters);
    const { clipNorm, epsilon, momentum } = this.#options;
    const rule: UpdateRule = {
      clipNorm,
      isFrozen: (path) => this.isFrozen(path),
      learningRateOf: (path) => this.#settingsOf(path).learningRate ?? 0,
      weightDecayOf: (path) => this.#settingsOf(path).weightDecay,
      scale: (path, gradient, beta2) => {
        const { moment: kept } = this.#states.get(path)!;
        const { scaled, moment } = scaleByAdafactor(gradient, kept, beta2, epsilon);
        for (const [i, part] of kept.parts.entries()) part.assign(moment.parts[i]!);
        return scaled;
      },
      accumulate: (path, scaled) => {
        const { ema } = this.#states.get(path)!;
        const mean = accumulate(ema, scaled, momentum);
        ema.assign(roundToBfloat16(mean));
        return mean;
      },
    };
    return applyUpdate(rule, parameters, gradients, scalars);
  }

  /**
   * Makes the state of these parameters, which the first step would do too; a recorded step needs it before.
   *
   * @returns the variables of their state, which setWeights() replaces by others
   * @throws ConfigError for parameters without state after step 0
   * @throws ShapeError when the state has another shape than its parameter
   */
  prepare(parameters: Parameters): tf.Variable[] {
    const { minDimSizeToFactor } = this.#options;
    const late: string[] = [];
    for (const [path, variable] of parameters) {
      const { shape } = variable;
      const state = this.#states.get(path);
      if (state !== undefined) {
        assertShape(`adafactor: state of ${path}`, state.ema.shape, shape, 'It belongs to another model.');
      } else if (!this.isFrozen(path)) {
        // A path that was made from the variable's name, for a caller who never saw that path.
        const label = this.#paths.has(variable) ? `${path} (variable ${variable.name})` : path;
        if (this.stepCount > 0) late.push(label);
        else this.#states.set(path, createState(shape, minDimSizeToFactor, zeros));
      }
    }
    if (late.length > 0) {
      throw new ConfigError(
        `adafactor: no state for ${late.join(', ')} at step ${this.stepCount}; a second moment that starts late makes steps far too large. Start with a new adafactor().`,
      );
    }
    for (const [path, variable] of parameters) this.#own(variable, path);
    const states = [...parameters.keys()].flatMap((path) => this.#states.get(path) ?? []);
    return states.flatMap((state) => partsOf(state).map(([, variable]) => variable));
  }

  /** tfjs's way in: by the names of variables. @throws ConfigError, ShapeError */
  override applyGradients(named: tf.NamedTensorMap | NamedTensors): void {
    const entries = Array.isArray(named)
      ? named.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(named);
    const registered = tf.engine().registeredVariables;
    const parameters = new Map<string, tf.Variable>();
    tf.tidy(() => {
      const gradients = new Map<string, tf.Tensor>();
      for (const [name, gradient] of entries) {
        const parameter = registered[name];
        if (parameter === undefined) throw new ConfigError(`adafactor: there is no variable named ${name}.`);
        const path = this.#pathOf(parameter);
        parameters.set(path, parameter);
        // tfjs's types hide that it passes undefined where the loss does not depend on a variable.
        gradients.set(path, (gradient as tf.Tensor | undefined) ?? tf.zerosLike(parameter));
      }
      this.apply(parameters, gradients);
    });
  }

  /**
   * The state: `iter`, then per path `…/v_row` and `…/v_col` or `…/v`, and `…/ema`. As tfjs has it these are the
   * optimiser's own tensors: read them, do not dispose them.
   */
  override async getWeights(): Promise<NamedTensors> {
    this.#iter?.dispose();
    this.#iter = tf.scalar(this.stepCount, 'int32');
    const weights: NamedTensors = [{ name: 'iter', tensor: this.#iter }];
    for (const [path, state] of this.#states) {
      for (const [part, tensor] of partsOf(state)) weights.push({ name: `${path}/${part}`, tensor });
    }
    return weights;
  }

  /** Takes over a state as {@link getWeights} gives it; on an error the old one stays. @throws CheckpointError */
  override async setWeights(weights: NamedTensors): Promise<void> {
    const iter = weights.find(({ name }) => name === 'iter');
    const count = iter === undefined ? undefined : (await iter.tensor.data())[0];
    if (count === undefined) {
      throw new CheckpointError('adafactor: the saved state lacks iter, the step count.');
    }
    // Copies first: the tensors may be the variables that are about to be freed.
    const states = loadStates(weights, this.#options.minDimSizeToFactor);
    this.#disposeStates();
    for (const [path, state] of states) this.#states.set(path, state);
    this.stepCount = count;
  }

  /** The options as JSON, but for `schedule`, which is a function: give it again after loading. */
  override getConfig(): tf.serialization.ConfigDict {
    const { schedule: _, ...config } = this.#options;
    // Numbers, strings, null and nested lists of them, which tfjs's type of JSON does not foresee.
    return config as unknown as tf.serialization.ConfigDict;
  }

  override dispose(): void {
    this.#disposeStates();
    this.#owners.clear();
  }

  #disposeStates(): void {
    for (const state of this.#states.values()) for (const [, variable] of partsOf(state)) variable.dispose();
    this.#states.clear();
    this.#iter?.dispose();
    this.#iter = undefined;
  }

  #own(variable: tf.Variable, path: string): void {
    this.#paths.set(variable, path);
    this.#owners.set(path, variable);
  }

  /**
   * The path of a variable that tfjs knows by name: the one it has, else its name without the number that tfjs-layers
   * appends to names used before, so that a copy of the model has the same paths; numbered anew where another living
   * variable has that path.
   */
  #pathOf(variable: tf.Variable): string {
    const remembered = this.#paths.get(variable);
    // Unless the caller of apply() has given it to another variable since.
    if (remembered !== undefined && this.#owners.get(remembered) === variable) return remembered;
    // tfjs names a variable without a name by its number in the process.
    const path = variable.name.replace(/_\d+$/, '').replace(/^\d+$/, 'variable');
    const registered = tf.engine().registeredVariables;
    const isFree = (candidate: string): boolean => {
      const owner = this.#owners.get(candidate);
      return owner === undefined || registered[owner.name] !== owner; // tfjs forgets what is disposed
    };
    let free = path;
    for (let n = 1; !isFree(free); n++) free = `${path}_${n}`;
    this.#own(variable, free);
    return free;
  }
}

/**
 * Adafactor with big_vision's defaults.
 *
 * p ← p − schedule(step)·(learningRate·m + weightDecay·p), where m is the running mean of the clipped gradients
 * divided by the root of their second moment.
 *
 * All variables must be there at step 0: a later one has no state and is refused, because a second moment that
 * starts late makes steps far too large. To train more of a model later, begin with a new optimiser.
 *
 * In tfjs's own `minimize` and `fit` the path of a variable is its name without the number tfjs appends; a second
 * living variable of that name gets a number, in the order in which they come (`w`, `w_1`), which patterns see.
 *
 * @param options - see {@link AdafactorOptions}
 * @returns an optimiser for `updateStep`, or for tfjs's `model.compile({ optimizer })`; the caller disposes it
 * @throws ConfigError
 * @example
 * const optimizer = adafactor({ schedule: schedule({ decay: 'rsqrt', total: 100_000, warmup: 10_000 }) });
 * @example
 * // fine-tuning: the position embedding learns ten times as fast, the patch embedding not at all
 * adafactor({ learningRateMultipliers: [['img/pos_embedding', 10], ['img/embedding/.*', null]] });
 */
export function adafactor(options: AdafactorOptions = {}): Adafactor {
  return new Adafactor(options);
}

function zeros(_part: string, shape: number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros(shape), false));
}

/** Names and tensors → states of their own; lists everything that is missing, extra or of another shape at once. */
function loadStates(
  weights: NamedTensors,
  minDimSizeToFactor: number,
): Map<string, ParameterState<tf.Variable>> {
  const byPath = new Map<string, Map<string, tf.Tensor>>();
  for (const { name, tensor } of weights) {
    if (name === 'iter') continue;
    const [, path = '', part = name] = /^(.+)\/([^/]+)$/.exec(name) ?? [];
    byPath.set(path, (byPath.get(path) ?? new Map<string, tf.Tensor>()).set(part, tensor));
  }
  const problems: string[] = [];
  const found = new Map<string, ParameterState>();
  for (const [path, parts] of byPath) {
    const ema = parts.get('ema');
    if (ema === undefined) {
      problems.push(`${path}/ema is missing`);
      continue;
    }
    const state = createState(ema.shape, minDimSizeToFactor, (part, shape) => {
      const tensor = parts.get(part);
      if (tensor === undefined) problems.push(`${path}/${part} is missing`);
      else if (tensor.shape.join() !== shape.join()) {
        problems.push(`${path}/${part} is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`);
      }
      parts.delete(part);
      return tensor ?? ema;
    });
    for (const part of parts.keys()) problems.push(`${path}/${part} is unknown`);
    found.set(path, state);
  }
  if (problems.length > 0) {
    throw new CheckpointError(`adafactor: the saved state does not fit: ${problems.join('; ')}.`);
  }
  const own = new Map<string, ParameterState<tf.Variable>>();
  for (const [path, state] of found) {
    const parts = new Map(partsOf(state));
    const copy = (part: string): tf.Variable => tf.variable(parts.get(part)!, false);
    own.set(path, createState(state.ema.shape, minDimSizeToFactor, copy));
  }
  return own;
}
