// Loss → gradients → new parameters: one step of training. This is the only file that knows the order of an
// update; what each stage does lies with the optimiser. Reference: big_vision `optax.make`.
// Nothing is read back from the device here, and every value that changes with the step count arrives as a
// tensor, so that the whole step can be recorded once and run elsewhere.

import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors.ts';
import { addAll } from '../ops/index.ts';
import { describeValue } from '../options.ts';
import { assertShape } from '../shape.ts';

/** Parameters by their path, as a model hands them out. */
export type Parameters = ReadonlyMap<string, tf.Variable>;

/** The stages of an update, as {@link applyUpdate} puts them in order. */
export interface UpdateRule {
  /** Bound on the l2 norm over all gradients; null for none. */
  readonly clipNorm: number | null;
  /** Whether the parameter stays as it is, and out of the norm. */
  isFrozen(path: string): boolean;
  /** Divides a gradient by the root of its second moment, after taking it into that. */
  scale(path: string, gradient: tf.Tensor, beta2: tf.Scalar): tf.Tensor;
  /** Takes a scaled gradient into the running mean; returns the mean. */
  accumulate(path: string, scaled: tf.Tensor): tf.Tensor;
  /** Step size of the parameter. */
  learningRateOf(path: string): number;
  /** Share of the parameter itself that is added to its step; 0 for none. */
  weightDecayOf(path: string): number;
}

/** What changes from step to step: decay of the second moment, and the schedule's factor. */
export type StepScalars = { readonly beta2: tf.Scalar; readonly schedule: tf.Scalar };

/** What an update is judged by: 0-d tensors the caller reads when it logs, and disposes. */
export type UpdateMetrics = {
  /** l2 norm over all gradients, before clipping. */
  readonly gradNorm: tf.Scalar;
  /** l2 norm over all changes of parameters. */
  readonly updateNorm: tf.Scalar;
};

/** An optimiser, as {@link updateStep} needs it. */
export interface StepOptimizer extends Pick<UpdateRule, 'isFrozen'> {
  /** Updates the parameters by the numbers of the step it has counted to, and counts on. */
  apply(parameters: Parameters, gradients: ReadonlyMap<string, tf.Tensor>): UpdateMetrics;
  /** Updates the parameters by given numbers and counts nothing. */
  update(
    parameters: Parameters,
    gradients: ReadonlyMap<string, tf.Tensor>,
    scalars: StepScalars,
  ): UpdateMetrics;
}

/**
 * One step of training: differentiates the loss and updates every parameter that is not frozen.
 *
 * A parameter the loss does not depend on has gradient zero, as in JAX: its momentum and its decay go on. Freeze
 * it (`learningRateMultipliers: [[path, null]]`) or leave it out to keep it as it is.
 *
 * @param optimizer - as made by `adafactor()`
 * @param parameters - path → variable
 * @param lossFn - computes the loss from these variables; may `tf.keep` whatever else of it is wanted
 * @param scalars - the numbers of the step, for a step that is recorded once and run often; default: the
 *   optimiser counts
 * @returns the loss before the update and the norms, as tensors the caller disposes
 * @throws ConfigError when no parameter is left to train, or one comes late (see `adafactor`)
 * @throws ShapeError when the optimiser's state is of other shapes than the parameters
 * @example
 * const { loss, gradNorm } = updateStep(optimizer, model.parameters(), () =>
 *   contrastiveLoss(embed(images), embed(texts), t),
 * );
 */
export function updateStep(
  optimizer: StepOptimizer,
  parameters: Parameters,
  lossFn: () => tf.Scalar,
  scalars?: StepScalars,
): UpdateMetrics & { readonly loss: tf.Scalar } {
  assertStepOptimizer('updateStep', optimizer);
  const trained = trainedParameters(optimizer, parameters);
  return tf.tidy(() => {
    const { value: loss, grads } = tf.variableGrads(lossFn, [...trained.values()]);
    const gradients = new Map<string, tf.Tensor>();
    for (const [path, parameter] of trained) {
      // Typed as always there, but absent for a variable that the loss does not depend on.
      const gradient: tf.Tensor | undefined = grads[parameter.name];
      gradients.set(path, gradient ?? tf.zerosLike(parameter));
    }
    const metrics =
      scalars === undefined
        ? optimizer.apply(trained, gradients)
        : optimizer.update(trained, gradients, scalars);
    return { loss, ...metrics };
  });
}

