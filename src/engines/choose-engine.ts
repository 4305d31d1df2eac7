// The engines there are → the best that works, and a report on all of them. tfjs backends are tried only where they were
// imported, ONNX Runtime where it is handed in.

import * as tf from '@tensorflow/tfjs-core';
import type { OrtRuntime } from '../compile/index.ts';
import { BackendError, ConfigError, messageOf } from '../errors.ts';
import { describeValue, refuseUnknown } from '../options.ts';
import {
  adviceFor,
  type EngineName,
  enginesOf,
  FASTER_THAN_CPU_IN_SOFTWARE,
  USUAL_ORDER,
} from './engine-name.ts';
import { isRegistered, type RunningEngine, startEngine } from './start-engine.ts';

/** Which engines {@link chooseEngine} tries, and with what. */
export interface ChooseEngineOptions {
  /**
   * Engines that may be taken, best first; no others are. Default: all there are, those on a GPU first, but a GPU in
   * software after wasm.
   */
  readonly engines?: readonly EngineName[];
  /** ONNX Runtime: `nodeRuntime()` of clippo-ts/node, or `webRuntime(ort)` of clippo-ts/compile. Default: none. */
  readonly runtime?: OrtRuntime;
}

/** What became of one engine. */
export interface EngineTrial {
  readonly engine: EngineName;
  readonly outcome: 'chosen' | 'failed' | 'slower' | 'missing' | 'not tried';
  /** Why, in a sentence or two. */
  readonly detail: string;
  /** Time to start it and to compute a little, where it was tried. */
  readonly ms?: number;
}

/** The engine that was chosen, and what became of the others. */
export interface EngineChoice extends RunningEngine {
  /** Every engine, best first. */
  readonly trials: readonly EngineTrial[];
}

/**
 * Starts the best engine that computes rightly, which is found by computing something whose result is known. It is then
 * tfjs's current backend; where ONNX Runtime is chosen, give `runtime` of the result to `model.compile`.
 *
 * @throws ConfigError, and BackendError that says of every engine why it cannot be had
 * @example
 * const { engine, runtime, trials } = await chooseEngine({ runtime: nodeRuntime() });
 * for (const { engine, outcome, detail } of trials) console.log(engine, outcome, detail);
 * const model = await ClippoModel.fromPretrained('emoji');
 * if (runtime) await model.compile(runtime);
 */
export async function chooseEngine(options: ChooseEngineOptions = {}): Promise<EngineChoice> {
  refuseUnknown('chooseEngine', options, ['engines', 'runtime']);
  const candidates = await resolveCandidates('chooseEngine', options);
  return chooseFrom(candidates);
}

/** Engines to be tried, and whether their order is ours, so that it may bend to what is found. */
export interface Candidates {
  readonly engines: readonly EngineName[];
  readonly isUsualOrder: boolean;
  readonly runtime: OrtRuntime | undefined;
}

/** @param door - the function that was called, as it stands in the message */
export async function resolveCandidates(
  door: string,
  { engines, runtime }: ChooseEngineOptions,
): Promise<Candidates> {
  if (runtime !== undefined) {
    // Loaded only now, so that whoever has no runtime does not load the compiler.
    const compiler: typeof import('../compile/index.ts') = await import('../compile/index.ts');
    compiler.assertRuntime(door, runtime);
  }
  if (engines === undefined) return { engines: usualEngines(runtime), isUsualOrder: true, runtime };
  if (!Array.isArray(engines) || engines.length === 0 || engines.some((name) => typeof name !== 'string')) {
    throw new ConfigError(
      `${door}: engines: expected a list such as ['webgpu', 'wasm'], got ${describeValue(engines)}.`,
    );
  }
  return { engines: [...new Set(engines)], isUsualOrder: false, runtime };
}

/** All there are, and those that are only not imported, for the report. */
function usualEngines(runtime: OrtRuntime | undefined): EngineName[] {
  const known: readonly EngineName[] = USUAL_ORDER;
  const own = tf
    .engine()
    .backendNames()
    .filter((name) => !known.includes(name));
  // A backend of the user's own is there for a reason.
  return [...own, ...known.filter((name) => name !== 'tensorflow' || isRegistered(name))].filter(
    (name) => !(name === 'onnx-webgpu' || name === 'onnx') || enginesOf(runtime).includes(name),
  );
}

/** @throws BackendError when none works */
export async function chooseFrom({ engines, isUsualOrder, runtime }: Candidates): Promise<EngineChoice> {
  const trials = new Map<EngineName, EngineTrial>();
  const slower: EngineName[] = [];
  let chosen: RunningEngine | undefined;
  for (const engine of engines) {
    if (engine === 'cpu' && fastestOf(slower) !== undefined) break;
    const { trial, running } = await tryEngine(engine, runtime);
    trials.set(engine, trial);
    if (running === undefined) continue;
    if (!isUsualOrder || running.gpu?.isSoftware !== true) {
      chosen = running;
      break;
    }
    slower.push(engine);
    const detail = `It works, but its GPU is one in software (${running.gpu.name}).`;
    trials.set(engine, { ...trial, outcome: 'slower', detail });
  }
  const next = fastestOf(slower) ?? slower[0];
  if (chosen === undefined && next !== undefined) {
    const again = await tryEngine(next, runtime);
    trials.set(next, again.trial);
    chosen = again.running;
  }
  const report = engines.map((engine) => trials.get(engine) ?? untried(engine, chosen));
  if (chosen === undefined) throw new BackendError(reportOf(report));
  return { ...chosen, trials: report };
}

/** Of engines on a GPU in software, one that is faster than plain JavaScript. */
function fastestOf(slower: readonly EngineName[]): EngineName | undefined {
  return slower.find((engine) => FASTER_THAN_CPU_IN_SOFTWARE.includes(engine));
}

interface Attempt {
  readonly trial: EngineTrial;
  readonly running?: RunningEngine;
}

async function tryEngine(engine: EngineName, runtime: OrtRuntime | undefined): Promise<Attempt> {
  const start = performance.now();
  try {
    const running = await startEngine(engine, { runtime });
    const where = running.gpu === undefined ? '' : ` on ${running.gpu.name}`;
    const detail = `It computes rightly${where}.`;
    return { trial: { engine, outcome: 'chosen', detail, ms: performance.now() - start }, running };
  } catch (error) {
    const detail = messageOf(error);
    const outcome = isOnnxOrRegistered(engine) ? 'failed' : 'missing';
    return { trial: { engine, outcome, detail, ms: performance.now() - start } };
  }
}

function isOnnxOrRegistered(engine: EngineName): boolean {
  return engine === 'onnx' || engine === 'onnx-webgpu' || isRegistered(engine);
}

function untried(engine: EngineName, chosen: RunningEngine | undefined): EngineTrial {
  if (!isOnnxOrRegistered(engine)) {
    return {
      engine,
      outcome: 'missing',
      detail: `this tfjs backend is not there. To have it: ${adviceFor(engine)}.`,
    };
  }
  return { engine, outcome: 'not tried', detail: `${chosen?.engine ?? 'Another'} comes before it.` };
}

function reportOf(trials: readonly EngineTrial[]): string {
  const reasons = trials.map(({ engine, detail }) => `${engine}: ${detail}`);
  return `No engine computes. ${reasons.join(' ') || 'None was given.'} At least import '@tensorflow/tfjs-backend-cpu'.`;
}
