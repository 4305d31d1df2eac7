// argv → a verb → an exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted. Parsing and help are commander's;
// everything the outside world sees goes through the streams handed in, so a test runs this in its own process.

import { Command, CommanderError } from 'commander';
import { ClippoError, ConfigError, messageOf } from '../errors.ts';
import { addClassify } from './classify.ts';
import { addConvert } from './convert.ts';
import { addDoctor } from './doctor.ts';
import { addDownload } from './download.ts';
import { addEmbed } from './embed.ts';
import { addEval } from './eval/index.ts';
import { addFinetune } from './finetune/index.ts';
import { addInspect } from './inspect.ts';
import { ownPackage } from './installed-package.ts';
import { addParity } from './parity.ts';
import { addRender } from './render.ts';
import { addSearch } from './search.ts';
import { type CliStreams, createTerminal, type Terminal } from './terminal.ts';
import { addTrain } from './train.ts';

const EPILOGUE = `
Results go to stdout, everything else to stderr.
Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.

Examples:
  $ clippo render "a photo of a dog" -o dog.png
  $ clippo embed photos/*.jpg --model clippo.npz -o photos.jsonl
  $ clippo search photos.jsonl "a red car" --model clippo.npz
  $ clippo classify cat.jpg --labels cat,dog --model clippo.npz`;

/**
 * Runs one command line to its end.
 *
 * @param argv - what stands after `clippo`
 * @returns the exit code; never rejects
 * @example const code = await runCli(['render', 'a dog', '-o', 'dog.png'], { stdout, stderr, stdin, env, signal });
 */
export async function runCli(argv: readonly string[], streams: CliStreams): Promise<number> {
  const { stdout, stderr, signal } = streams;
  const terminal = createTerminal(streams);
  const program = createProgram(streams, terminal);
  // Set once the verb is known.
  let verb: Command = program;
  program.hook('preAction', (_, action) => {
    verb = action;
  });
  // A write to a closed pipe fails twice, as a rejection (handled below) and as an event nobody else listens to.
  const ignore = (): void => {};
  stdout.on('error', ignore);
  stderr.on('error', ignore);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    terminal.endProgress();
    return await exitCodeOf(error, { terminal, signal, verb, debug: argv.includes('--debug') });
  } finally {
    terminal.endProgress();
    stdout.off('error', ignore);
    stderr.off('error', ignore);
  }
}

/** All verbs with their flags and help; docs/cli-reference.md is made of it. */
export function createProgram(
  { stdout, stderr }: Pick<CliStreams, 'stdout' | 'stderr'>,
  terminal: Terminal,
): Command {
  const program = new Command('clippo')
    .description('Text and pictures through one Vision Transformer that only reads pixels.')
    .version(ownPackage().version, '--version', 'print the version')
    .option('--quiet', 'only results, warnings and errors')
    .option('--debug', 'print the stack of an error')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'clippo: ')),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', EPILOGUE)
    .hook('preAction', (root) => {
      if (root.opts().quiet === true) terminal.quiet();
    });
  // The settings above are inherited by verbs added after them.
  for (const add of [
    addRender,
    addEmbed,
    addSearch,
    addClassify,
    addTrain,
    addFinetune,
    addEval,
    addConvert,
    addInspect,
    addDownload,
    addParity,
    addDoctor,
  ]) {
    add(program, terminal);
  }
  return program;
}

interface Outcome {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly verb: Command;
  readonly debug: boolean;
}

async function exitCodeOf(error: unknown, { terminal, signal, verb, debug }: Outcome): Promise<number> {
  // commander has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (isClosedPipe(error)) return 0;
  if (signal.aborted) {
    terminal.warn('clippo: interrupted.');
    return 130;
  }
  const message = messageOf(error);
  terminal.warn(`clippo: ${error instanceof ClippoError ? inFlags(message, verb) : message}`);
  if (debug && error instanceof Error) terminal.warn(stackOf(error));
  else if (!(error instanceof ClippoError))
    terminal.warn('This looks like a bug. Run it again with --debug and report it.');
  return error instanceof ConfigError ? 2 : 1;
}

/** A message of the library, its options named as the flags of the verb: `maxSkipped` is `--max-skipped` here. */
function inFlags(message: string, verb: Command): string {
  const flags = new Map(verb.options.map((option) => [option.attributeName(), option.long]));
  // Only words that are nothing but names of options, and no paths through a config such as `data.batchSize`.
  return message.replace(/(?<![\w.$"'-])[a-z]+[A-Z]\w*(?![\w"'(])/g, (word) => flags.get(word) ?? word);
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

/** The reader of our output has left, as in `clippo … | head -1`. */
function isClosedPipe(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
  );
}
