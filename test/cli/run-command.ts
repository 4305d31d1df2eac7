// One command line in this process, with streams a test can look into.

import { Readable, Writable } from 'node:stream';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Input, Output } from '../../src/cli/terminal.ts';

export interface RunOptions {
  /** What is piped into stdin; default: nothing. */
  readonly stdin?: string | Input;
  /** Columns of the terminal stdout and stderr are; default: they are none. */
  readonly columns?: number;
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly stdout?: Output;
  /** Sees every piece of stderr as it is written. */
  readonly onStderr?: (text: string) => void;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

export class Memory extends Writable {
  readonly chunks: Buffer[] = [];
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(
    columns?: number,
    readonly onText: (text: string) => void = () => {},
  ) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns ?? 80;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    this.onText(chunk.toString());
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

export async function clippo(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const stdout = new Memory(options.columns);
  const stderr = new Memory(options.columns, options.onStderr);
  const { stdin = '' } = options;
  const code = await runCli(argv, {
    stdout: options.stdout ?? stdout,
    stderr,
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, bytes: stdout.bytes, stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString() };
}
