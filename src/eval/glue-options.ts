// What a measurement of GLUE takes: checked, and with defaults.

import type { JsonValue } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import {
  type FitHead,
  type GlueFacts,
  type GlueRecord,
  type GlueSource,
  type GlueTask,
  glueFacts,
  type Task,
} from '../tasks/index.ts';
import { assertEncoder, type Encoder } from './encoder.ts';
import { MEASURE_OPTIONS, type MeasureOptions, type ResolvedMeasure, resolveMeasure } from './evaluation.ts';
import { assertGlue, type ExampleInput, inputMark } from './glue-items.ts';
import { ridgeHead } from './ridge-head.ts';

/** What {@link evaluateGlue} measures. */
export interface EvaluateGlueOptions extends MeasureOptions {
  /** A ClippoModel, or whatever else has `encode(texts)`. */
  readonly model: Encoder;
  /** What the head learns from. */
  readonly train: GlueSource;
  /** What is measured, of the same task; both dev sets of MNLI, if you like. */
  readonly dev: GlueSource | readonly GlueSource[];
  /** What is predicted for a submission, of the same task; after MNLI also the diagnostic set. Default none. */
  readonly test?: GlueSource | readonly GlueSource[];
  /** Default {@link ridgeHead}. */
  readonly fitHead?: FitHead;
  /** Examples of `train` that are taken, the first ones. Default all. */
  readonly maxTrain?: number;
  /** Printed between the sentences of a pair, which go in as one string. Default `'[SEP]'`. */
  readonly separator?: string;
  /** Draws examples, so that they go in as pictures in place of strings: `glue(name, { pairs: 'blocks' })`. */
  readonly pictures?: Task<GlueRecord>;
  /** Of a ClippoModel, default `'pre_logits'`. */
  readonly layer?: 'head' | 'pre_logits';
  /** For the trainer of the head, default 0. */
  readonly seed?: number;
}

const KNOWN = [
  ...MEASURE_OPTIONS,
  ...['model', 'train', 'dev', 'test', 'fitHead', 'maxTrain', 'separator', 'pictures', 'layer', 'seed'],
];

/** As it stands in messages. */
export const DOOR = 'evaluateGlue';

/** With defaults, and what follows from them. */
export interface ResolvedGlue extends ResolvedMeasure {
  readonly model: Encoder;
  readonly train: GlueSource;
  /** At least one. */
  readonly devs: readonly GlueSource[];
  readonly tests: readonly GlueSource[];
  readonly facts: GlueFacts;
  readonly fitHead: FitHead;
  readonly maxTrain: number;
  readonly seed: number;
  readonly layer: 'head' | 'pre_logits';
  readonly input: ExampleInput;
  /** Of the input. */
  readonly mark: JsonValue;
}

/** @throws ConfigError */
export async function resolveGlueOptions(options: EvaluateGlueOptions): Promise<ResolvedGlue> {
  refuseUnknown(DOOR, options, KNOWN);
  const { model, train, fitHead = ridgeHead(), maxTrain = Infinity, seed = 0 } = options;
  const { layer = 'pre_logits', separator, pictures } = options;
  assertEncoder(DOOR, model);
  assertGlue(DOOR, 'train', train);
  const facts = glueFacts(DOOR, train.task);
  const devs = splitsOf('dev', options.dev, [train.task]);
  if (devs.length === 0) throw new ConfigError(`${DOOR}: dev: expected a split to measure, got none.`);
  const tests = splitsOf('test', options.test ?? [], train.task === 'mnli' ? ['mnli', 'ax'] : [train.task]);
  if (maxTrain !== Infinity) assertNumber(DOOR, 'maxTrain', maxTrain, 2, Number.MAX_SAFE_INTEGER);
  if (typeof fitHead !== 'function') {
    throw new ConfigError(
      `${DOOR}: fitHead: expected a function, as ridgeHead() gives, got ${describeValue(fitHead)}.`,
    );
  }
  const input = {
    ...(separator !== undefined && { separator }),
    ...(pictures !== undefined && { pictures }),
  };
  return {
    ...resolveMeasure(DOOR, options),
    ...{ model, train, devs, tests, facts, fitHead, maxTrain, seed, layer, input },
    mark: await inputMark(input),
  };
}

function splitsOf(
  name: string,
  given: GlueSource | readonly GlueSource[],
  tasks: readonly GlueTask[],
): GlueSource[] {
  const sources = [given].flat() as GlueSource[]; // flat() does not know that a source is no list
  for (const source of sources) {
    assertGlue(DOOR, name, source);
    if (tasks.includes(source.task)) continue;
    throw new ConfigError(
      `${DOOR}: ${name}: expected a split of ${tasks.join(' or ')}, which train is of, got ${source.name}.`,
    );
  }
  const twice = sources.find(({ split, task }, i) =>
    sources.slice(0, i).some((other) => other.split === split && other.task === task),
  );
  if (twice !== undefined) throw new ConfigError(`${DOOR}: ${name}: ${twice.name} is there twice.`);
  return sources;
}