/**
 * The update pipeline, stage by stage, for every parameter that has a gradient and is not frozen.
 *
 * @param rule - the stages
 * @param parameters - path → variable; assigned in place
 * @param gradients - path → gradient, of that parameter's shape; those of frozen parameters are not used
 * @param scalars - the numbers of this step
 * @returns norms, as tensors the caller disposes
 * @throws ConfigError when there is nothing to update, or a gradient of no parameter
 * @throws ShapeError when a gradient has another shape than its parameter
 */
export function applyUpdate(
  rule: UpdateRule,
  parameters: Parameters,
  gradients: ReadonlyMap<string, tf.Tensor>,
  scalars: StepScalars,
): UpdateMetrics {
  const trained = [...trainedParameters(rule, parameters)].filter(([path]) => gradients.has(path));
  checkGradients(parameters, gradients);
  if (trained.length === 0) {
    throw new ConfigError(
      'update: no parameter that is left to train has a gradient. Give gradients by the same paths as parameters.',
    );
  }
  return tf.tidy(() => {
    const gradNorm = globalNorm(trained.map(([path]) => gradients.get(path)!));
    const divisor = clipDivisor(gradNorm, rule.clipNorm);
    const squares = trained.map(([path, parameter]) =>
      tf.tidy(() => {
        const gradient = gradients.get(path)!;
        const clipped = divisor === null ? gradient : tf.div(gradient, divisor);
        const scaled = rule.scale(path, clipped, scalars.beta2);
        let update = rule.accumulate(path, scaled);
        update = tf.mul(update, rule.learningRateOf(path));
        const weightDecay = rule.weightDecayOf(path);
        if (weightDecay !== 0) update = tf.add(update, tf.mul(parameter, weightDecay));
        update = tf.mul(update, scalars.schedule);
        parameter.assign(tf.sub(parameter, update));
        return sumOfSquares(update);
      }),
    );
    return { gradNorm, updateNorm: tf.sqrt(addAll(squares)) };
  });
}

/** @throws ConfigError for what cannot do a step, as tfjs's own optimisers cannot */
export function assertStepOptimizer(door: string, optimizer: StepOptimizer): void {
  const methods = ['apply', 'update', 'isFrozen'] as const;
  if (methods.every((method) => typeof optimizer?.[method] === 'function')) return;
  throw new ConfigError(
    `${door}: optimizer: expected one with apply, update and isFrozen, got ${describeValue(optimizer)}. Make one with adafactor().`,
  );
}

function checkGradients(parameters: Parameters, gradients: ReadonlyMap<string, tf.Tensor>): void {
  const unknown = [...gradients.keys()].filter((path) => !parameters.has(path));
  if (unknown.length > 0) {
    throw new ConfigError(`update: gradients of ${unknown.join(', ')}, which are no parameters.`);
  }
  for (const [path, { shape }] of gradients) {
    assertShape(`gradient of ${path}`, shape, parameters.get(path)!.shape);
  }
}

/**
 * The parameters that are neither frozen by the optimiser nor marked so by tfjs.
 *
 * @throws ConfigError when there are none
 */
export function trainedParameters(
  rule: Pick<UpdateRule, 'isFrozen'>,
  parameters: Parameters,
): Map<string, tf.Variable> {
  const trained = [...parameters].filter(([path, { trainable }]) => trainable && !rule.isFrozen(path));
  if (trained.length > 0) return new Map(trained);
  if (parameters.size === 0) throw new ConfigError('update: got no parameters. Give at least one.');
  throw new ConfigError(
    `update: none of ${parameters.size} parameters is left to train. Freeze fewer of them in learningRateMultipliers.`,
  );
}

/** The l2 norm over all elements of all tensors: √Σ x². */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => tf.sqrt(addAll(tensors.map(sumOfSquares))));
}

/** Row by row, then the rows: a single float32 sum over millions of squares would lose its last digits. */
function sumOfSquares(x: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.sum<tf.Scalar>(x.rank > 1 ? tf.sum(tf.square(x), -1) : tf.square(x)));
}

/** What gradients are divided by: 1 below the bound, else norm/bound; by `less`, so that a norm of NaN comes through. */
function clipDivisor(norm: tf.Scalar, clipNorm: number | null): tf.Scalar | null {
  if (clipNorm === null) return null;
  return tf.where(tf.less(norm, clipNorm), tf.scalar(1), tf.div<tf.Scalar>(norm, clipNorm));
}
