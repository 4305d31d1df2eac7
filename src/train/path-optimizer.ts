// What every optimiser of ours is besides its arithmetic: a tf.Optimizer that keeps the state of each parameter under the
// parameter's path, never under its position or under tfjs's process-wide names, so that it can be saved and given to
// another copy of the model. The order of an update is in update.ts, what is kept and done in the classes below.

import * as tf from '@tensorflow/tfjs-core';
import { isRecording } from '../compile/index.ts';
import { CheckpointError, CompileError, ConfigError } from '../errors.ts';
import { assertShape } from '../shape.ts';
import type { RecordableOptimizer } from './recordable-optimizer.ts';
import {
  applyUpdate,
  type Parameters,
  type StepScalars,
  type UpdateMetrics,
  type UpdateRule,
} from './update.ts';

type NamedTensors = Awaited<ReturnType<tf.Optimizer['getWeights']>>;

/** What is kept of one parameter, by the name of the part. */
type StateParts = ReadonlyMap<string, tf.Variable>;

/** An optimiser whose state is keyed by paths. All variables must be there at step 0: a later one is refused. */
export abstract class PathOptimizer extends tf.Optimizer implements RecordableOptimizer {
  readonly #states = new Map<string, StateParts>();
  /** The path of every variable seen so far. */
  readonly #paths = new WeakMap<tf.Variable, string>();
  /** The variable a path was last given to; as long as it lives, tfjs's names give the path to no other. */
  readonly #owners = new Map<string, tf.Variable>();
  /** The step count as getWeights() last gave it. */
  #iter: tf.Scalar | undefined;

  /** The optimiser as it stands in messages. */
  protected abstract readonly door: string;
  /** The part of a state that has the shape of its parameter. */
  protected abstract readonly wholePart: string;
  /** The parts that are kept of a parameter of this shape, in the order in which they are saved; zero at first. */
  protected abstract partShapes(shape: readonly number[]): [part: string, shape: number[]][];
  /** The stages of an update on the state of {@link partsOf}. */
  protected abstract rule(): UpdateRule;
  abstract isFrozen(path: string): boolean;
  abstract stepNumbers(step?: number): { beta2: number; schedule: number };

  /** Updates done so far; to be set only after steps that were given their numbers, see {@link update}. */
  get stepCount(): number {
    return this.iterations;
  }

  set stepCount(count: number) {
    this.iterations_ = count;
  }

  /** What is kept of a parameter that has been prepared. */
  protected partsOf(path: string): StateParts {
    return this.#states.get(path)!;
  }

