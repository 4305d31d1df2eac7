// The best weights of a training ↔ a file of its run, named after the step at which they were best.

import { npzChunks, parseNpz, toFloat32 } from '../checkpoint/index.ts';
import { CheckpointError } from '../errors.ts';
import type { RunFolder } from './run-folder.ts';
import type { Parameters } from './update.ts';

const BEST = /^best-(\d{9})\.npz$/;

/** Weights by path, apart from any variable. */
export type Weights = ReadonlyMap<string, Float32Array>;

export async function packWeights(
  folder: RunFolder,
  step: number,
  parameters: Parameters,
  weights: Weights,
): Promise<void> {
  const arrays = [...weights].map(
    ([path, data]) => [path, { shape: parameters.get(path)!.shape, data }] as const,
  );
  await folder.write(nameOf(step), npzChunks(arrays));
}

/** @throws CheckpointError for a file that is not there or damaged */
export async function unpackWeights(folder: RunFolder, step: number): Promise<Weights> {
  const name = nameOf(step);
  if (!(await folder.list()).includes(name)) {
    throw new CheckpointError(
      `finetune: ${folder.name} lacks ${name}, the best weights so far. Put it back, or begin anew in another folder.`,
    );
  }
  const arrays = parseNpz(await folder.read(name));
  return new Map([...arrays].map(([path, array]) => [path, toFloat32(array).slice()] as const));
}

/** Removes the weights of all steps but these. */
export async function removeOtherWeights(folder: RunFolder, steps: readonly number[]): Promise<void> {
  for (const name of await folder.list()) {
    const found = BEST.exec(name)?.[1];
    if (found !== undefined && !steps.includes(Number(found))) await folder.remove(name);
  }
}

function nameOf(step: number): string {
  return `best-${String(step).padStart(9, '0')}.npz`;
}
