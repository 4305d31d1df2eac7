// The start value of every parameter, chosen by its path as big_vision's and flax's initialisers do
// (spec §2.3). Each path has a random stream of its own, so a model does not depend on the order of building.

import { createRandom, type Random } from '../random.ts';
import { sizeOf } from '../shape.ts';

/** Gives the values of the parameter at `path`, row-major; called once per parameter. */
export type ParameterSource = (path: string, shape: readonly number[]) => Float32Array;

/** A source of fresh random parameters. */
export function initialValues(seed: number): ParameterSource {
  return (path, shape) => {
    const random = createRandom(seed, path);
    const values = new Float32Array(sizeOf(shape));
    const last = shape[shape.length - 1] ?? 1;

    if (path.endsWith('/scale')) return values.fill(1);
    if (/(pos_embedding|Embed_\d\/embedding)$/.test(path))
      return fillNormal(values, random, 1 / Math.sqrt(last));
    if (path.endsWith('probe')) return fillUniform(values, random, Math.sqrt(6 / (1 + last)));
    if (/Dense_\d\/bias$/.test(path)) return fillNormal(values, random, 1e-6);
    if (path.endsWith('embedding/kernel') || path.endsWith('head/kernel')) {
      return fillLecunNormal(values, random, values.length / last);
    }
    if (path.endsWith('/kernel')) return fillUniform(values, random, Math.sqrt(6 / xavierFans(path, shape)));
    return values; // all other biases, cls
  };
}

/** fan_in + fan_out of the flattened matrix: attention kernels are (D, A, D/A) or (A, D/A, D), so D + D. */
function xavierFans(path: string, shape: readonly number[]): number {
  if (shape.length !== 3) return shape[0]! + shape[1]!;
  const outputs = path.endsWith('/out/kernel') ? shape[2]! : shape[1]! * shape[2]!;
  return outputs + sizeOf(shape) / outputs;
}

function fillNormal(values: Float32Array, random: Random, deviation: number): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = random.normal() * deviation;
  return values;
}

function fillUniform(values: Float32Array, random: Random, limit: number): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = (random.next() * 2 - 1) * limit;
  return values;
}

/** Normal cut off at two deviations and widened so that the variance is 1 / fan_in all the same. */
function fillLecunNormal(values: Float32Array, random: Random, fanIn: number): Float32Array {
  const deviation = Math.sqrt(1 / fanIn) / 0.87962566103423978;
  for (let i = 0; i < values.length; i++) {
    let value = random.normal();
    while (Math.abs(value) > 2) value = random.normal();
    values[i] = value * deviation;
  }
  return values;
}
