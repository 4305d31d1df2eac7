// `clippo parity`: the same inputs through a model on every engine of this machine, compared and timed.

import { type Command, Option } from 'commander';
import type { OrtRuntime } from '../compile/index.ts';
import type { ParityResult, ParityRow } from '../engines/index.ts';
import { BackendError, ConfigError } from '../errors.ts';
import { nodeRuntime, useWebGpu } from '../node/index.ts';
import { gpuRuntime, startBackend } from './engine.ts';
import { readModelBytes } from './model-bytes.ts';
import { names, positiveInteger } from './option-values.ts';
import { figures, printable } from './table.ts';
import type { Terminal } from './terminal.ts';

const ENGINES = ['cpu', 'wasm', 'webgpu', 'onnx', 'onnx-webgpu'] as const;
type ParityEngine = (typeof ENGINES)[number];

const EXAMPLES = `
The vectors of each engine are compared to those of tfjs's cpu backend. An engine that is not installed, or has no GPU,
is listed with the reason; the exit code is 1 if one that runs is off by more than 1e-4, on a GPU 1e-3, or fails.
In a browser: examples/browser/parity.html.

Examples:
  $ clippo parity
  $ clippo parity --model clippo.npz --engines cpu,onnx --json`;

interface Flags {
  readonly model: string;
  readonly engines: readonly string[];
  readonly repeats: number;
  readonly json?: boolean;
}

export function addParity(program: Command, terminal: Terminal): void {
  program
    .command('parity')
    .summary('compare the engines of this machine')
    .description('Runs the same texts and pictures on every engine: largest difference, and speed.')
    .option('--model <checkpoint>', 'npz or safetensors file, its URL, or a name', 'emoji')
    .addOption(
      new Option('--engines <list>', `of ${ENGINES.join(',')}`).argParser(names).default([...ENGINES], 'all'),
    )
    .option('--repeats <n>', 'encodings that are timed, of which the median counts', positiveInteger, 3)
    .option('--json', 'print the comparison as JSON')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => parity(flags, terminal));
}

async function parity({ model: source, engines, repeats, json }: Flags, terminal: Terminal): Promise<void> {
  const wanted = engines.map(known);
  const reasons = await makeAvailable(wanted);
  const { measureParity } = await import('../engines/index.ts');
  const { ClippoModel } = await import('../clippo-model.ts');
  const { signal, onProgress } = terminal;
  const bytes = await readModelBytes(source, terminal);
  const measured = await measureParity(() => ClippoModel.load(bytes, { signal }), {
    ...{ repeats, signal, onProgress, engines: wanted },
    ...runtimeFor(wanted),
  });
  terminal.endProgress();
  const result: ParityResult = {
    ...measured,
    rows: measured.rows.map((row) =>
      row.ok === undefined ? { ...row, detail: reasons.get(row.engine) ?? row.detail } : row,
    ),
  };
  if (json) await terminal.printJson(result);
  else await terminal.print(report(result));
  const wrong = result.rows.filter(({ ok }) => ok === false).map(({ engine }) => engine);
  if (wrong.length > 0) throw new BackendError(`Not the same as ${result.reference}: ${wrong.join(', ')}.`);
}

function known(name: string): ParityEngine {
  const engine = ENGINES.find((one) => one === name);
  if (engine !== undefined) return engine;
  throw new ConfigError(`--engines: expected some of ${ENGINES.join(', ')}, got ${JSON.stringify(name)}.`);
}

/** Registers the tfjs backends, the reference among them. @returns why those that cannot be had cannot be */
async function makeAvailable(wanted: readonly ParityEngine[]): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  const attempts: Partial<Record<ParityEngine, () => Promise<unknown>>> = {
    wasm: () => startBackend(['wasm']),
    webgpu: () => useWebGpu(),
    onnx: async () => nodeRuntime(),
    'onnx-webgpu': async () => gpuRuntime(),
  };
  for (const engine of wanted) {
    try {
      await attempts[engine]?.();
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      reasons.set(engine, error.message);
    }
  }
  await startBackend(['cpu']);
  return reasons;
}

/** One that is told to use the GPU is `onnx` too, without it. None where onnxruntime-node is missing: why is among the reasons. */
function runtimeFor(wanted: readonly ParityEngine[]): { runtime?: OrtRuntime } {
  if (!wanted.includes('onnx') && !wanted.includes('onnx-webgpu')) return {};
  try {
    return { runtime: gpuRuntime() };
  } catch (error) {
    if (error instanceof BackendError) return {};
    throw error;
  }
}

function report({ reference, count, rows }: ParityResult): string {
  const heading = ['engine', 'difference', 'ms an input', 'first ms', ''];
  const lines = rows.map((row) => [row.engine, ...cells(row), verdict(row)]);
  const reasons = rows
    .filter(({ maxDifference }) => maxDifference === undefined)
    .map(({ engine, detail }) => `${engine}: ${printable(detail.split('\n', 1)[0] ?? '')}\n`)
    .join('');
  return `${count} inputs, compared to ${reference}:\n${figures([heading, ...lines])}${reasons}`;
}

function cells({ maxDifference, msPerInput, firstMs }: ParityRow): string[] {
  return [maxDifference?.toExponential(1) ?? '–', msPerInput?.toFixed(1) ?? '–', firstMs?.toFixed(0) ?? '–'];
}

function verdict({ ok, tolerance, maxDifference }: ParityRow): string {
  if (ok === undefined) return 'not here';
  if (ok) return `within ${tolerance}`;
  return maxDifference === undefined ? 'failed' : `NOT within ${tolerance}`;
}
