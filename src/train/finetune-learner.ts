// A classifier as a training sees it: which variables learn, how they make scores of a batch, and with which values a
// training begins.

import * as tf from '@tensorflow/tfjs-core';
import { model as cutModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { headLayerNames, headValues, type ParameterSource } from '../model/index.ts';
import type { TargetKind } from '../tasks/index.ts';
import type { Classifier } from './classifier.ts';
import type { TargetRows } from './example-targets.ts';
import { type DenseValues, type FeatureScale, withoutScale, withScale } from './feature-scale.ts';
import type { FinetunePlan, TrialName } from './finetune-options.ts';
import type { Trainee } from './finetune-step.ts';
import { setWeights, weightsOf } from './finetune-trial.ts';
import type { Weights } from './trial-file.ts';
import type { Parameters } from './update.ts';

/** Before the paths of a classifier's head. */
const PREFIX = 'classifier/';

export interface ClassifierLearner {
  readonly trainee: Trainee;
  /** Start values of a training: the network as it was, the head by the seed or as it was. */
  begin(name: TrialName): void;
  /** What was learned on scaled features becomes a head for features as they are. */
  finish(): Promise<void>;
  /** The head, and the network where its values were kept, as they were. */
  restore(): void;
}

/**
 * @param scale - of the features the head is trained on; undefined when the network learns too
 * @param rows - what is learned, for where a regression begins
 */
export async function createLearner(
  classifier: Classifier,
  { keepHead, trials }: Pick<FinetunePlan, 'keepHead' | 'trials'>,
  scale: FeatureScale | undefined,
  rows: TargetRows,
): Promise<ClassifierLearner> {
  const head = classifier.parameters();
  const network: Parameters = scale === undefined ? trainedOf(classifier) : new Map();
  const [headBefore, networkBefore] = [
    await weightsOf(head),
    await weightsOf(trials.length > 1 ? network : new Map()),
  ];
  const { targets: kind, settings } = classifier;
  const first = `${PREFIX}${headLayerNames(settings)[0]}`;

  return {
    trainee: {
      parameters: new Map([...head, ...network]),
      forward:
        scale === undefined ? forwardAll(classifier) : ([features]) => scoresOf(classifier.head, features!),
    },
    begin({ seed }) {
      setWeights(network, networkBefore);
      if (keepHead) setWeights(head, scale ? rescaled(headBefore, first, scale, withScale) : headBefore);
      else setWeights(head, startOfHead(head, headValues(seed), kind, rows, PREFIX));
    },
    async finish() {
      if (scale === undefined) return;
      setWeights(head, unscaledHead(await weightsOf(head), settings.hidden, scale, PREFIX));
    },
    restore() {
      setWeights(head, headBefore);
      setWeights(network, networkBefore);
    },
  };
}

/** All that the head's scores depend on, but for the head: a parameter without a gradient would only decay. */
function trainedOf({ model, settings: { on } }: Classifier): Parameters {
  const isUsed = (path: string): boolean =>
    path !== 't' && (on === 'embedding' || !path.startsWith('img/head/'));
  return new Map([...model.parameters()].filter(([path]) => isUsed(path)));
}

/** Pictures, those of one size together → scores of all, in the order of the groups. */
function forwardAll(classifier: Classifier): Trainee['forward'] {
  const backbone = cutModel({
    inputs: classifier.model.network.inputs,
    outputs: classifier.featureOutput(),
  });
  return (groups) => {
    const rows = groups.map((images) => scoresOf(classifier.head, scoresOf(backbone, images)));
    return rows.length === 1 ? rows[0]! : tf.concat(rows);
  };
}

function scoresOf(network: LayersModel, x: tf.Tensor): tf.Tensor2D {
  return network.apply(x, { training: true }) as tf.Tensor2D; // one tensor in, one out
}

/**
 * What a head begins with: values of the source, and of a regression the mean, which is the best guess as long as nothing is
 * known.
 *
 * @param prefix - of the paths, which the source does not know
 */
export function startOfHead(
  head: Parameters,
  source: ParameterSource,
  kind: TargetKind,
  rows: TargetRows,
  prefix = '',
): Weights {
  const values = new Map<string, Float32Array>();
  for (const [path, { shape }] of head) values.set(path, source(path.slice(prefix.length), shape));
  if (kind.kind === 'regression') values.get(`${prefix}output/bias`)!.fill(meanOf(rows));
  return values;
}

function meanOf(rows: TargetRows): number {
  const value = new Float32Array(1);
  let sum = 0;
  for (let i = 0; i < rows.count; i++) {
    rows.write(i, value.fill(0), 0);
    sum += value[0]!;
  }
  return sum / rows.count;
}

/** Weights that were learned on scaled features → weights for features as they are. */
export function unscaledHead(
  weights: Weights,
  hidden: readonly number[],
  scale: FeatureScale,
  prefix = '',
): Weights {
  return rescaled(weights, `${prefix}${headLayerNames({ hidden })[0]}`, scale, withoutScale);
}

function rescaled(
  weights: Weights,
  layer: string,
  scale: FeatureScale,
  change: (layer: DenseValues, scale: FeatureScale) => DenseValues,
): Weights {
  const [kernel, bias] = [weights.get(`${layer}/kernel`)!, weights.get(`${layer}/bias`)!];
  const changed = change({ kernel, bias }, scale);
  return new Map([...weights, [`${layer}/kernel`, changed.kernel], [`${layer}/bias`, changed.bias]]);
}
