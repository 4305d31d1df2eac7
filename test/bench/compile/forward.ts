// The forward pass in fp32: compiled, against tfjs wasm on the same program and on a plain one, and against ONNX
// Runtime on the graph that PyTorch exports. All of them look at the same pictures.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type CompiledFunction, compile, type OrtTensor } from '../../../src/compile/index.ts';
import { Absent, runPython } from './partner.ts';
import { print, printRace } from './rows.ts';
import { createModel, embedOf, noise, ort, plainEmbedOf, type Variant } from './tower.ts';
import { progress, THREADS, takeTurns } from './turns.ts';

const LARGEST_DIFFERENCE = 1e-4;
const AGAINST = {
  same: 'tfjs wasm, same program',
  plain: 'tfjs wasm, plain ops',
  exported: 'onnxruntime-node, PyTorch export',
} as const;

export async function benchForward(variant: Variant, batch: number, rounds: number): Promise<void> {
  const title = `forward ${variant}, batch ${batch}`;
  const row = { row: 'forward', model: variant, batch };
  const model = await createModel(variant);
  const images = noise(variant, batch, 1);
  const embed = embedOf(model);
  const plain = plainEmbedOf(model, variant);
  const options = { runtime: ort, threads: THREADS };
  const compiled = await compile(embed, options);
  const [, height, width] = images.shape;
  // A symbolic batch is how ClippoModel runs it.
  const free = await compile(embed, { ...options, inputs: [{ shape: ['batch', height, width, 3] }] });

  const expected = valuesOf(embed, images);
  const differences = {
    compiled: largestDifference(await compiledValues(compiled, images), expected),
    free_batch: largestDifference(await compiledValues(free, images), expected),
    plain: largestDifference(valuesOf(plain, images), expected),
  };
  const worst = Math.max(...Object.values(differences));
  print(
    { ...row, what: 'largest difference of embeddings', ...differences },
    { of: worst, atMost: LARGEST_DIFFERENCE },
  );

  const exported = await openExported(variant, batch, images);
  // Turns of about the same length; those of wasm are long, so the fast ones also meet among themselves.
  const inRow = Math.max(1, Math.round(16 / batch));
  const ours = { run: () => compiledValues(compiled, images), inRow, warmUp: 2 };
  if ('run' in exported) {
    const { timings, busy } = await takeTurns(
      title,
      {
        ours,
        free: { ...ours, run: () => compiledValues(free, images) },
        exported: { ...ours, run: exported.run },
      },
      2 * rounds,
    );
    const race = { theirs: timings.exported, images: { ours: batch, theirs: batch }, busy };
    const against = { ...row, against: AGAINST.exported };
    printRace({ ...against, ours: 'fixed batch' }, { ...race, ours: timings.ours }, 1);
    printRace({ ...against, ours: "dimension 'batch'" }, { ...race, ours: timings.free }, 1);
    await exported.release();
  } else print({ ...row, against: AGAINST.exported, skipped: exported.reason });

  const { timings, busy } = await takeTurns(
    title,
    {
      ours,
      same: { run: () => valuesOf(embed, images), warmUp: 0 },
      plain: { run: () => valuesOf(plain, images), warmUp: 0 },
    },
    rounds,
  );
  const race = { ours: timings.ours, images: { ours: batch, theirs: batch }, busy };
  printRace({ ...row, against: AGAINST.same }, { ...race, theirs: timings.same }, 9);
  printRace({ ...row, against: AGAINST.plain }, { ...race, theirs: timings.plain }, 9);

  await compiled.dispose();
  await free.dispose();
  model.dispose();
  images.dispose();
}

/** A session on PyTorch's graph with the settings compile() uses, or why there is none. */
async function openExported(
  variant: Variant,
  batch: number,
  images: tf.Tensor4D,
): Promise<{ run: () => Promise<OrtTensor>; release: () => Promise<void> } | { reason: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'clippo-bench-'));
  try {
    progress(`exporting ${variant}, batch ${batch}, from PyTorch`);
    const path = join(folder, 'tower.onnx');
    await runPython('export.py', ['--variant', variant, '--batch', String(batch), '--out', path]);
    const session = await ort.InferenceSession.create(readFileSync(path), {
      graphOptimizationLevel: 'all',
      intraOpNumThreads: THREADS,
      logSeverityLevel: 3,
    });
    const feeds = { images: new ort.Tensor('float32', images.dataSync().slice(), images.shape) };
    return {
      run: async () => (await session.run(feeds, { embeddings: null })).embeddings!,
      release: () => session.release(),
    };
  } catch (error) {
    if (error instanceof Absent) return { reason: error.message };
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Embed = (images: tf.Tensor4D) => tf.Tensor2D;

function valuesOf(embed: Embed, images: tf.Tensor4D): Float32Array {
  return tf.tidy(() => embed(images).dataSync<'float32'>());
}

export async function compiledValues(
  embed: CompiledFunction<Embed>,
  images: tf.Tensor4D,
): Promise<Float32Array> {
  const z = await embed(images);
  const values = z.dataSync<'float32'>();
  z.dispose();
  return values;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
