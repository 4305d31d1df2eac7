// The one place that decides what a string becomes: a picture, as CLIPPO has it; drawn, for weights of its own; or tokens.

import { parseTokenizerJson } from '#platform';
import { ConfigError } from '../errors.ts';
import {
  type ClippoConfig,
  describeText,
  isOneRoad,
  type NetworkInput,
  type ResolvedClippoConfig,
  resolveClippoConfig,
} from '../model/index.ts';
import { describeValue } from '../options.ts';
import { createTextCanvas, type RenderOptions } from '../render/index.ts';
import type { TextTokenizer } from '../tokens/index.ts';

export interface TextReaderOptions {
  readonly render: Omit<RenderOptions, 'size'>;
  readonly tokenizer: TextTokenizer | undefined;
}

export type ReadText = (text: string) => NetworkInput;

/** Loads only for models of tokens: a page with a CLIPPO is spared it. */
const importTokens = () => import('../tokens/index.ts');

/**
 * @param given - a tokenizer may be the bytes of its file
 * @throws ConfigError for a tokenizer that does not fit, or a way of drawing that the model has no use for; DataError for
 *   bytes that are no tokenizer, BackendError
 */
export async function resolveTextReader(
  config: ClippoConfig,
  given: {
    readonly render?: TextReaderOptions['render'];
    readonly tokenizer?: TextTokenizer | Uint8Array | undefined;
  },
): Promise<TextReaderOptions> {
  const { text } = resolveClippoConfig(config);
  const { render = {}, tokenizer } = given;
  if (text.kind === 'pixels') {
    if (tokenizer === undefined) return { render, tokenizer };
    throw new ConfigError(
      `tokenizer: the model is ${describeText(text)}, which has no use for one. Leave it out, or set text: { kind: 'tokens', vocabulary: … }.`,
    );
  }
  if (Object.keys(render).length > 0) {
    throw new ConfigError(`render: the model is ${describeText(text)}, which draws no text. Leave it out.`);
  }
  if (tokenizer === undefined) return { render, tokenizer };
  const { createTokenReader } = await importTokens();
  const opened = tokenizer instanceof Uint8Array ? await openTokenizer(tokenizer) : tokenizer;
  createTokenReader(opened, text); // whether it fits
  return { render, tokenizer: opened };
}

/** A tokenizer.json begins with a brace; anything else is taken for SentencePiece's. */
async function openTokenizer(file: Uint8Array): Promise<TextTokenizer> {
  const name = 'of the model';
  const beginning = new TextDecoder().decode(file.subarray(0, 64));
  if (/^\s*\{/.test(beginning)) return parseTokenizerJson(file, { name });
  return (await importTokens()).parseSentencePiece(file, { name });
}

/** @throws ConfigError for a model that makes no picture of a text */
export function assertReadAsPicture(
  door: string,
  input: string,
  { text }: Pick<ResolvedClippoConfig, 'text'>,
): void {
  if (isOneRoad(text)) return;
  throw new ConfigError(
    `${door}: ${describeValue(input)}: the model is ${describeText(text)}, which reads no text as a picture. Give it a picture.`,
  );
}

/**
 * Loads what it takes, the font or nothing.
 *
 * @throws ConfigError for a model of tokens that has no tokenizer; FontError
 */
export async function createTextReader(
  config: ResolvedClippoConfig,
  { render, tokenizer }: TextReaderOptions,
): Promise<ReadText> {
  const { text } = config;
  if (text.kind === 'tokens') {
    if (tokenizer === undefined) {
      throw new ConfigError(
        `This model is ${describeText(text)} and has no tokenizer. Give it the one it was trained with: ClippoModel.load(file, { tokenizer: await readFile('spiece.model') }).`,
      );
    }
    const { createTokenReader } = await importTokens();
    const read = createTokenReader(tokenizer, text);
    return (text) => ({ tokens: read(text) });
  }
  const draw = await createTextCanvas(config, render);
  return isOneRoad(text) ? draw : (text) => ({ drawn: draw(text) });
}
