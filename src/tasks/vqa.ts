// VQA as a task: a question and its picture → one Raster with the question drawn on it, and which of the frequent
// answers people gave.
// Reference: the CLIPPO paper renders the question at the top of the image and classifies among the answers of the
// training data; sizes 224 and 384 px. Its code for it was never released, so targets are offered in both customary ways.

import { decodePicture, PICTURE_LIMITS } from '../data/index.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { Raster } from '../raster/index.ts';
import {
  type ComposedQuestion,
  type ComposeOptions,
  composeQuestion,
  resolveComposeOptions,
} from '../render/index.ts';
import type { TextTask } from './text-overflow.ts';
import { mostFrequentAnswer, vqaSoftScores } from './vqa-agreement.ts';
import type { VqaAnnotation } from './vqa-json.ts';
import type { VqaReference } from './vqa-source.ts';
import { type AnswerVocabulary, assertAnswers } from './vqa-vocabulary.ts';

/** A question and its picture: a reference of `readVqa()` as it is, or one whose picture is there. */
export type VqaExample = Pick<VqaReference, 'key' | 'question' | 'annotation'> &
  (Pick<VqaReference, 'load'> | { /** Encoded, or pixels. */ readonly picture: Uint8Array | Raster });

/** Sizes, placement and mode as {@link composeQuestion} has them: 224 px, at the top, a strip of its own. */
export interface VqaOptions extends ComposeOptions {
  /** The labels, in their order. */
  readonly vocabulary: Pick<AnswerVocabulary, 'answers'>;
  /**
   * `'single'` (default): the answer of most people is the class. `'soft'`: the score that the official scorer would
   * give each label, 0.3, 0.6, 0.9 or 1; labels without one are absent.
   */
  readonly targets?: 'single' | 'soft';
}

/** Scores by label, those that are not 0. */
export type VqaSoftTarget = Readonly<Record<string, number>>;

/**
 * Targets are undefined where people gave no answer of the vocabulary; `vocabularyCoverage()` counts them.
 *
 * @param options - `size` is that of the model: 384 goes with `ClippoModel.load(source, { imageSize: 384 })`, which
 *   resamples the positions
 * @throws ConfigError when an option is wrong
 * @throws DataError when the vocabulary is none
 * @example
 * const task = vqa({ vocabulary, size: 384, targets: 'soft' });
 * for await (const example of train.references()) {
 *   if (!('kind' in example)) console.log(await task.raster(example), task.target(example)); // { cat: 1, kitten: 0.6 }
 * }
 */
export function vqa(options: VqaOptions & { readonly targets: 'soft' }): TextTask<VqaExample, VqaSoftTarget>;
export function vqa(options: VqaOptions & { readonly targets?: 'single' }): TextTask<VqaExample, number>;
export function vqa(options: VqaOptions): TextTask<VqaExample, number | VqaSoftTarget>;
export function vqa(options: VqaOptions): TextTask<VqaExample, number | VqaSoftTarget> {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(
      `vqa: expected an options object with a vocabulary, got ${describeValue(options)}.`,
    );
  }
  const { vocabulary, targets = 'single', ...compose } = options;
  assertAnswers('vqa: vocabulary', vocabulary?.answers);
  if (targets !== 'single' && targets !== 'soft') {
    throw new ConfigError(`vqa: targets: expected 'single' or 'soft', got ${describeValue(targets)}.`);
  }
  resolveComposeOptions(compose);
  const labels = [...vocabulary.answers];
  const places = new Map(labels.map((answer, place) => [answer, place]));
  const targetOf = (annotation: VqaAnnotation): number | VqaSoftTarget | undefined =>
    targets === 'soft' ? softTarget(annotation, places) : places.get(mostFrequentAnswer(annotation));
  const composed = async (example: VqaExample): Promise<ComposedQuestion> => {
    const { key, question } = example;
    const picture = 'picture' in example ? example.picture : await example.load();
    const decoded =
      picture instanceof Uint8Array ? await decodePicture(key, picture, PICTURE_LIMITS, {}) : picture;
    if (!('kind' in decoded)) return composeQuestion(question, decoded, compose);
    throw new DataError(`vqa: question ${key}: ${decoded.cause}: ${decoded.detail}`);
  };
  return {
    name: 'vqa',
    targets: { kind: targets === 'soft' ? 'multi-label' : 'classes', labels },
    raster: composed,
    async draw(example) {
      const raster = await composed(example);
      const { characterCount, droppedCharacters } = raster;
      return { raster, characterCount, droppedCharacters };
    },
    target: ({ annotation }) => annotation && targetOf(annotation),
  };
}

function softTarget(
  annotation: VqaAnnotation,
  places: ReadonlyMap<string, number>,
): VqaSoftTarget | undefined {
  const known = [...vqaSoftScores(annotation)].filter(([answer, score]) => score > 0 && places.has(answer));
  return known.length > 0 ? Object.fromEntries(known) : undefined;
}