  /**
   * One update of all parameters that have a gradient.
   *
   * @throws ConfigError when there is nothing to update, or a parameter comes later than the first update
   * @throws ShapeError when a gradient or the state has another shape than its parameter
   * @throws CompileError while a function is being recorded: the count of steps would stand still
   */
  apply(parameters: Parameters, gradients: ReadonlyMap<string, tf.Tensor>): UpdateMetrics {
    if (isRecording()) {
      throw new CompileError(
        `${this.door}: a recorded step would repeat its number for ever, because the optimiser counts in JavaScript. Use createTrainStep(), or updateStep() with scalars that the function takes as inputs.`,
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
    return applyUpdate(this.rule(), parameters, gradients, scalars);
  }

  /**
   * Makes the state of these parameters, which the first step would do too; a recorded step needs it before.
   *
   * @returns the variables of their state, which setWeights() replaces by others
   * @throws ConfigError for parameters without state after step 0
   * @throws ShapeError when the state has another shape than its parameter
   */
  prepare(parameters: Parameters): tf.Variable[] {
    const late: string[] = [];
    for (const [path, variable] of parameters) {
      const { shape } = variable;
      const state = this.#states.get(path);
      if (state !== undefined) {
        const kept = state.get(this.wholePart)!.shape;
        assertShape(`${this.door}: state of ${path}`, kept, shape, 'It belongs to another model.');
      } else if (!this.isFrozen(path)) {
        // A path that was made from the variable's name, for a caller who never saw that path.
        const label = this.#paths.has(variable) ? `${path} (variable ${variable.name})` : path;
        if (this.stepCount > 0) late.push(label);
        else this.#states.set(path, zeroState(this.partShapes(shape)));
      }
    }
    if (late.length > 0) {
      throw new ConfigError(
        `${this.door}: no state for ${late.join(', ')} at step ${this.stepCount}; a second moment that starts late makes steps far too large. Start with a new ${this.door}().`,
      );
    }
    for (const [path, variable] of parameters) this.#own(variable, path);
    return [...parameters.keys()].flatMap((path) => [...(this.#states.get(path)?.values() ?? [])]);
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
        if (parameter === undefined)
          throw new ConfigError(`${this.door}: there is no variable named ${name}.`);
        const path = this.#pathOf(parameter);
        parameters.set(path, parameter);
        // tfjs's types hide that it passes undefined where the loss does not depend on a variable.
        gradients.set(path, (gradient as tf.Tensor | undefined) ?? tf.zerosLike(parameter));
      }
      this.apply(parameters, gradients);
    });
  }

  /**
   * The state: `iter`, then the parts of every path, `…/ema` among others. As tfjs has it these are the optimiser's own
   * tensors: read them, do not dispose them.
   */
  override async getWeights(): Promise<NamedTensors> {
    this.#iter?.dispose();
    this.#iter = tf.scalar(this.stepCount, 'int32');
    const weights: NamedTensors = [{ name: 'iter', tensor: this.#iter }];
    for (const [path, state] of this.#states) {
      for (const [part, tensor] of state) weights.push({ name: `${path}/${part}`, tensor });
    }
    return weights;
  }

  /** Takes over a state as {@link getWeights} gives it; on an error the old one stays. @throws CheckpointError */
  override async setWeights(weights: NamedTensors): Promise<void> {
    const iter = weights.find(({ name }) => name === 'iter');
    const count = iter === undefined ? undefined : (await iter.tensor.data())[0];
    if (count === undefined) {
      throw new CheckpointError(`${this.door}: the saved state lacks iter, the step count.`);
    }
    // Copies first: the tensors may be the variables that are about to be freed.
    const states = this.#copiedStates(weights);
    this.#disposeStates();
    for (const [path, state] of states) this.#states.set(path, state);
    this.stepCount = count;
  }

  override dispose(): void {
    this.#disposeStates();
    this.#owners.clear();
  }

  #disposeStates(): void {
    for (const state of this.#states.values()) for (const variable of state.values()) variable.dispose();
    this.#states.clear();
    this.#iter?.dispose();
    this.#iter = undefined;
  }

  /** Names and tensors → states of their own; lists everything that is missing, extra or of another shape at once. */
  #copiedStates(weights: NamedTensors): Map<string, StateParts> {
    const byPath = new Map<string, Map<string, tf.Tensor>>();
    for (const { name, tensor } of weights) {
      if (name === 'iter') continue;
      const [, path = '', part = name] = /^(.+)\/([^/]+)$/.exec(name) ?? [];
      byPath.set(path, (byPath.get(path) ?? new Map<string, tf.Tensor>()).set(part, tensor));
    }
    const problems: string[] = [];
    const found = new Map<string, [part: string, tensor: tf.Tensor][]>();
    for (const [path, parts] of byPath) {
      const whole = parts.get(this.wholePart);
      if (whole === undefined) {
        problems.push(`${path}/${this.wholePart} is missing`);
        continue;
      }
      const state: [part: string, tensor: tf.Tensor][] = [];
      for (const [part, shape] of this.partShapes(whole.shape)) {
        const tensor = parts.get(part);
        parts.delete(part);
        if (tensor === undefined) problems.push(`${path}/${part} is missing`);
        else if (tensor.shape.join() !== shape.join()) {
          problems.push(`${path}/${part} is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`);
        } else state.push([part, tensor]);
      }
      for (const part of parts.keys()) problems.push(`${path}/${part} is unknown`);
      found.set(path, state);
    }
    if (problems.length > 0) {
      throw new CheckpointError(`${this.door}: the saved state does not fit: ${problems.join('; ')}.`);
    }
    const copies = [...found].map(([path, state]) => {
      const parts = state.map(([part, tensor]) => [part, tf.variable(tensor, false)] as const);
      return [path, new Map(parts)] as const;
    });
    return new Map(copies);
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

function zeroState(shapes: readonly (readonly [part: string, shape: number[]])[]): StateParts {
  return new Map(
    shapes.map(([part, shape]) => [part, tf.tidy(() => tf.variable(tf.zeros(shape), false))] as const),
  );
}
