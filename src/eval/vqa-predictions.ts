// Questions and a model → its answers: pictures loaded, the questions drawn on them, asked in batches and, where there is
// a place for it, kept part by part. What cannot be read is counted; memory holds the pixels of one batch.

import { type BrokenRecord, decodePicture, PICTURE_LIMITS } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import type { Task, VqaExample, VqaPrediction, VqaReference, VqaSource } from '../tasks/index.ts';
import {
  createSkipCounter,
  MEASURE_OPTIONS,
  type MeasureOptions,
  type ResolvedMeasure,
  resolveMeasure,
  type Skipped,
} from './evaluation.ts';
import { digestOf, ramp } from './parts.ts';
import { answersOf, type ScoredAnswer, type VqaScores } from './vqa-scores.ts';

/** What {@link predictVqa} answers. */
export interface VqaPredictOptions extends Omit<MeasureOptions, 'examples'> {
  /** What `readVqa()` gives; it needs no annotations. */
  readonly source: VqaSource;
  /** What `vqa()` gives: it draws the questions, and its labels are the answers. */
  readonly task: Task<VqaExample, unknown>;
  /** Pictures with their questions on them → a score for each label of the task, [N, labels]; or answers. */
  readonly predict: (pictures: readonly Raster[]) => Promise<VqaScores> | VqaScores;
}

export const VQA_PREDICT_OPTIONS = [
  ...MEASURE_OPTIONS.filter((name) => name !== 'examples'),
  ...['source', 'task', 'predict'],
];

/** What {@link predictVqa} has answered. */
export interface VqaPredictions {
  /** In the order of the source; `vqaResults()` makes the official file of them. */
  readonly predictions: readonly VqaPrediction[];
  /** The score of each answer, where scores were given. */
  readonly scores: readonly (number | null)[];
  readonly skipped: Skipped;
}

/** Questions a part. */
const PART = 256;

/**
 * Answers all questions of a source, test questions among them.
 *
 * @throws ConfigError
 * @throws DataError when too much cannot be read, or `predict` gives other than was asked for
 * @example
 * const { predictions } = await predictVqa({ source: test, task, predict });
 * await writeFile('results.json', vqaResults(predictions, test));
 */
export async function predictVqa(options: VqaPredictOptions): Promise<VqaPredictions> {
  const door = 'predictVqa';
  refuseUnknown(door, options, VQA_PREDICT_OPTIONS);
  return answerQuestions(door, options);
}

/** The same for another door. */
export async function answerQuestions(door: string, options: VqaPredictOptions): Promise<VqaPredictions> {
  const { source, task, predict } = options;
  const resolved = resolveMeasure(door, options);
  const { batchSize, maxSkipped, parts, signal, onProgress } = resolved;
  assertNumber(door, 'batchSize', batchSize, 1, 2 ** 20);
  const labels = labelsOf(door, task);
  assertSource(door, source);
  if (typeof predict !== 'function') {
    throw new ConfigError(
      `${door}: predict: expected a function of Rasters that gives scores, got ${describeValue(predict)}.`,
    );
  }
  const skips = createSkipCounter(door, maxSkipped);
  const mark = parts && (await fingerprintOf(door, options, labels));
  const pictures = createPictures();
  const predictions: VqaPrediction[] = [];
  const scores: (number | null)[] = [];
  let [seen, made] = [0, 0];
  let slot: (VqaReference | BrokenRecord)[] = [];

  const finishSlot = async (): Promise<void> => {
    const asked = slot.filter((each): each is VqaReference => {
      if ('kind' in each) skips.add(each.cause, each.key, each.detail);
      return !('kind' in each);
    });
    const name = `vqa-${mark}-${made++}.json`; // whichever door asked
    const stored = await storedPart(name, asked, resolved);
    const part = stored ?? (await makePart(door, name, asked, options, resolved, labels, pictures));
    for (const { cause, key, detail } of part.broken) skips.add(cause, key, detail);
    for (const { question_id, answer, score } of part.answers) {
      predictions.push({ question_id, answer });
      scores.push(score);
    }
    seen += slot.length;
    slot = [];
    skips.check(seen, 10 * PART); // a bad beginning may yet be made good by a long rest
    onProgress?.({ stage: 'answer', done: seen, total: source.count, unit: 'questions' });
  };
  for await (const reference of source.references(signal)) {
    slot.push(reference);
    if (slot.length === PART) await finishSlot();
    signal?.throwIfAborted();
  }
  if (slot.length > 0) await finishSlot();
  skips.check(seen);
  if (predictions.length === 0) throw new DataError(`${door}: source: ${source.name} has no question.`);
  return { predictions, scores, skipped: skips.summary() };
}

