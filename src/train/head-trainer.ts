// A head on features alone, without a model: what evaluations take to learn answers from vectors, whichever encoder made
// them. The training is that of finetune with `part: 'head'`.

import * as tf from '@tensorflow/tfjs-core';
import { createEmbeddings, type Embeddings } from '../embeddings.ts';
import { DataError, ShapeError } from '../errors.ts';
import { buildHead, headValues, networkParameters } from '../model/index.ts';
import { gelu, linear } from '../ops/index.ts';
import { refuseUnknown } from '../options.ts';
import type { FitHead, FittedHead, TargetKind } from '../tasks/index.ts';
import { answersOf } from './answer-metrics.ts';
import { exampleWeights } from './class-weights.ts';
import { type ClassifierOptions, resolveHidden } from './classifier-options.ts';
import { type EngineOptions, findRuntime, resolveEngineOptions } from './engine.ts';
import { featureFeed } from './example-feed.ts';
import { resolveTargets, type Target } from './example-targets.ts';
import { scaleOf } from './feature-scale.ts';
import { startOfHead, unscaledHead } from './finetune-learner.ts';
import { type FinetuneSettings, planFinetune } from './finetune-options.ts';
import { runTrial, setWeights, weightsOf } from './finetune-trial.ts';
import { assertExamples } from './labelled-examples.ts';
import type { Weights } from './trial-file.ts';

/** How {@link headTrainer} trains a head. */
export interface HeadTrainerOptions
  extends EngineOptions,
    Pick<ClassifierOptions, 'head'>,
    Pick<FinetuneSettings, 'optimizer' | 'schedule' | 'epochs' | 'steps' | 'batchSize' | 'classWeights'> {
  /** Step size; default 0.8 / features for a linear head, at most 0.03; else 1e-3. */
  readonly learningRate?: number;
}

const OPTIONS = [
  ...['head', 'optimizer', 'schedule', 'epochs', 'steps', 'batchSize', 'classWeights', 'learningRate'],
  ...['engine', 'runtime'],
];

/**
 * Makes a trainer of heads: linear ones or with hidden layers, on features of any encoder.
 *
 * @param options - as `finetune` has them
 * @returns to be handed to an evaluation, such as that of GLUE
 * @throws ConfigError
 * @example
 * const fitHead = headTrainer({ head: 'mlp', epochs: 30 });
 * const head = await fitHead(features, labels, { targets: { kind: 'classes', labels: ['no', 'yes'] } });
 * const scores = await head.predict(others);
 */
export function headTrainer(options: HeadTrainerOptions = {}): FitHead {
  const door = 'headTrainer';
  refuseUnknown(door, options, OPTIONS);
  const { head: shape = 'linear', engine, runtime: given, ...settings } = options;
  const hidden = resolveHidden(door, shape);
  const wanted = resolveEngineOptions(door, { ...(engine && { engine }), ...(given && { runtime: given }) });
  return async (features, targets, { targets: kind, seed = 0, signal }) => {
    const list = targetsOf(kind, features.count, targets);
    assertExamples(door, { features, targets: list });
    const rows = resolveTargets(door, list, kind);
    const head = { inputs: features.dim, hidden };
    const plan = planFinetune(door, { ...settings, seed }, { part: 'head', examples: rows.count, head });
    const [name] = plan.trials;
    const probe = plan.createOptimizer(name!.learningRate); // one rate, one seed
    const runtime = await findRuntime(door, wanted, probe).finally(() => probe.dispose());
    await tf.ready();
    const scale = scaleOf(features);
    const source = headValues(seed);
    const network = buildHead({ inputs: features.dim, hidden, outputs: rows.width }, source);
    const parameters = networkParameters(network);
    try {
      setWeights(parameters, startOfHead(parameters, source, kind, rows));
      await runTrial({
        ...{ door, name: name!, plan, kind, runtime },
        trainee: {
          parameters,
          forward: ([x]) => network.apply(x!, { training: true }) as tf.Tensor2D, // one in, one out
        },
        train: { feed: featureFeed(features, scale), rows },
        weights: exampleWeights(door, kind, rows, options.classWeights),
        dev: undefined,
        metricOf: () => 0, // nothing is measured
        ...(signal && { signal }),
      });
      signal?.throwIfAborted();
      return fittedHead(
        kind,
        unscaledHead(await weightsOf(parameters), hidden, scale),
        features.dim,
        hidden.length,
      );
    } finally {
      tf.dispose([...parameters.values()]);
    }
  };
}

/** [N] or [N, L] row-major → a target each. @throws DataError */
function targetsOf(kind: TargetKind, count: number, targets: ArrayLike<number>): Target[] {
  if (kind.kind !== 'multi-label') return Array.from(targets);
  const width = kind.labels.length;
  if (targets.length !== count * width) {
    throw new DataError(
      `headTrainer: expected ${width} targets for each of ${count} rows of features, ${count * width} in all, got ${targets.length}.`,
    );
  }
  const all = Float32Array.from(targets);
  return Array.from({ length: count }, (_, i) => all.subarray(i * width, (i + 1) * width));
}

/** A head that owns no tensors: it makes them anew for each call. */
function fittedHead(kind: TargetKind, weights: Weights, dim: number, depth: number): FittedHead {
  return {
    async predict(features: Embeddings) {
      if (features.dim !== dim) {
        throw new ShapeError(
          `headTrainer: predict: the head was trained on features of ${dim} numbers, got ${features.dim}.`,
        );
      }
      const scores = tf.tidy(() => {
        let x: tf.Tensor2D = tf.tensor2d(features.data, [features.count, dim]);
        for (let i = 0; i < depth; i++) x = gelu(layer(x, weights, `hidden_${i}`));
        return layer(x, weights, 'output');
      });
      const width = scores.shape[1];
      try {
        const data = (await scores.data()) as Float32Array; // float32 as all scores
        return createEmbeddings(answersOf(kind, data.slice(), width), width);
      } finally {
        scores.dispose();
      }
    },
  };
}

function layer(x: tf.Tensor2D, weights: Weights, name: string): tf.Tensor2D {
  const [kernel, bias] = [weights.get(`${name}/kernel`)!, weights.get(`${name}/bias`)!];
  return linear(x, tf.tensor2d(kernel, [x.shape[1], bias.length]), tf.tensor1d(bias));
}
