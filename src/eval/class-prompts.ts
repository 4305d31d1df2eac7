// Names of classes → one vector each: the names cleaned up and put into sentences as big_vision does, drawn, encoded,
// averaged and scaled to length 1 again.
// Reference: big_vision `evaluators/proj/image_text/prompt_engineering.py`, `discriminative_classifier.py`.

import type { ClippoModel, EncodeOptions } from '../clippo-model.ts';
import { type Embeddings, meanPerClass } from '../embeddings.ts';
import { ConfigError, DataError } from '../errors.ts';
import { describeValue } from '../options.ts';
import { canonicalizePrompt, promptsOf, type Templates } from '../prompts.ts';

/** big_vision's default: the first of the names that a comma separates. @throws DataError when nothing is left */
export function firstAlias(name: string): string {
  const alias = name.split(',')[0]!.trim();
  if (alias === '')
    throw new DataError(`classes: ${JSON.stringify(name)} has no name before its first comma.`);
  return alias;
}

/** How the name of a class becomes the sentences that stand for it. */
export interface ClassPrompts {
  /**
   * `'clip-81'` (default), `'clip-best'`, `'name-only'`, cleaned up as big_vision does; or sentences of your own with
   * `{}`, drawn as they are.
   */
  readonly templates?: Templates;
  /** What of `"tench, Tinca tinca"` is the name: `'first'` (default, as big_vision) or `'whole'`. */
  readonly aliases?: 'first' | 'whole';
  /** Scale the mean over the sentences to length 1 again, default true; CLIPPO's colab does not. */
  readonly normalizeClasses?: boolean;
}

export const CLASS_PROMPTS = ['templates', 'aliases', 'normalizeClasses'];

/** @throws ConfigError */
export function resolveClassPrompts(door: string, options: ClassPrompts): Required<ClassPrompts> {
  const { templates = 'clip-81', aliases = 'first', normalizeClasses = true } = options;
  promptsOf(templates);
  if (aliases !== 'first' && aliases !== 'whole') {
    throw new ConfigError(`${door}: aliases: expected 'first' or 'whole', got ${describeValue(aliases)}.`);
  }
  return { templates, aliases, normalizeClasses };
}

/**
 * @returns one vector a class, in order
 * @throws ConfigError for templates that cannot work, DataError for a name that leaves nothing to draw
 * @example const classes = await encodeClasses(model, ['cat', 'dog'], { templates: 'clip-best' });
 */
export async function encodeClasses(
  model: ClippoModel,
  classes: readonly string[],
  options: ClassPrompts = {},
  encodeOptions: EncodeOptions = {},
): Promise<Embeddings> {
  const { templates, aliases, normalizeClasses } = resolveClassPrompts('encodeClasses', options);
  const prompts = promptsOf(templates);
  const sentences: string[] = [];
  const owners: number[] = [];
  for (const [k, name] of classes.entries()) {
    const said = aliases === 'first' ? firstAlias(name) : name;
    if (typeof templates === 'string' && canonicalizePrompt(said) === '') {
      throw new DataError(
        `classes: ${JSON.stringify(name)} is nothing but punctuation, which these templates leave out. Rename it, or use templates of your own.`,
      );
    }
    for (const sentence of prompts(said)) {
      sentences.push(sentence);
      owners.push(k);
    }
  }
  const vectors = await model.encodeText(sentences, encodeOptions);
  return meanPerClass(vectors, owners, classes.length, { normalize: normalizeClasses });
}