interface Part {
  /** All that should be in it, so that it is used only for these. */
  readonly asked: readonly string[];
  readonly answers: readonly (ScoredAnswer & Pick<VqaPrediction, 'question_id'>)[];
  readonly broken: readonly Pick<BrokenRecord, 'cause' | 'key' | 'detail'>[];
}

async function storedPart(
  name: string,
  asked: readonly VqaReference[],
  { parts }: ResolvedMeasure,
): Promise<Part | undefined> {
  const bytes = await parts?.read(name);
  if (bytes === undefined) return undefined;
  let part: Partial<Part> | null;
  try {
    part = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // a damaged part is made anew
  }
  const isWanted = JSON.stringify(part?.asked) === JSON.stringify(asked.map(identityOf));
  return isWanted ? (part as Part) : undefined; // written as a whole or not at all, and for these questions
}

function identityOf({ key, question }: VqaReference): string {
  return `${key} ${question}`;
}

async function makePart(
  door: string,
  name: string,
  asked: readonly VqaReference[],
  { task, predict }: VqaPredictOptions,
  { batchSize, parts, signal }: ResolvedMeasure,
  labels: readonly string[],
  pictures: Pictures,
): Promise<Part> {
  const broken: BrokenRecord[] = [];
  const answers: Part['answers'][number][] = [];
  let batch: { readonly question_id: number; readonly raster: Raster }[] = [];
  const finishBatch = async (): Promise<void> => {
    if (batch.length === 0) return;
    const said = await predict(batch.map(({ raster }) => raster));
    for (const [i, answer] of answersOf(door, said, batch.length, labels).entries()) {
      answers.push({ question_id: batch[i]!.question_id, ...answer });
    }
    batch = [];
    signal?.throwIfAborted();
  };
  for (const reference of asked) {
    const picture = await pictures.of(reference, signal);
    if ('kind' in picture) {
      broken.push({ ...picture, key: reference.key });
      continue;
    }
    batch.push({
      question_id: reference.questionId,
      raster: await task.raster({ ...reference, picture }),
    });
    if (batch.length >= batchSize) await finishBatch();
  }
  await finishBatch();
  const part: Part = {
    asked: asked.map(identityOf),
    answers,
    broken: broken.map(({ cause, key, detail }) => ({ cause, key, detail })),
  };
  await parts?.write(name, new TextEncoder().encode(JSON.stringify(part)));
  return part;
}

/** Decoded pictures, of which the last is kept: questions about one picture stand together. */
export interface Pictures {
  of(reference: VqaReference, signal: AbortSignal | undefined): Promise<Raster | BrokenRecord>;
}

export function createPictures(): Pictures {
  let last: { readonly imageId: number; readonly picture: Raster | BrokenRecord } | undefined;
  return {
    async of(reference, signal) {
      const { key, imageId } = reference;
      if (last?.imageId === imageId) return last.picture;
      const loaded = await reference.load(signal);
      const picture = 'kind' in loaded ? loaded : await decodePicture(key, loaded, PICTURE_LIMITS, {});
      last = { imageId, picture };
      return picture;
    },
  };
}

/** What tells one model, and one way of drawing, from another: what it makes of a few questions. */
async function fingerprintOf(
  door: string,
  { task, predict }: VqaPredictOptions,
  labels: readonly string[],
): Promise<string> {
  const picture = ramp(64);
  const probes: Raster[] = [];
  for (const question of ['What is this?', 'How many are there?', 'Is it red?']) {
    probes.push(await task.raster({ key: 'probe', question, picture }));
  }
  const said = await predict(probes);
  const numbers: number[] = [];
  for (const { score } of answersOf(door, said, probes.length, labels)) {
    if (score !== null) continue;
    throw new ConfigError(
      `${door}: parts: a model is recognised by its scores, and predict gives answers only. Leave parts out, or give scores.`,
    );
  }
  for (const row of said instanceof Float32Array ? [said] : (said as readonly ArrayLike<number>[])) {
    numbers.push(...Array.from(row)); // scores, as was just found
  }
  return digestOf([task.name, [...labels]], new Uint8Array(Float32Array.from(numbers).buffer));
}

function labelsOf(door: string, task: Task<VqaExample, unknown>): readonly string[] {
  const { raster, targets } = task ?? {};
  if (typeof raster === 'function' && targets && 'labels' in targets) return targets.labels;
  throw new ConfigError(`${door}: task: expected what vqa() gives, got ${describeValue(task)}.`);
}

function assertSource(door: string, source: VqaSource): void {
  const { references, questions, annotations } = source ?? {};
  if (typeof references === 'function' && Array.isArray(questions) && Array.isArray(annotations)) return;
  throw new ConfigError(`${door}: source: expected what readVqa() gives, got ${describeValue(source)}.`);
}
