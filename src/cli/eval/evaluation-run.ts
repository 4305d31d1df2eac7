// What the tasks of `clippo eval` share: their flags, the model, the folder of results, and what is printed.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { OrtRuntime } from '../../compile/index.ts';
import { ConfigError, DataError, messageOf } from '../../errors.ts';
import type { Evaluation, EvaluationOptions } from '../../eval/index.ts';
import { partFolder, writeFile } from '../../node/index.ts';
import { addModelOptions, type ModelFlags, withModel } from '../open-model.ts';
import { integer, share } from '../option-values.ts';
import { figures, printable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export interface ResultFlags {
  readonly out?: string;
  readonly json?: boolean;
}

export interface EvaluationFlags extends ModelFlags, ResultFlags {
  readonly maxSkipped?: number;
  readonly examples?: number;
}

export function addEvaluationOptions(command: Command): Command {
  command
    .option('--max-skipped <share>', 'share of the examples that may be unreadable (default: 0.1)', share)
    .option(
      '--out <folder>',
      'write result.json, report.html, and parts/ from which a rerun goes on (default: write nothing)',
    )
    .option('--examples <n>', 'examples that the report shows, 0 for none (default: 12)', integer)
    .option('--json', 'print the result as JSON, with all details');
  return addModelOptions(command);
}

/** Measures, and tells what came of it. An interruption leaves the finished parts where they are. */
export async function runEvaluation(
  flags: EvaluationFlags,
  terminal: Terminal,
  evaluate: (options: EvaluationOptions, runtime: OrtRuntime | undefined) => Promise<Evaluation>,
): Promise<void> {
  const { batchSize, maxSkipped, examples, out } = flags;
  if (examples !== undefined && out === undefined) {
    throw new ConfigError('--examples: the report shows them, and none is written. Give --out FOLDER.');
  }
  if (out !== undefined) await makeFolder(out);
  const { signal, onProgress } = terminal;
  const parts = out === undefined ? undefined : join(out, 'parts');
  const options = {
    ...{ batchSize, signal, onProgress },
    ...(maxSkipped !== undefined && { maxSkipped }),
    // Without a report nobody would see them.
    ...(out === undefined ? { examples: 0 } : examples !== undefined && { examples }),
    ...(parts !== undefined && { parts: partFolder(parts) }),
  };
  try {
    await withModel(flags, terminal, async (model, runtime) => {
      const evaluation = await evaluate({ model, ...options }, runtime);
      terminal.endProgress();
      for (const [cause, { count, first }] of Object.entries(evaluation.skipped)) {
        terminal.warn(printable(`skipped ${count}: ${cause}, first ${first}`));
      }
      await writeResult(evaluation, flags, terminal);
      if (flags.json !== true) await terminal.print(describe(evaluation));
    });
  } catch (error) {
    if (signal.aborted && parts !== undefined && existsSync(parts)) {
      terminal.note(`What was finished is in ${parts}; the same command goes on from there.`);
    }
    throw error;
  }
}

/** @throws DataError */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const words = messageOf(cause);
    throw new DataError(`--out ${path}: cannot be made a folder (${words}). Give another one.`, { cause });
  }
}

/** Into the folder and, as JSON, onto stdout: whichever is wanted. @param result - its report is a page of its own */
export async function writeResult<Result extends { readonly report: string }>(
  result: Result,
  { out, json }: ResultFlags,
  terminal: Terminal,
): Promise<void> {
  const { report, ...data } = result;
  if (out !== undefined) {
    const file = (text: string): Uint8Array[] => [new TextEncoder().encode(text)];
    await writeFile(join(out, 'result.json'), file(`${JSON.stringify(data, null, 2)}\n`));
    await writeFile(join(out, 'report.html'), file(report));
    terminal.note(`The report is ${join(out, 'report.html')}.`);
  }
  if (json === true) await terminal.printJson(data);
}

function describe({ values, intervals, count, plain }: Evaluation): string {
  const number = (name: string, value: number): string =>
    plain.includes(name) ? value.toFixed(3) : (100 * value).toFixed(1);
  const rows = Object.entries(values).map(([name, value]) => {
    const unit = plain.includes(name) ? '' : ' %';
    const interval = intervals[name];
    return [
      ...[name, number(name, value) + unit],
      ...(interval ? [`${number(name, interval.low)} … ${number(name, interval.high)}${unit}`] : []),
    ];
  });
  const head = ['', 'value', ...(Object.keys(intervals).length > 0 ? ['95 % interval'] : [])];
  return figures([head, ...rows, ['examples', String(count)]]);
}
