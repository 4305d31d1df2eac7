// `clippo eval tokens`: how long texts of many languages become, as CLIPPO's patches and as tokens.

import { createReadStream, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError, DataError } from '../../errors.ts';
import type { TokenEfficiency, Tokenizer } from '../../eval/index.ts';
import { readFile } from '../../node/index.ts';
import { readFonts } from '../font-file.ts';
import { collect, positiveInteger } from '../option-values.ts';
import { figures } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { makeFolder, type ResultFlags, writeResult } from './evaluation-run.ts';

const EXAMPLES = `
No model is needed. A file holds a text a line and is called after its language: de.txt. Means are printed; the ratio of
tokens to patches is above 1 where CLIPPO is shorter. "off the canvas" is the share of the texts that do not fit on
224 x 224 px. What begins, ends or fills up a sequence is not counted.

Published data:
  texts       huggingface.co/datasets/allenai/c4, multilingual/c4-de.*.json.gz and so on, one language after the other:
              zcat c4-de.*.json.gz | jq -r '.text | gsub("\\\\s+"; " ")' | head -n 20000 > de.txt
  tokenizers  huggingface.co/google/mt5-base, spiece.model;
              huggingface.co/google-bert/bert-base-multilingual-cased, tokenizer.json

Examples:
  $ clippo eval tokens de.txt ja.txt sw.txt --tokenizer mT5=spiece.model --out results/tokens
  $ clippo eval tokens texts/*.txt --tokenizer mt5-base/spiece.model --tokenizer mbert/tokenizer.json --json`;

interface Flags extends ResultFlags {
  readonly tokenizer?: readonly string[];
  readonly maxTexts: number;
  readonly font?: readonly string[];
}

/** More marks nobody could tell apart in the figure. */
const MOST_TOKENIZERS = 5;

export function addTokens(evaluate: Command, terminal: Terminal): void {
  evaluate
    .command('tokens')
    .summary('length of texts by language: text files, no model')
    .description('Measures how long texts become as patches of 16 px and as tokens, language by language.')
    .argument('<files...>', 'text files, a text a line, each called after its language')
    .option(
      '--tokenizer <file>',
      'tokenizer.json of Hugging Face or .model of SentencePiece, called after its folder or NAME=FILE; repeat it',
      collect,
    )
    .option('--max-texts <n>', 'of each language, the first ones', positiveInteger, 20_000)
    .option('--font <file>', 'draw text with this font; repeat it for fallbacks', collect)
    .option('--out <folder>', 'write result.json, and report.html with a figure (default: write nothing)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((files: readonly string[], flags: Flags) => measureTokens(files, flags, terminal));
}

async function measureTokens(files: readonly string[], flags: Flags, terminal: Terminal): Promise<void> {
  const { tokenizer: given = [], maxTexts, out } = flags;
  const { signal, onProgress } = terminal;
  if (given.length > MOST_TOKENIZERS) {
    throw new ConfigError(
      `--tokenizer: ${given.length} of them, at most ${MOST_TOKENIZERS} are compared at a time.`,
    );
  }
  const texts = textsOf(files, signal);
  const font = await readFonts(flags.font, terminal);
  const evaluations = await import('../../eval/index.ts'); // it brings tfjs along
  const tokenizers: Tokenizer[] = [];
  for (const each of given) tokenizers.push(await readTokenizer(each, evaluations, signal));
  if (out !== undefined) await makeFolder(out);
  const result = await evaluations.tokenEfficiency({
    ...{ texts, tokenizers, maxTexts, signal, onProgress },
    ...(font && { render: { font } }),
  });
  terminal.endProgress();
  const report = evaluations.tokenEfficiencyReport(result);
  await writeResult({ task: 'token-efficiency', ...result, report }, flags, terminal);
  if (flags.json !== true) await terminal.print(describe(result));
}

/** @throws ConfigError when two files are called alike; DataError when one is not there */
function textsOf(files: readonly string[], signal: AbortSignal): Record<string, AsyncIterable<string>> {
  const texts = new Map<string, AsyncIterable<string>>();
  for (const file of files) {
    const language = basename(file).replace(/(.)\.[^.]*$/, '$1');
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || stats.isDirectory()) {
      const found = stats === undefined ? 'there is no such file' : 'it is a folder';
      throw new DataError(`${file}: ${found}. Expected a text file, with a text a line.`);
    }
    if (texts.has(language))
      throw new ConfigError(`Two files are called ${language}. Name each after its language.`);
    texts.set(language, linesOf(file, signal));
  }
  return Object.fromEntries(texts);
}

async function* linesOf(file: string, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', signal })) {
    const lines = `${rest}${chunk}`.replace(/^\ufeff/, '').split(/\r?\n/);
    rest = lines.pop()!; // split gives one at least
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** File names that say nothing of what the tokenizer is. */
const NAMELESS = /^(tokenizer|spiece|spm|sentencepiece(\.bpe)?)$/i;

async function readTokenizer(
  given: string,
  { parseSentencePiece, parseTokenizerJson }: typeof import('../../eval/index.ts'),
  signal: AbortSignal,
): Promise<Tokenizer> {
  const [, ownName, ownFile] = /^([^=/\\]+)=(.+)$/.exec(given) ?? [];
  const file = ownFile ?? given;
  const [, stem = '', extension] = /^(.+)\.(json|model)$/i.exec(basename(file)) ?? [];
  if (extension === undefined) {
    throw new ConfigError(
      `--tokenizer ${given}: expected a tokenizer.json of Hugging Face, or a .model file of SentencePiece.`,
    );
  }
  const name = ownName ?? (NAMELESS.test(stem) ? basename(dirname(resolve(file))) : stem);
  const bytes = await readFile(file, { signal });
  return extension.toLowerCase() === 'json'
    ? parseTokenizerJson(bytes, { name })
    : parseSentencePiece(bytes, { name });
}

function describe({ methods, languages, means }: TokenEfficiency): string {
  const length = ({ mean, ratio }: { mean: number; ratio: number }, method: number): string =>
    method === 0 ? mean.toFixed(1) : `${mean.toFixed(1)} (${ratio.toFixed(2)} x)`;
  const rows = languages.map(({ language, texts, lengths, overflow }) => [
    ...[language, String(texts), ...lengths.map(length), `${(100 * overflow).toFixed(1)} %`],
  ]);
  const head = ['language', 'texts', ...methods, 'off the canvas'];
  return figures([head, ...rows, ['mean', '', ...means.map(length)]]);
}
