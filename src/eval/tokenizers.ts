// Tokenizers that CLIPPO's patches are held against, behind one contract: text → number of tokens. What begins, ends or
// fills up a sequence ([CLS], </s>, padding) is not counted, since patches have none of it. A Hugging Face
// tokenizer.json is read by the optional package @huggingface/tokenizers; SentencePiece's own files by sentencepiece.ts,
// exactly, while the package replaces their normalisation by NFKC.

import { ConfigError, DataError, firstLineOf } from '../errors.ts';
import { missingPackage } from '../missing-package.ts';
import { describeValue, refuseUnknown } from '../options.ts';

/** Anything that cuts a text into tokens. */
export interface Tokenizer {
  /** As it stands in tables and figures. */
  readonly name: string;
  /** Tokens of a text, without those that begin, end or fill up a sequence. */
  count(text: string): number;
}

/** How {@link parseTokenizerJson} reads a tokenizer. */
export interface TokenizerJsonOptions {
  /** As it stands in tables and figures. */
  readonly name: string;
  /** The parsed tokenizer_config.json, which a few older tokenizers need. */
  readonly config?: object;
}

/**
 * A tokenizer from Hugging Face's tokenizer.json. Needs the package `@huggingface/tokenizers`.
 *
 * @param json - the file, as bytes or text, or what it parses to
 * @throws DataError when it is no tokenizer.json; BackendError when the package is missing; ConfigError
 * @example await parseTokenizerJson(await readFile('tokenizer.json'), { name: 'BERT, 30k' })
 */
export async function parseTokenizerJson(
  json: Uint8Array | string | object,
  options: TokenizerJsonOptions,
): Promise<Tokenizer> {
  refuseUnknown('parseTokenizerJson', options, ['name', 'config']);
  const { config = {} } = options;
  const name = tokenizerName('parseTokenizerJson', options.name);
  const { Tokenizer: HuggingFaceTokenizer } = await importTokenizers();
  const value = parsed(name, json);
  const tokenizer = attempt(
    `tokenizer "${name}": not a tokenizer.json that can be read`,
    () => new HuggingFaceTokenizer(value, config),
  );
  function count(text: string): number {
    assertText(name, text);
    return attempt(`tokenizer "${name}": cannot cut a text of ${text.length} characters`, () => {
      return tokenizer.tokenize(text, { add_special_tokens: false }).length;
    });
  }
  return { name, count };
}

/** @throws ConfigError unless `name` can head a column */
export function tokenizerName(door: string, name: unknown): string {
  if (typeof name === 'string' && name.trim() !== '') return name;
  throw new ConfigError(`${door}: name: expected a name for tables and figures, got ${describeValue(name)}.`);
}

/** @throws DataError */
export function assertText(name: string, text: unknown): asserts text is string {
  if (typeof text === 'string') return;
  throw new DataError(`tokenizer "${name}": expected a string, got ${describeValue(text)}.`);
}

function parsed(name: string, json: Uint8Array | string | object): object {
  const isFile = typeof json === 'string' || json instanceof Uint8Array;
  const value: unknown = isFile
    ? attempt(`tokenizer "${name}": not JSON`, () =>
        JSON.parse(typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json)),
      )
    : json;
  if (typeof value === 'object' && value !== null && 'model' in value) return value;
  throw new DataError(
    `tokenizer "${name}": expected a tokenizer.json, an object with a "model", got ${describeValue(value)}.`,
  );
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const words = firstLineOf(cause).slice(0, 200);
    throw new DataError(`${what}: ${words}`, { cause });
  }
}

// In a `try`, by which webpack and esbuild know that the package may be missing; Vite reads package.json for it.
async function importTokenizers() {
  try {
    return await import('@huggingface/tokenizers');
  } catch (cause) {
    throw missingPackage('@huggingface/tokenizers', 'Reading a tokenizer.json', cause);
  }
}
