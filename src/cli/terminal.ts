// The outside world as a verb sees it: results to stdout, remarks and progress to stderr, input from stdin.

import { addAbortSignal, Readable } from 'node:stream';
import { ConfigError } from '../errors.ts';
import type { OnProgress } from '../progress.ts';
import { createProgressBar } from './progress-bar.ts';

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** What {@link runCli} needs of a process. */
export interface CliStreams {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Terminal {
  readonly signal: AbortSignal;
  /** Columns of stdout, if a person looks at it. */
  readonly columns: number | undefined;
  /** A result. Resolves when it is on its way, so that a slow reader slows the writer. */
  print(result: string | Uint8Array): Promise<void>;
  printJson(result: unknown): Promise<void>;
  /** A remark, one line; silent with --quiet. */
  note(line: string): void;
  /** A remark that --quiet does not silence. */
  warn(line: string): void;
  readonly onProgress: OnProgress;
  endProgress(): void;
  quiet(): void;
  /** All of stdin as text. */
  readInput(): Promise<string>;
}

export function createTerminal({ stdout, stderr, stdin, env, signal }: CliStreams): Terminal {
  let isQuiet = false;
  const bar = createProgressBar(stderr, { redraw: stderr.isTTY === true && env.TERM !== 'dumb' });

  function print(result: string | Uint8Array): Promise<void> {
    if (stdout.isTTY) bar.clear();
    return new Promise((resolve, reject) => {
      stdout.write(result, (error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  function warn(line: string): void {
    bar.clear();
    stderr.write(`${line}\n`);
  }

  async function readInput(): Promise<string> {
    if (stdin.isTTY) throw new ConfigError('Expected text on stdin, but nothing is piped into it.');
    if (stdin instanceof Readable) addAbortSignal(signal, stdin);
    const chunks: Buffer[] = [];
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }

  return {
    signal,
    columns: stdout.isTTY ? (stdout.columns ?? 80) : undefined,
    print,
    printJson: (result) => print(`${JSON.stringify(result, null, 2)}\n`),
    note: (line) => {
      if (!isQuiet) warn(line);
    },
    warn,
    onProgress: (event) => {
      if (!isQuiet) bar.show(event);
    },
    endProgress: bar.clear,
    quiet: () => {
      isQuiet = true;
    },
    readInput,
  };
}
