// What `clippo train` does: the model made, trained in its folder, or tried out for three steps.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ClippoModel } from '../clippo-model.ts';
import type { BatchSource } from '../data/index.ts';
import { DataError } from '../errors.ts';
import { countParameters } from '../model/index.ts';
import { readFile, runFolder } from '../node/index.ts';
import {
  type Anchors,
  createTrainStep,
  initFrom,
  type ModelCardText,
  type StepMetrics,
  train,
} from '../train/index.ts';
import { type Engine, type StartedEngine, startEngine } from './engine.ts';
import type { Terminal } from './terminal.ts';
import { type ReadTrainConfig, readTrainConfig } from './train-config.ts';

export interface TrainFlags {
  readonly config: string;
  readonly engine: Engine;
  readonly run?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function runTraining(flags: TrainFlags, terminal: Terminal): Promise<void> {
  const read = await readTrainConfig(flags.config);
  const engine = await startEngine(flags.engine);
  const { seed = 0, tokenizer: _, ...config } = read.config.model;
  const tokenizer = read.tokenizer && (await readFile(read.tokenizer));
  const model = await ClippoModel.create(config, { seed, ...(tokenizer && { tokenizer }) });
  try {
    if (read.initFrom !== undefined) {
      const { leaveOut } = read.config.init!;
      const options = leaveOut === undefined ? {} : { leaveOut };
      const { taken, left } = initFrom(model, await readFile(read.initFrom), options);
      terminal.note(`${taken.length} parameters from ${read.initFrom}, ${left.length} new.`);
    }
    await (flags.dryRun === true ? tryOut : trainWhole)(model, read, engine, flags, terminal);
  } finally {
    model.dispose();
  }
}

async function trainWhole(
  model: ClippoModel,
  read: ReadTrainConfig,
  started: StartedEngine,
  flags: TrainFlags,
  terminal: Terminal,
): Promise<void> {
  const { signal } = terminal;
  const { steps, run } = read.config;
  const { folder: _, ...checkpoints } = run;
  const folder = flags.run ?? read.folder;
  let batches: BatchSource | undefined;
  const optimizer = read.createOptimizer();
  const anchors = read.createAnchors();
  const tell = createTeller(steps, terminal);
  try {
    const result = await train({
      model,
      optimizer,
      steps,
      run: runFolder(folder),
      ...checkpoints,
      ...stepOptions(read, started, anchors),
      settings: read.settings,
      card: cardOf(read),
      signal,
      batches(position) {
        const { onBroken } = tell;
        batches = read.openBatches({ signal, onBroken, ...(position === undefined ? {} : { position }) });
        return batches;
      },
      onStep: tell.onStep,
      onWarning: terminal.warn,
    });
    if (result.aborted)
      terminal.note(`Step ${result.step} of ${steps} is in ${folder}; run the same command to go on.`);
    signal.throwIfAborted();
    const last = result.history.at(-1);
    const outcome = {
      folder,
      step: result.step,
      loss: last?.loss,
      recall: last?.ncorrect,
      data: batches?.report(),
    };
    if (flags.json === true) await terminal.printJson(outcome);
    else await terminal.print(`${describeOutcome(outcome, steps)}\n`);
  } finally {
    anchors?.dispose();
    optimizer.dispose();
  }
}

/** How a step is computed. */
function stepOptions(
  { config: { chunk } }: ReadTrainConfig,
  { runtime }: StartedEngine,
  anchors: Anchors | undefined,
) {
  return {
    ...(anchors === undefined ? {} : { anchors }),
    ...(chunk === undefined ? {} : { chunk }),
    ...(runtime === undefined ? ({ engine: 'tfjs' } as const) : ({ engine: 'onnx', runtime } as const)),
  };
}

/** A run that began with another one's model tells of that one too. */
function cardOf({ config: { card = {} }, initFrom }: ReadTrainConfig): ModelCardText {
  const before = initFrom === undefined ? undefined : join(dirname(initFrom), 'model-card.md');
  return before === undefined || !existsSync(before)
    ? card
    : { ...card, before: readFileSync(before, 'utf8') };
}

function describeOutcome(
  { folder, step, loss }: { folder: string; step: number; loss: number | undefined },
  steps: number,
): string {
  if (loss === undefined)
    return `All ${steps} steps were done before. The model is ${folder}/model.safetensors.`;
  return `Step ${step}, loss ${loss.toFixed(3)}. The model is ${folder}/model.safetensors.`;
}

/** Three steps, of which the last tells the pace: the first one makes the graphs. */
async function tryOut(
  model: ClippoModel,
  read: ReadTrainConfig,
  started: StartedEngine,
  flags: TrainFlags,
  terminal: Terminal,
): Promise<void> {
  const { steps, data } = read.config;
  const batches = read.openBatches({ signal: terminal.signal });
  const optimizer = read.createOptimizer();
  const anchors = read.createAnchors();
  const step = await createTrainStep({
    model,
    optimizer,
    ...stepOptions(read, started, anchors),
  });
  try {
    let [ms, loss] = [Number.POSITIVE_INFINITY, Number.NaN];
    let tried = 0;
    for await (const batch of batches) {
      const start = performance.now();
      ({ loss } = await step.run(batch));
      ms = Math.min(ms, performance.now() - start);
      if (++tried === 3) break;
    }
    if (tried === 0) throw new DataError('The data gave no batch.');
    const { seed: _, tokenizer: __, ...config } = read.config.model;
    const outcome = {
      parameters: countParameters(config),
      sources: data.sources.length,
      batchSize: data.batchSize,
      engine: step.engine,
      steps,
      msPerStep: Math.round(ms),
      hours: Number(((ms * steps) / 3.6e6).toFixed(2)),
      firstLoss: loss,
      chance: Math.log(read.config.anchors ?? data.batchSize),
      folder: flags.run ?? read.folder,
    };
    if (flags.json === true) return await terminal.printJson(outcome);
    const lines = [
      `model    ${outcome.parameters.toLocaleString('en')} parameters, ${step.engine}`,
      `data     ${outcome.sources} sources, ${outcome.batchSize} pairs a step`,
      `steps    ${steps}, ${outcome.msPerStep} ms each: about ${span(ms * steps)}`,
      `loss     ${loss.toFixed(3)} after two steps; chance is ${outcome.chance.toFixed(3)}`,
      `folder   ${outcome.folder} (nothing written)`,
    ];
    await terminal.print(`${lines.join('\n')}\n`);
  } finally {
    await batches.close();
    await step.dispose();
    anchors?.dispose();
    optimizer.dispose();
  }
}

const TELL_MS = 10_000;

/** A line now and then: means since the line before. */
function createTeller(steps: number, terminal: Terminal) {
  let since: StepMetrics[] = [];
  let told = performance.now();
  const mean = (pick: (metrics: StepMetrics) => number): number =>
    since.reduce((sum, metrics) => sum + pick(metrics), 0) / since.length;

  function onStep(metrics: StepMetrics): void {
    since.push(metrics);
    const now = performance.now();
    if (now - told < TELL_MS && metrics.step < steps) return;
    const [ms, waited] = [mean(({ stepMs, waitMs }) => stepMs + waitMs), mean(({ waitMs }) => waitMs)];
    const parts = [
      `step ${metrics.step} of ${steps}`,
      `loss ${mean(({ loss }) => loss).toFixed(3)} (chance ${metrics.chance.toFixed(2)})`,
      `recall ${(100 * mean(({ ncorrect }) => ncorrect)).toFixed(1)} %`,
      `temperature ${metrics.temperature.toFixed(1)}`,
      `${((1000 * metrics.batchSize) / ms).toFixed(0)} pairs/s`,
      `${((100 * waited) / ms).toFixed(1)} % waiting for data`,
      `${span((steps - metrics.step) * ms)} left`,
    ];
    terminal.note(parts.join(', '));
    since = [];
    told = now;
  }

  return {
    onStep,
    onBroken: ({
      source,
      cause,
      count,
      key,
      detail,
    }: {
      source: string;
      cause: string;
      count: number;
      key: string;
      detail: string;
    }): void =>
      terminal.warn(`${source}: ${cause}${count > 1 ? ` (${count} so far)` : ''}: ${key}: ${detail}`),
  };
}

/** ms → `2 h 10 min`, `3 min`, `40 s` */
function span(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 2) return `${Math.round(ms / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
