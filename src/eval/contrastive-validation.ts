// The loss of training on data that was not trained on, batch by batch, and how many pictures find their text within
// theirs: for watching a run, not for reporting.
// Reference: big_vision `evaluators/proj/image_text/contrastive.py`.

import type { RecordSource } from '../data/index.ts';
import { type Embeddings, sliceRows } from '../embeddings.ts';
import { ShapeError } from '../errors.ts';
import { assertNumber, refuseUnknown } from '../options.ts';
import { bootstrapMean } from './bootstrap.ts';
import { embedItems } from './embed-items.ts';
import {
  createEvaluation,
  EVALUATION_OPTIONS,
  type Evaluation,
  type EvaluationOptions,
  resolveEvaluation,
} from './evaluation.ts';
import { assertRecords, pairItems } from './pair-items.ts';

/** What {@link contrastiveValidation} measures. */
export interface ContrastiveValidationOptions extends EvaluationOptions {
  readonly source: RecordSource;
  /** Pairs that are compared with one another, default 1024, at least 2; the last batch may have fewer. */
  readonly globalBatch?: number;
}

/**
 * Values: `loss`, `ncorrect` (share of pictures whose most similar text within the batch is their own) and
 * `temperature`.
 *
 * @throws ConfigError, DataError
 * @example
 * await train({ model, batches, steps, measure: async ({ model }) => (await contrastiveValidation({ model, source })).values });
 */
export async function contrastiveValidation(options: ContrastiveValidationOptions): Promise<Evaluation> {
  const door = 'contrastiveValidation';
  refuseUnknown(door, options, [...EVALUATION_OPTIONS, 'source', 'globalBatch']);
  const resolved = resolveEvaluation(door, options);
  const { source, globalBatch = 1024 } = options;
  assertRecords(door, source);
  assertNumber(door, 'globalBatch', globalBatch, 2, 1e6);
  const embedded = await embedItems({
    ...resolved,
    door,
    items: pairItems(source, resolved.signal, 1),
    settings: null,
  });
  const { temperature } = resolved.model;
  const { pictures, texts } = embedded;
  const [losses, hits]: [number[], number[]] = [[], []];
  for (let start = 0; start < pictures.count; start += globalBatch) {
    const rows = (of: Embeddings): Embeddings =>
      sliceRows(of, start, Math.min(of.count, start + globalBatch));
    const batch = contrastiveTerms(rows(pictures), rows(texts), temperature);
    losses.push(...batch.losses);
    hits.push(...batch.hits);
  }
  const [loss, ncorrect] = [bootstrapMean(losses), bootstrapMean(hits)];
  return createEvaluation({
    task: 'contrastive',
    title: `Contrastive loss of ${source.name}`,
    values: { loss: loss.mean, ncorrect: ncorrect.mean, temperature },
    intervals: { loss, ncorrect },
    plain: ['loss', 'temperature'],
    count: pictures.count,
    skipped: embedded.skipped,
    settings: {
      data: source.name,
      globalBatch,
      chance: Math.log(Math.min(globalBatch, pictures.count)),
    },
    sections: [],
  });
}

/** The contrastive loss pair by pair, as {@link contrastiveTerms} gives it. */
export interface ContrastiveTerms {
  /** Of each pair that counts: half of what its picture and half of what its text has to pay. */
  readonly losses: Float64Array;
  /** Of each pair that counts: 1 where the picture's most similar text is its own; ties count against it. */
  readonly hits: Uint8Array;
}

/**
 * The terms of which the contrastive loss is the mean: −½ log softmax(exp(t) · z · z′ᵀ) by rows and by columns.
 *
 * @param images - float32 [B, E] of length 1
 * @param texts - float32 [B, E], row by row the partners
 * @param temperature - exp(t)
 * @param mask - which pairs count, [B], not 0; the others are neither asked nor candidates. Default all
 * @throws ShapeError
 */
export function contrastiveTerms(
  images: Embeddings,
  texts: Embeddings,
  temperature: number,
  mask?: ArrayLike<number | boolean>,
): ContrastiveTerms {
  const { count, dim } = images;
  if (texts.count !== count || texts.dim !== dim || (mask !== undefined && mask.length !== count)) {
    throw new ShapeError(
      `contrastiveTerms: expected as many texts and mask values as images [${count}, ${dim}], got [${texts.count}, ${texts.dim}] and ${mask?.length ?? 'no mask'}.`,
    );
  }
  const kept = Array.from({ length: count }, (_, i) => i).filter((i) => mask === undefined || mask[i]);
  const size = kept.length;
  const logits = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const image = images.row(kept[i]!);
    for (let j = 0; j < size; j++) {
      const text = texts.row(kept[j]!);
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += image[k]! * text[k]!;
      logits[i * size + j] = temperature * sum;
    }
  }
  const losses = new Float64Array(size);
  const hits = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const own = logits[i * size + i]!;
    const byRow = logSumExp(logits, i * size, 1, size);
    const byColumn = logSumExp(logits, i, size, size);
    losses[i] = (byRow + byColumn) / 2 - own;
    let rank = 0;
    for (let j = 0; j < size; j++) if (j !== i && logits[i * size + j]! >= own) rank++;
    hits[i] = Number(rank === 0);
  }
  return { losses, hits };
}

function logSumExp(values: Float64Array, start: number, stride: number, count: number): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) peak = Math.max(peak, values[start + i * stride]!);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(values[start + i * stride]! - peak);
  return peak + Math.log(sum);
}
