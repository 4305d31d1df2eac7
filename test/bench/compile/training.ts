// The training step: compiled, against tfjs wasm on the same program and on a plain one, against PyTorch, and against
// three forward passes, which its arithmetic amounts to.

import type { ClippoModel } from '../../../src/clippo-model.ts';
import { compile } from '../../../src/compile/index.ts';
import { compiledValues } from './forward.ts';
import { Absent, runPython } from './partner.ts';
import { print, printRace } from './rows.ts';
import {
  compileTrainStep,
  createModel,
  createTraining,
  embedOf,
  type Metrics,
  noise,
  ort,
  plainTrainStepOf,
  type Training,
  trainStepOf,
  type Variant,
} from './tower.ts';
import { progress, THREADS, takeTurns, timing } from './turns.ts';

const compiledTraining = (variant: Variant, pairs: number): Promise<Training> =>
  createTraining(variant, pairs, (model, optimizer) =>
    compileTrainStep(trainStepOf(model, optimizer), variant, pairs),
  );

/** Pairs of ViT-Ti/16 that fit into the 4 GB of wasm when tfjs differentiates plain ops; 6 fit with ours, 8 never. */
const PAIRS_ON_WASM = 4;

/** Against tfjs wasm, an image each, and whether all arrive at the same weights. */
export async function benchTrainingOnWasm(variant: Variant, pairs: number, rounds: number): Promise<void> {
  const row = { row: 'training step', model: variant };
  const wasmPairs = Math.min(pairs, PAIRS_ON_WASM);
  const same = await createTraining(variant, wasmPairs, trainStepOf);
  const plain = await createTraining(variant, wasmPairs, (model, optimizer) =>
    plainTrainStepOf(model, optimizer, variant),
  );
  progress('training step: first step on tfjs wasm');
  const expected = await same.step();
  const start = await createModel(variant);
  const alike = await compiledTraining(variant, wasmPairs);
  for (const [name, training] of Object.entries({ compiled: alike, 'plain ops': plain })) {
    progress(`training step: first step, ${name}`);
    const got = await training.step();
    const relative = (key: keyof Metrics): number =>
      Math.abs(got[key] - expected[key]) / Math.abs(expected[key]);
    print(
      {
        ...row,
        pairs: wasmPairs,
        what: `first step, ${name}, against the same program on tfjs wasm, relative differences`,
        loss: relative('loss'),
        grad_norm: relative('gradNorm'),
        update: differenceOfUpdates(start, training.model, same.model),
      },
      { of: Math.max(relative('loss'), relative('gradNorm')), atMost: 1e-4 },
    );
  }
  await alike.dispose();
  start.dispose();

  const ours = await compiledTraining(variant, pairs);
  const { timings, busy } = await takeTurns(
    'training step',
    {
      ours: { run: () => ours.step(), inRow: 4, warmUp: 2 },
      same: { run: () => same.step(), warmUp: 0 },
      plain: { run: () => plain.step(), warmUp: 0 },
    },
    rounds,
  );
  for (const [name, theirs] of Object.entries({ 'same program': timings.same, 'plain ops': timings.plain })) {
    const against = `tfjs wasm, ${name}, ${wasmPairs} pairs`;
    const images = { ours: 2 * pairs, theirs: 2 * wasmPairs };
    printRace({ ...row, pairs, against }, { ours: timings.ours, theirs, images, busy }, 25);
  }
  for (const training of [ours, same, plain]) await training.dispose();
}

/** ‖Δa − Δb‖ / ‖Δb‖ over all parameters, Δ since the start. */
function differenceOfUpdates(start: ClippoModel, a: ClippoModel, b: ClippoModel): number {
  let [difference, size] = [0, 0];
  for (const [path, parameter] of start.parameters()) {
    const before = parameter.dataSync();
    const [x, y] = [a.parameters().get(path)!.dataSync(), b.parameters().get(path)!.dataSync()];
    for (let i = 0; i < before.length; i++) {
      difference += (x[i]! - y[i]!) ** 2;
      size += (y[i]! - before[i]!) ** 2;
    }
  }
  return Math.sqrt(difference / size);
}

/** Against PyTorch, whose processes take turns with runs of ours. */
export async function benchTrainingAgainstPytorch(
  variant: Variant,
  pairs: number,
  rounds: number,
  stepsInRow: number,
): Promise<void> {
  const row = { row: 'training step', model: variant, pairs, against: 'PyTorch CPU, AdamW' };
  const training = await compiledTraining(variant, pairs);
  const medians: number[] = [];
  const minima: number[] = [];
  const python = async (): Promise<void> => {
    const args = ['--variant', variant, '--pairs', pairs, '--steps', stepsInRow].map(String);
    const { ms_per_step, min_ms_per_step } = await runPython('train_step.py', args);
    medians.push(Number(ms_per_step));
    minima.push(Number(min_ms_per_step));
  };
  try {
    const { timings, busy } = await takeTurns(
      `training step ${variant}, ${pairs} pairs, and PyTorch`,
      {
        ours: { run: () => training.step(), inRow: stepsInRow + 2 },
        python: { run: python, warmUp: 0, isElsewhere: true },
      },
      rounds,
    );
    const theirs = { ...timing(medians), min: Math.min(...minima) };
    const images = { ours: 2 * pairs, theirs: 2 * pairs };
    printRace(row, { ours: timings.ours, theirs, images, busy }, 2);
  } catch (error) {
    if (!(error instanceof Absent)) throw error;
    print({ ...row, skipped: error.message });
  } finally {
    await training.dispose();
  }
}

/** 3 × forward time over step time, an image each: the share of the forward pass's GFLOP/s that training reaches. */
export async function benchShare(variant: Variant, pairs: number, rounds: number): Promise<void> {
  const training = await compiledTraining(variant, pairs);
  const model = await createModel(variant);
  const images = noise(variant, pairs, 1);
  const forward = await compile(embedOf(model), { runtime: ort, threads: THREADS });
  const { timings, busy } = await takeTurns(
    `share ${variant}`,
    {
      forward: { run: () => compiledValues(forward, images), inRow: 4 },
      step: { run: () => training.step(), inRow: 2 },
    },
    rounds,
  );
  const [forward_ms, step_ms] = [timings.forward.median / pairs, timings.step.median / (2 * pairs)];
  const share = (3 * forward_ms) / step_ms;
  const share_of_minima = (6 * timings.forward.min) / timings.step.min;
  print(
    {
      row: 'training GFLOP/s as a share of forward GFLOP/s',
      model: variant,
      pairs,
      share,
      share_of_minima,
      forward_ms,
      step_ms,
      others_busy: busy,
    },
    { of: share, atLeast: 0.6 },
  );
  await forward.dispose();
  await training.dispose();
  model.dispose();
  images.dispose();
}
