// Native engines: ONNX Runtime with its settings, as compile/ wants it handed in. The only file that knows
// onnxruntime-node.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { OrtRuntime } from '../compile/index.ts';
import { ConfigError } from '../errors.ts';
import { type ExecutionProvider, isProviderList } from '../execution-providers.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import { requireOptional } from './optional.ts';

/** From all to nothing but what ends the process, with ONNX Runtime's number for each. */
const LOG_LEVELS = { verbose: 0, info: 1, warning: 2, error: 3, fatal: 4 } as const;

/** Settings of onnxruntime-node. */
export interface NodeRuntimeOptions {
  /** Threads of a session; default: one for each physical core. */
  readonly threads?: number;
  /** What runs the graphs, best first: `['cpu']` (default), `['webgpu', 'cpu']`, `['cuda', 'cpu']`, or with settings `[{ name: 'cuda' }]`. */
  readonly executionProviders?: readonly ExecutionProvider[];
  /** From which level on ONNX Runtime writes to stderr; default `'error'`. */
  readonly logLevel?: keyof typeof LOG_LEVELS;
}

/** What is used of onnxruntime-node beyond a runtime. */
type OrtModule = OrtRuntime & { readonly env: { logLevel?: string } };

/**
 * The installed onnxruntime-node, for `compile`, `model.compile` and `train`.
 *
 * @throws BackendError that says what to install, ConfigError
 * @example
 * await model.compile(nodeRuntime({ threads: 4 }));
 */
export function nodeRuntime(options: NodeRuntimeOptions = {}): OrtRuntime {
  const { threads = physicalCores(), executionProviders, logLevel = 'error' } = checked(options);
  const require = createRequire(import.meta.url);
  const { InferenceSession, Tensor, env } = requireOptional(
    () => require('onnxruntime-node') as OrtModule, // its interface is held against the real one by a test
    'onnxruntime-node',
    'Running compiled functions',
  );
  env.logLevel = logLevel; // of the process; read when the first session is opened
  return {
    InferenceSession,
    Tensor,
    sessionOptions: {
      logSeverityLevel: LOG_LEVELS[logLevel],
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(executionProviders === undefined ? {} : { executionProviders }),
    },
  };
}

/**
 * Counted here, because ONNX Runtime takes processors that it does not know for one core. Where the system does not say
 * (undefined), it counts for itself.
 */
function physicalCores(): number | undefined {
  let cpuinfo: string;
  try {
    cpuinfo = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return undefined;
  }
  const cores = coresOf(cpuinfo);
  return cores === 0 ? undefined : Math.min(cores, availableParallelism());
}

/** Different cores in the text of Linux's /proc/cpuinfo; two threads of one core count once. 0 where it names none. */
export function coresOf(cpuinfo: string): number {
  const ids = cpuinfo
    .split(/\n\s*\n/)
    .map((entry) => entry.split('\n').filter((line) => /^(physical|core) id\s*:/.test(line)))
    .filter((lines) => lines.length === 2);
  return new Set(ids.map((lines) => lines.join())).size;
}

function checked(options: NodeRuntimeOptions): NodeRuntimeOptions {
  refuseUnknown('nodeRuntime', options, ['threads', 'executionProviders', 'logLevel']);
  const { threads, executionProviders, logLevel } = options;
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new ConfigError(
      `nodeRuntime: threads: expected a positive integer, got ${describeValue(threads)}.`,
    );
  }
  if (logLevel !== undefined && !Object.hasOwn(LOG_LEVELS, logLevel)) {
    const levels = Object.keys(LOG_LEVELS).join(', ');
    throw new ConfigError(
      `nodeRuntime: logLevel: expected one of ${levels}, got ${describeValue(logLevel)}.`,
    );
  }
  if (executionProviders !== undefined && !isProviderList(executionProviders)) {
    throw new ConfigError(
      `nodeRuntime: executionProviders: expected a list such as ['cpu'], got ${describeValue(executionProviders)}.`,
    );
  }
  return options;
}
