// Texts of many languages → how long they become as patches of CLIPPO and as tokens: what a text costs by language.
// Reference: figure 3 of the CLIPPO paper (C4 in 104 languages, about 20,000 texts each). Ours: quartiles, ratios, and
// how many texts do not fit on the canvas at all.

import { ConfigError, DataError } from '../errors.ts';
import { assertNumber, describeValue, refuseUnknown } from '../options.ts';
import type { OnProgress } from '../progress.ts';
import { createRenderer, type Renderer } from '../render/index.ts';
import { type Tokenizer, tokenizerName } from '../tokens/index.ts';
import { createPatchCounter, type PatchCounter, type PatchCounterOptions } from './patch-count.ts';

/** Texts of one language: an array, a generator, lines of a file. */
export type Texts = Iterable<string> | AsyncIterable<string>;

/** What {@link tokenEfficiency} measures. */
export interface TokenEfficiencyOptions {
  /** Texts by language, in the order of the result. */
  readonly texts: { readonly [language: string]: Texts };
  /** What CLIPPO is held against. Default: nothing. */
  readonly tokenizers?: readonly Tokenizer[];
  /** Texts a language, the first ones. Default 20,000. */
  readonly maxTexts?: number;
  /** How text is drawn, and the size of a patch. */
  readonly render?: PatchCounterOptions;
  /** Side of the canvas that texts have to fit on, px. Default 224. */
  readonly imageSize?: number;
  readonly signal?: AbortSignal;
  /** Told after each language. */
  readonly onProgress?: OnProgress;
}

/** How long the texts of a language are by one method. */
export interface SequenceLengths {
  readonly mean: number;
  /** The first quartile, the median, the third; between two lengths, their weighted mean. */
  readonly quartiles: readonly [number, number, number];
  /** `mean` in units of CLIPPO's: above 1, CLIPPO is shorter. */
  readonly ratio: number;
}

/** How long the texts of one language become. */
export interface LanguageEfficiency {
  readonly language: string;
  /** Texts that were measured. */
  readonly texts: number;
  /** Texts without ink, which were passed over. */
  readonly blank: number;
  /** Code points a text, in the mean. */
  readonly characters: number;
  /** Share of the texts of which something falls off the canvas. */
  readonly overflow: number;
  /** In the order of {@link TokenEfficiency.methods}. */
  readonly lengths: readonly SequenceLengths[];
}

/** A method over all languages, each of which counts the same. */
export interface MeanLengths {
  /** The mean of the languages' means. */
  readonly mean: number;
  /** The geometric mean of the languages' ratios: texts longer in one language than in another count no more. */
  readonly ratio: number;
  /** Languages in which CLIPPO is shorter. */
  readonly longerIn: number;
}

/** How long texts become, by language and in the mean over the languages. */
export interface TokenEfficiency {
  /** `'CLIPPO'`, then the names of the tokenizers. */
  readonly methods: readonly string[];
  readonly languages: readonly LanguageEfficiency[];
  /** In the order of `methods`. */
  readonly means: readonly MeanLengths[];
}

const CLIPPO = 'CLIPPO';
/** Texts between two looks at the clock and the signal. */
const TEXTS_A_TURN = 256;

/**
 * Measures, language by language, how long texts become as patches and as tokens.
 *
 * @throws ConfigError; DataError for a language without a text that has ink, or with something else than a string;
 * the signal's reason when aborted
 * @example
 * const result = await tokenEfficiency({
 *   texts: { en: ['a photo of a dog'], ja: ['犬の写真'] },
 *   tokenizers: [parseSentencePiece(file, { name: 'mT5, 250k' })],
 * });
 * await writeFile('tokens.svg', tokenEfficiencyFigure(result));
 */
export async function tokenEfficiency(options: TokenEfficiencyOptions): Promise<TokenEfficiency> {
  const door = 'tokenEfficiency';
  const known = ['texts', 'tokenizers', 'maxTexts', 'render', 'imageSize', 'signal', 'onProgress'];
  refuseUnknown(door, options, known);
  const {
    texts,
    tokenizers = [],
    maxTexts = 20_000,
    render = {},
    imageSize = 224,
    signal,
    onProgress,
  } = options;
  const languages = checkTexts(door, texts);
  checkTokenizers(door, tokenizers);
  if (maxTexts !== Infinity) {
    assertNumber(door, 'maxTexts', maxTexts, 1, Number.MAX_SAFE_INTEGER);
    if (!Number.isInteger(maxTexts)) {
      throw new ConfigError(`${door}: maxTexts: expected an integer or Infinity, got ${maxTexts}.`);
    }
  }
  const patches = await createPatchCounter(render);
  const { patchSize: _, ...drawing } = render;
  const canvas = await createRenderer({ ...drawing, size: imageSize });

  const measured: LanguageEfficiency[] = [];
  for (const [language, each] of languages) {
    measured.push(await measure(language, each, { patches, canvas, tokenizers, maxTexts, signal }));
    onProgress?.({
      stage: 'measure',
      done: measured.length,
      total: languages.length,
      unit: 'languages',
    });
  }
  const methods = [CLIPPO, ...tokenizers.map(({ name }) => name)];
  return { methods, languages: measured, means: methods.map((_, method) => meansOf(measured, method)) };
}

