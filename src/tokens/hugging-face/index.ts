// A Hugging Face tokenizer.json → a tokenizer, by the optional package @huggingface/tokenizers. A door of its own, since
// bundlers warn of a package that is missing wherever its import can be reached. SentencePiece's own files are read by
// sentencepiece.ts, exactly, while the package replaces their normalisation by NFKC.

import { DataError, firstLineOf } from '../../errors.ts';
import { missingPackage } from '../../missing-package.ts';
import { describeValue, refuseUnknown } from '../../options.ts';
import { assertText, endOf, type TextTokenizer, tokenizerName } from '../tokenizer.ts';

/** How {@link parseTokenizerJson} reads a tokenizer. */
export interface TokenizerJsonOptions {
  /** As it stands in tables and figures. */
  readonly name: string;
  /** The parsed tokenizer_config.json, which a few older tokenizers need. */
  readonly config?: object;
  /** The piece that ends a text, for models that read tokens. Default: `</s>`, `<|endoftext|>`, `<eos>` or `[SEP]`. */
  readonly end?: string;
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
): Promise<TextTokenizer> {
  refuseUnknown('parseTokenizerJson', options, ['name', 'config', 'end']);
  const { config = {} } = options;
  const name = tokenizerName('parseTokenizerJson', options.name);
  const { Tokenizer: HuggingFaceTokenizer } = await importTokenizers();
  const value = parsed(name, json);
  const tokenizer = attempt(
    `tokenizer "${name}": not a tokenizer.json that can be read`,
    () => new HuggingFaceTokenizer(value, config),
  );
  function cut<T>(text: string, how: () => T): T {
    assertText(name, text);
    return attempt(`tokenizer "${name}": cannot cut a text of ${text.length} characters`, how);
  }
  const bare = { add_special_tokens: false };
  return {
    name,
    vocabulary: 1 + largest(tokenizer.get_vocab().values()),
    end: endOf(`tokenizer "${name}"`, (piece) => tokenizer.token_to_id(piece), options.end),
    count: (text) => cut(text, () => tokenizer.tokenize(text, bare).length),
    encode: (text) => Int32Array.from(cut(text, () => tokenizer.encode(text, bare).ids)),
    file: bytesOf(json),
  };
}

/** Ids may have gaps; a table has a row for each up to the last. */
function largest(ids: Iterable<number>): number {
  let most = -1;
  for (const id of ids) most = Math.max(most, id);
  return most;
}

function bytesOf(json: Uint8Array | string | object): Uint8Array {
  if (json instanceof Uint8Array) return json;
  return new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));
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
