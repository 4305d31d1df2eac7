// Prompt templates for zero-shot classification and the text clean-up that goes with them, as in big_vision's
// `prompt_engineering.py`: CLIP's 80 templates plus the bare name, written as the grammar they follow.

import { ConfigError } from './errors.ts';

const OF_ADJECTIVE = [
  'bad',
  'low resolution',
  'cropped',
  'bright',
  'dark',
  'close-up',
  'black and white',
].concat(['pixelated', 'jpeg corrupted', 'blurry', 'good']);
const ADJECTIVE = ['hard to see', 'clean', 'dirty', 'cool', 'large', 'nice', 'weird', 'small'];
const A_NOUN = [
  'sculpture',
  'rendering',
  'tattoo',
  'drawing',
  'painting',
  'doodle',
  'sketch',
  'rendition',
  'photo',
];
const NOUN = ['graffiti', 'art', 'itap'];
const KIND = ['embroidered', 'plastic', 'origami', 'toy', 'cartoon', 'plushie'];

/** The 81 templates of the CLIP paper as big_vision uses them (`clip_paper`); `{}` stands for the name. */
export const CLIP_TEMPLATES: readonly string[] = [
  ...['a', 'the'].flatMap((d) => [
    ...OF_ADJECTIVE.map((adjective) => `a ${adjective} photo of ${d} {}.`),
    ...ADJECTIVE.map((adjective) => `a photo of ${d} ${adjective} {}.`),
    ...A_NOUN.map((noun) => `a ${noun} of ${d} {}.`),
    ...NOUN.map((noun) => `${noun} of ${d} {}.`),
    ...KIND.map((kind) => `${d} ${kind} {}.`),
    `${d} {} in a video game.`,
  ]),
  'a photo of many {}.',
  'a photo of my {}.',
  'a photo of one {}.',
  'itap of my {}.',
  '{}',
];

/** The seven templates CLIP's authors found to do best, plus the bare name (`clip_best`). */
export const CLIP_BEST_TEMPLATES: readonly string[] = [
  'itap of a {}.',
  'a bad photo of the {}.',
  'a origami {}.',
  'a photo of the large {}.',
  'a {} in a video game.',
  'art of the {}.',
  'a photo of the small {}.',
  '{}',
];

/** What Python's `str.split()` splits at. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: four of them are white space to Python
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
const PUNCTUATION = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');

/**
 * Underscores become spaces, ASCII punctuation goes, letters are lowered, white space is collapsed.
 *
 * @param keep - a substring that stays as it is: `'{}'` for templates, `','` for names with aliases
 * @example canonicalizePrompt('a close-up photo of a {}.', '{}') // 'a closeup photo of a {}'
 */
export function canonicalizePrompt(text: string, keep = ''): string {
  const clean = (part: string): string =>
    Array.from(part.replaceAll('_', ' '))
      .filter((character) => !PUNCTUATION.has(character))
      .join('');
  const parts = keep === '' ? [clean(text)] : text.split(keep).map(clean);
  return parts.join(keep).toLowerCase().replace(WHITE_SPACE, ' ').replace(/^ | $/g, '');
}

/** A named set, cleaned up as in big_vision, or sentences of your own, drawn as they are; `{}` is the label. */
export type Templates = readonly string[] | keyof typeof SETS;

/** `name-only` is big_vision's `class_name_only`. */
const SETS = {
  'clip-81': CLIP_TEMPLATES,
  'clip-best': CLIP_BEST_TEMPLATES,
  'name-only': ['{}'],
} as const satisfies Record<string, readonly string[]>;

/**
 * Label → the sentences that stand for it.
 *
 * @throws ConfigError for an unknown set, or a template without `{}`
 */
export function promptsOf(templates: Templates): (label: string) => string[] {
  if (typeof templates !== 'string') {
    if (templates.length === 0 || !templates.every((template) => template.includes('{}'))) {
      throw new ConfigError(
        `templates: every template must hold {} where the label goes, got ${JSON.stringify(templates)}.`,
      );
    }
    return (label) => templates.map((template) => template.replaceAll('{}', () => label));
  }
  const set: readonly string[] | undefined = SETS[templates];
  if (set === undefined) {
    throw new ConfigError(
      `templates: expected ${Object.keys(SETS)
        .map((name) => `'${name}'`)
        .join(', ')} or a list, got ${JSON.stringify(templates)}.`,
    );
  }
  const canonical = set.map((template) => canonicalizePrompt(template, '{}'));
  return (label) => canonical.map((template) => template.replaceAll('{}', () => canonicalizePrompt(label)));
}