interface Measures {
  readonly patches: PatchCounter;
  readonly canvas: Renderer;
  readonly tokenizers: readonly Tokenizer[];
  readonly maxTexts: number;
  readonly signal: AbortSignal | undefined;
}

async function measure(
  language: string,
  texts: Texts,
  { patches, canvas, tokenizers, maxTexts, signal }: Measures,
): Promise<LanguageEfficiency> {
  const lengths: number[][] = [[], ...tokenizers.map(() => [])];
  let [count, blank, characters, overflowing] = [0, 0, 0, 0];
  for await (const text of texts) {
    if ((count + blank) % TEXTS_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve)); // for the page
    signal?.throwIfAborted();
    if (typeof text !== 'string') {
      const at = `${language}: text ${count + blank}`;
      throw new DataError(`tokenEfficiency: ${at}: expected a string, got ${describeValue(text)}.`);
    }
    const length = patches(text);
    if (length === 0) {
      blank++;
      continue;
    }
    lengths[0]!.push(length);
    for (const [i, tokenizer] of tokenizers.entries()) lengths[i + 1]!.push(countOf(tokenizer, text));
    const { characterCount, droppedCharacters } = canvas.render(text);
    characters += characterCount;
    if (droppedCharacters > 0) overflowing++;
    if (++count >= maxTexts) break;
  }
  if (count === 0) {
    const found = blank === 0 ? 'no texts' : `${blank} texts, all without ink`;
    throw new DataError(
      `tokenEfficiency: ${language}: found ${found}. Leave the language out, or mend its source.`,
    );
  }
  const own = mean(lengths[0]!);
  return {
    language,
    texts: count,
    blank,
    characters: characters / count,
    overflow: overflowing / count,
    lengths: lengths.map((each) => ({
      mean: mean(each),
      quartiles: quartiles(each),
      ratio: mean(each) / own,
    })),
  };
}

/** A tokenizer may be anybody's own: a NaN would spoil the means in silence. */
function countOf(tokenizer: Tokenizer, text: string): number {
  const count = tokenizer.count(text);
  if (Number.isInteger(count) && count >= 0) return count;
  const got = describeValue(count);
  throw new DataError(
    `tokenEfficiency: tokenizer "${tokenizer.name}": expected a number of tokens, got ${got}.`,
  );
}

function meansOf(languages: readonly LanguageEfficiency[], method: number): MeanLengths {
  const lengths = languages.map((each) => each.lengths[method]!);
  return {
    mean: mean(lengths.map((each) => each.mean)),
    ratio: Math.exp(mean(lengths.map(({ ratio }) => Math.log(ratio)))),
    longerIn: lengths.filter(({ ratio }) => ratio > 1).length,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quartiles(values: readonly number[]): [number, number, number] {
  const sorted = Float64Array.from(values).sort();
  function quantile(share: number): number {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)]!;
    return below + (place % 1) * (sorted[Math.ceil(place)]! - below);
  }
  return [quantile(0.25), quantile(0.5), quantile(0.75)];
}

function checkTexts(door: string, texts: TokenEfficiencyOptions['texts']): [string, Texts][] {
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) {
    throw new ConfigError(`${door}: texts: expected { language: texts }, got ${describeValue(texts)}.`);
  }
  const languages = Object.entries(texts);
  if (languages.length === 0)
    throw new ConfigError(`${door}: texts: expected at least one language, got none.`);
  for (const [language, each] of languages) {
    // A string would be taken for a list of characters.
    const isIterable =
      typeof each === 'object' && each !== null && (Symbol.iterator in each || Symbol.asyncIterator in each);
    if (isIterable) continue;
    throw new ConfigError(
      `${door}: texts: ${language}: expected an array or iterable of strings, got ${describeValue(each)}.`,
    );
  }
  return languages;
}

function checkTokenizers(door: string, tokenizers: readonly Tokenizer[]): void {
  if (!Array.isArray(tokenizers)) {
    throw new ConfigError(`${door}: tokenizers: expected an array, got ${describeValue(tokenizers)}.`);
  }
  const taken = new Set([CLIPPO]);
  for (const tokenizer of tokenizers) {
    const name = tokenizerName(door, tokenizer?.name);
    if (typeof tokenizer.count !== 'function') {
      throw new ConfigError(`${door}: tokenizer "${name}": expected a function count(text).`);
    }
    if (taken.has(name)) throw new ConfigError(`${door}: two methods are named "${name}". Name them apart.`);
    taken.add(name);
  }
}
