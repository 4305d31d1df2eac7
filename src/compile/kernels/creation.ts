// Tensors out of nothing: all of them are known beforehand and become constants.

import { CompileError } from '../../errors.ts';
import type { ConstantData } from '../graph.ts';
import type { KernelTable } from './lowering.ts';

export const creationKernels: KernelTable = {
  Fill({ attributes, build }) {
    const { shape, value, dtype } = attributes;
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
      throw new CompileError(`compile: cannot fill with ${dtype}. Expected float32, int32 or bool.`);
    }
    return build.fill(shape, value, dtype);
  },
  ZerosLike: ({ inputs, build }) => build.fill(inputs.x!.shape, 0, inputs.x!.dtype),
  OnesLike: ({ inputs, build }) => build.fill(inputs.x!.shape, 1, inputs.x!.dtype),
  Range({ attributes, build }) {
    const { start, stop, step, dtype } = attributes;
    // tfjs turns a step of 1 around by itself, and only that one.
    const stride = stop < start && step === 1 ? -1 : step;
    const runsAway = start < stop ? step < 0 : stop < start && step > 1;
    const size = runsAway ? 0 : Math.abs(Math.ceil((stop - start) / step));
    return build.constant(dtype, [size], progression(dtype, size, start, stride));
  },
  LinSpace({ attributes, build }) {
    const { start, stop, num } = attributes;
    const step = (stop - start) / (num - 1);
    return build.constant('float32', [num], progression('float32', num, start, step));
  },
  Multinomial() {
    throw new CompileError(
      'compile: tf.multinomial draws its numbers while it runs, which a graph cannot repeat. Draw outside and hand the result in as an input.',
    );
  },
};

/** Adds the step again and again and rounds each time, as tfjs does. */
function progression(dtype: 'float32' | 'int32', size: number, start: number, step: number): ConstantData {
  const values = dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  if (size > 0) values[0] = start;
  for (let i = 1; i < size; i++) values[i] = values[i - 1]! + step;
  return values;
}
